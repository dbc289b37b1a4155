"""Lets the turns of one conversation through one at a time, in the order in which they came.

In this process by default; over Redis, among any number of processes, where an address is given. Whoever dies while it
is their turn holds the others up for `LEASE_SECONDS` at most. A Redis that is down costs nobody the answer: then each
process keeps its own order, and the stores refuse the older of two writes.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

# A turn takes two seconds and a little at most.
LEASE_SECONDS = 4.0
PAUSES = (0.005, 0.01, 0.02, 0.03)
# How long a Redis may take, and how long it is left alone when it did not answer.
REDIS_SECONDS, REST_SECONDS = 0.3, 2.0

# The line holds tickets in order of arrival; `alive` says until when each is still wanted. What is not wanted any more
# and stands in front goes. Time is the server's own, the same for all.
_STAND = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local line, alive, ticket = KEYS[1], KEYS[2], ARGV[1]
if not redis.call('ZSCORE', line, ticket) then
  local last = redis.call('ZREVRANGE', line, 0, 0, 'WITHSCORES')[2] or '0'
  redis.call('ZADD', line, tonumber(last) + 1, ticket)
end
redis.call('HSET', alive, ticket, now + tonumber(ARGV[2]))
redis.call('PEXPIRE', line, 60000)
redis.call('PEXPIRE', alive, 60000)
while true do
  local head = redis.call('ZRANGE', line, 0, 0)[1]
  if head == ticket then return 1 end
  if tonumber(redis.call('HGET', alive, head) or '0') >= now then return 0 end
  redis.call('ZREM', line, head)
  redis.call('HDEL', alive, head)
end
"""


class Turnstile:
    """One per process. `name` is a keyed hash of the conversation: it is written to Redis.

    `room` keeps apart what holds the same conversation at the same time: the web app holds it while the engine does.
    """

    def __init__(self, room: str, redis_url: str = "") -> None:
        self._room = room
        self._lines: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()
        self._resting_until = 0.0
        self._redis: Any = None
        if redis_url:
            self._redis = redis.Redis.from_url(redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
            self._stand = self._redis.register_script(_STAND)

    def stand(self, name: str, ticket: str) -> bool:
        """Stand in line with this ticket, or go on standing; whether it is its turn now."""
        if self._asks_redis():
            try:
                return bool(self._stand(keys=self._keys(name), args=[ticket, int(LEASE_SECONDS * 1000)]))
            except redis.RedisError:
                self._resting_until = time.monotonic() + REST_SECONDS
        now = time.monotonic()
        with self._lock:
            line = self._lines.setdefault(name, {})
            line[ticket] = now + LEASE_SECONDS
            for first, until in list(line.items()):
                if first == ticket:
                    return True
                if until >= now:
                    return False
                del line[first]
        return True

    def leave(self, name: str, ticket: str) -> None:
        """Let the next one through."""
        with self._lock:
            line = self._lines.get(name, {})
            line.pop(ticket, None)
            if not line:
                self._lines.pop(name, None)
        if self._asks_redis():
            line_key, alive_key = self._keys(name)
            try:
                with self._redis.pipeline() as both:
                    both.zrem(line_key, ticket).hdel(alive_key, ticket).execute()
            except redis.RedisError:
                self._resting_until = time.monotonic() + REST_SECONDS

    @contextmanager
    def held(self, name: str, wait_seconds: float) -> Iterator[bool]:
        """Wait for one's turn, at most so long; whether it came. Who gets False goes on too: everyone is answered."""
        ticket, until, tries = new_ticket(), time.monotonic() + wait_seconds, 0
        mine = self.stand(name, ticket)
        try:
            while not mine and time.monotonic() < until:
                time.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
                mine = self.stand(name, ticket)
            yield mine
        finally:
            self.leave(name, ticket)

    def _asks_redis(self) -> bool:
        return self._redis is not None and time.monotonic() >= self._resting_until

    def _keys(self, name: str) -> list[str]:
        # The braces keep both on one node of a cluster.
        return [f"turn:{self._room}:{{{name}}}", f"turn:{self._room}:{{{name}}}:alive"]


def new_ticket() -> str:
    """A ticket that nobody else has."""
    return secrets.token_hex(8)
