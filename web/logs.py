"""Structured logs: codes, kinds, counts and durations. Never words, numbers, names, tokens or addresses."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

log = structlog.get_logger()
# The only keys a log line may have. Anything else is left out, whoever wrote it.
ALLOWED = {
    "event", "level", "timestamp", "kind", "status", "path", "channel", "risk", "degraded", "milliseconds", "locale",
    "code", "count", "queue", "part", "method",
}  # fmt: skip


def _only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED}


def set_up() -> None:
    """One JSON object a line on standard output; libraries only from warnings up, without their request lines."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    for noisy in ("urllib3", "twilio", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
