"""What has had its time is erased, and what did not get done is done: every few minutes, in the queue worker."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from redis import RedisError

from storage.rows import erase_expired, sealed_table
from web.erasures import Erasures
from web.logs import log
from web.public.sms_store import SmsStore
from web.store import ConversationStore

# The engine's table. The engine makes it; where it was never started there is none.
TRACKER = sealed_table(sa.MetaData(), "tracker")
# What a queue raises that does not answer, in Redis or in its file.
QUEUE_SILENT = (RedisError, sqlite3.Error)
# A text whose job was lost (a worker or the queue died) is put in the queue again, but not one that comes so late that it
# comes at a bad time.
LOST_AFTER_SECONDS, LATE_AFTER_SECONDS = 180.0, 900.0


@dataclass(frozen=True)
class Sweeper:
    """Every store of this service, the engine, and the queue. `deliver` puts the name of a text in the queue; each of `more`
    erases what has had its time elsewhere and says how many rows went."""

    conversations: ConversationStore
    texts: SmsStore
    tracker: sa.engine.Engine
    erasures: Erasures
    deliver: Callable[[str], object]
    more: tuple[Callable[[], int], ...] = ()

    def sweep(self) -> int:
        """One round; how many rows went. A part that is down does not keep the others waiting."""
        gone = 0
        own = (self.conversations.erase_expired, self.texts.erase_expired, self._tracker, self._texts)
        # What the others put off for a silent engine is asked for last.
        for part in (*own, *self.more, self.erasures.erase_expired, self.erasures.catch_up):
            try:
                gone += part()
            except sa.exc.SQLAlchemyError as error:
                log.error("store.silent", kind=type(error).__name__)
            except QUEUE_SILENT as error:
                log.error("queue.silent", kind=type(error).__name__)
        return gone

    def _tracker(self) -> int:
        return erase_expired(self.tracker, TRACKER) if sa.inspect(self.tracker).has_table(TRACKER.name) else 0

    def _texts(self) -> int:
        given_up = self.texts.give_up(LATE_AFTER_SECONDS)
        for name in self.texts.lost(LOST_AFTER_SECONDS):
            self.deliver(name)
        return given_up
