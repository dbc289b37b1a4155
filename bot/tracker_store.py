"""Conversations between turns: one encrypted row each, with an expiry, and nothing of what the person wrote.

Rasa's own stores keep every event with the person's words in clear, one row an event, for ever. RulePolicy needs only
the last turn and the slots, so this store keeps the slots alone: the row does not grow with the conversation, and
one turn is one write. SQLite (WAL) by default, PostgreSQL where the setting names one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from storage.database import engine_for, prepare, scrub
from storage.rows import sealed_table, write
from storage.sealing import Keys, SealError

log = structlog.get_logger()
Kept = TypeVar("Kept")
_HOUR = 3600
# Slots that Rasa sets for itself on each turn.
_OWN = ("requested_slot", "session_started_metadata")

metadata = sa.MetaData()
CONVERSATIONS = sealed_table(metadata, "tracker")


class EncryptedTrackerStore(TrackerStore):
    """Rasa's tracker store over one table. The sender id is hashed; it is never stored.

    A database that is down costs nobody the answer: the web app sends the situation along with every message, so what is
    not remembered here is known there.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        # So Rasa hands over what endpoints.yml calls `url`.
        host: str = "sqlite:///.state/tracker.db",
        **kwargs: Any,
    ) -> None:
        super().__init__(domain or Domain.empty(), event_broker)
        self._keys = Keys.from_text(os.environ["SECRET_KEY"])
        self._retention = float(os.environ.get("RETENTION_HOURS_SMS") or 72) * _HOUR
        self._engine = engine_for(host)
        prepare(self._engine, metadata)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the slots, or erase the row where the conversation asked for that.

        Of two engines that read the same row, the one that writes later is refused: what it knew is in the web app's row.
        """
        slots = {name: slot.value for name, slot in tracker.slots.items() if slot.has_been_set and name not in _OWN}
        names = self._keys.names("tracker", tracker.sender_id)
        if not any(slots.values()):
            await self._ask(lambda: self._delete(names))
            return
        row = {
            "name": names[0],
            "sealed": self._keys.seal(slots, names[0]),
            "expires": int(time.time() + self._retention),
            "sequence": getattr(tracker, "sequence", 0) + 1,
        }
        await self._ask(lambda: self._write(row, names[1:]))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its slots, as if the last turn had just ended; None where there is no row, or it expired, or the
        database is down."""
        names = self._keys.names("tracker", sender_id)
        found = await self._ask(lambda: self._read(names)) or {}
        for name in names:
            if name in found:
                sealed, sequence = found[name]
                try:
                    return self._tracker(sender_id, self._keys.open(sealed, name), sequence)
                except SealError:
                    # A row that no longer opens is of no use to anyone: the person starts afresh.
                    await self._ask(lambda: self._delete([name]))  # noqa: B023  it is awaited in this round
        return None

    async def delete(self, sender_id: str) -> bool:
        """Erase every row of this conversation; whether the database did."""
        names = self._keys.names("tracker", sender_id)
        return bool(await self._ask(lambda: self._delete(names)))

    async def keys(self) -> Iterable[str]:
        """No conversation can be listed: their names are hashed."""
        return []

    async def _ask(self, what: Callable[[], Kept]) -> Kept | None:
        """Ask the database; None where it is down. PostgreSQL is asked beside the event loop, so that one that hangs holds
        up nobody else's turn; a SQLite file answers sooner than a thread starts."""
        try:
            if self._engine.dialect.name == "postgresql":
                return await asyncio.to_thread(what)
            return what()
        except sa.exc.SQLAlchemyError as error:
            log.error("store.silent", kind=type(error).__name__)
            return None

    def _read(self, names: list[str]) -> dict[str, tuple[bytes, int]]:
        query = sa.select(CONVERSATIONS.c.name, CONVERSATIONS.c.sealed, CONVERSATIONS.c.sequence).where(
            CONVERSATIONS.c.name.in_(names), CONVERSATIONS.c.expires > int(time.time())
        )
        with self._engine.connect() as connection:
            return {row.name: (bytes(row.sealed), row.sequence) for row in connection.execute(query)}

    def _write(self, row: dict[str, Any], older: list[str]) -> None:
        with self._engine.begin() as connection:
            if not write(self._engine, connection, CONVERSATIONS, row):
                log.warning("tracker.overtaken")
            if older:
                connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(older)))

    def _delete(self, names: list[str]) -> bool:
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(names))).rowcount
        if gone:
            scrub(self._engine)
        return True

    def _tracker(self, sender_id: str, slots: dict[str, Any], sequence: int) -> DialogueStateTracker:
        started = [ActionExecuted("action_session_start"), SessionStarted()]
        events = [*started, *(SlotSet(name, value) for name, value in slots.items()), ActionExecuted("action_listen")]
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots, domain=self.domain)
        tracker.sequence = sequence
        return tracker


def unwrapped(store: Any) -> EncryptedTrackerStore:
    """This store inside Rasa's own wrappers, which know nothing of erasing.

    Raises:
        TypeError: `endpoints.yml` names another store.
    """
    while not isinstance(store, EncryptedTrackerStore):
        store = getattr(store, "_tracker_store", None)
        if store is None:
            raise TypeError("The tracker store must be bot.tracker_store.EncryptedTrackerStore: another cannot erase.")
    return store
