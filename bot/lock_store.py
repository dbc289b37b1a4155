"""Rasa's lock store over the project's turnstile: in this process, or over Redis where `REDIS_URL` is set.

Rasa's own Redis lock store reads, changes and writes a list of tickets in three steps, so two servers can be given the
same one; it asks once a second, and a server that dies leaves its conversation locked for a minute.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockStore
from rasa.utils.endpoints import EndpointConfig

from storage.turnstile import LEASE_SECONDS, PAUSES, Turnstile, new_ticket


class TurnLockStore(LockStore):
    """Holds one conversation for one message at a time, among all engines that share a Redis."""

    def __init__(self, endpoint_config: EndpointConfig | None = None) -> None:
        redis_url = os.environ.get("REDIS_URL", "")
        self._turnstile = Turnstile("engine", redis_url)
        # Redis is asked beside the event loop, so that one that hangs holds up nobody else's turn.
        self._beside = bool(redis_url)

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LEASE_SECONDS, wait_time_in_seconds: float = PAUSES[-1]
    ) -> AsyncGenerator[TicketLock, None]:
        """Wait for this conversation's turn. After `lock_lifetime` seconds the message is handled all the same: the tracker
        store refuses the older of two writes, and nobody is left without an answer."""
        ticket, until, tries = new_ticket(), time.monotonic() + lock_lifetime, 0
        try:
            while not await self._stand(conversation_id, ticket) and time.monotonic() < until:
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
            yield TicketLock(conversation_id)
        finally:
            if self._beside:
                await asyncio.to_thread(self._turnstile.leave, conversation_id, ticket)
            else:
                self._turnstile.leave(conversation_id, ticket)

    async def _stand(self, conversation_id: str, ticket: str) -> bool:
        if self._beside:
            return await asyncio.to_thread(self._turnstile.stand, conversation_id, ticket)
        return self._turnstile.stand(conversation_id, ticket)
