"""Which parts answer: the stores, the queue, the engines, the action servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
import requests
import sqlalchemy as sa

from storage.settings import Settings
from storage.turnstile import REDIS_SECONDS
from web.gateway import CONNECT_SECONDS, Gateway

# A part that does not say that it is well within this is not well.
SECONDS = 1.0


@dataclass(frozen=True)
class Parts:
    """What is asked."""

    settings: Settings
    gateway: Gateway
    engine: sa.engine.Engine


def readiness(parts: Parts) -> Mapping[str, str]:
    """Each part by name: `ok`, `partly` where some of several answer, or `silent`."""
    return {
        "engine": _of(parts.gateway.ready()),
        "actions": _of([_actions(url) for url in parts.settings.actions_url.split(",") if url.strip()]),
        "store": _of([_store(parts.engine)]),
        "queue": _of([_queue(parts.settings.redis_url)]),
    }


def _of(answers: list[bool]) -> str:
    return "ok" if all(answers) else "partly" if any(answers) else "silent"


def _actions(url: str) -> bool:
    address = urlsplit(url.strip())
    try:
        return requests.get(f"{address.scheme}://{address.netloc}/health", timeout=(CONNECT_SECONDS, SECONDS)).ok
    except requests.RequestException:
        return False


def _store(engine: sa.engine.Engine) -> bool:
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def _queue(redis_url: str) -> bool:
    """The queue is a file where there is no Redis, and a file is there."""
    if not redis_url:
        return True
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS) as asked:
            return bool(asked.ping())
    except redis.RedisError:
        return False
