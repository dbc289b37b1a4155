"""What Prometheus reads, on a private port: counts, durations and depths. Never an id, a word, a number or an address.

Labels have few values and all of them are listed here or in the vocabulary of the core. Several worker processes write
into files of one folder (`PROMETHEUS_MULTIPROC_DIR`, set in `deploy/gunicorn.py`); whoever asks gets the sum.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock
from wsgiref.simple_server import WSGIServer

import redis
import sqlalchemy as sa
from huey.exceptions import HueyException
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from signpost.knowledge import stale_entries
from storage.settings import Settings
from web.gateway import facts_of
from web.jobs import queue_of
from web.logs import log
from web.readiness import Parts, readiness

STEPS = (0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 3.0, 5.0, 10.0)

turns = Counter("signpost_turns", "Messages answered", ["channel", "risk", "degraded"])
turn_seconds = Histogram("signpost_turn_seconds", "From a message to its answer", ["channel"], buckets=STEPS)
refused = Counter("signpost_refused", "Requests refused", ["why"])
faults = Counter("signpost_faults", "Faults of ours", ["where"])


class _Now(Collector):
    """What is looked up when it is asked for."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._lock = Lock()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Depth of the queue, facts past their review, and which parts answer (1, some 0.5, none 0)."""
        with self._lock:
            today = dt.datetime.now(dt.timezone.utc).date()
            stale = GaugeMetricFamily("signpost_stale_facts", "Entries of the knowledge past their review date")
            stale.add_metric([], sum(1 for _ in stale_entries(facts_of(self._settings.place), today)))
            yield stale
            waiting = GaugeMetricFamily("signpost_queue_depth", "Jobs that wait")
            with suppress(redis.RedisError, sa.exc.SQLAlchemyError, HueyException, OSError):
                queue = queue_of(self._settings)
                waiting.add_metric([], queue.pending_count() + queue.scheduled_count())
            yield waiting
            up = GaugeMetricFamily("signpost_part_up", "Whether a part answers", labels=["part"])
            for part, state in readiness(self._parts).items():
                up.add_metric([part], {"ok": 1.0, "partly": 0.5}.get(state, 0.0))
            yield up


def serve(settings: Settings, parts: Parts) -> WSGIServer | None:
    """Answer on the private port until the process ends; None where METRICS_PORT is 0 or the port is taken."""
    if not settings.metrics_port:
        return None
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for family in (turns, turn_seconds, refused, faults):
            registry.register(family)
    registry.register(_Now(settings, parts))
    try:
        server, _ = start_http_server(settings.metrics_port, settings.metrics_host, registry)
    except OSError as error:
        log.error("metrics.port_taken", kind=type(error).__name__)
        return None
    return server
