"""Conversations between turns: one encrypted row each, with an expiry, and nothing of what the person wrote.

Rasa's own stores keep every event with the person's words in clear, one row an event, for ever. RulePolicy needs only
the last turn and the slots, so this store keeps the slots alone: the row does not grow with the conversation, and
one turn is one write. SQLite (WAL) by default, PostgreSQL where the setting names one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from storage.database import engine_for, scrub, upsert
from storage.sealing import Keys, SealError

_HOUR = 3600
# Slots that Rasa sets for itself on each turn.
_OWN = ("requested_slot", "session_started_metadata")

metadata = sa.MetaData()
CONVERSATIONS = sa.Table(
    "tracker",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


class EncryptedTrackerStore(TrackerStore):
    """Rasa's tracker store over one table. The sender id is hashed; it is never stored."""

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
        metadata.create_all(self._engine)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the slots, or erase the row where the conversation asked for that."""
        slots = {name: slot.value for name, slot in tracker.slots.items() if slot.has_been_set and name not in _OWN}
        name = self._keys.name("tracker", tracker.sender_id)
        if not any(slots.values()):
            self._delete([name])
            return
        row = {"name": name, "sealed": self._keys.seal(slots, name), "expires": int(time.time() + self._retention)}
        with self._engine.begin() as connection:
            connection.execute(upsert(self._engine, CONVERSATIONS, row))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with its slots, as if the last turn had just ended; None where there is no row or it expired."""
        names = self._keys.names("tracker", sender_id)
        query = sa.select(CONVERSATIONS.c.name, CONVERSATIONS.c.sealed).where(
            CONVERSATIONS.c.name.in_(names), CONVERSATIONS.c.expires > int(time.time())
        )
        with self._engine.connect() as connection:
            found = {row.name: row.sealed for row in connection.execute(query)}
        for name in names:
            if name in found:
                try:
                    return self._tracker(sender_id, self._keys.open(found[name], name))
                except SealError:
                    # A row that no longer opens is of no use to anyone: the person starts afresh.
                    self._delete([name])
        return None

    async def delete(self, sender_id: str) -> None:
        """Erase every row of this conversation."""
        self._delete(self._keys.names("tracker", sender_id))

    async def keys(self) -> Iterable[str]:
        """No conversation can be listed: their names are hashed."""
        return []

    def _delete(self, names: list[str]) -> None:
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(names))).rowcount
        if gone:
            scrub(self._engine)

    def _tracker(self, sender_id: str, slots: dict[str, Any]) -> DialogueStateTracker:
        started = [ActionExecuted("action_session_start"), SessionStarted()]
        events = [*started, *(SlotSet(name, value) for name, value in slots.items()), ActionExecuted("action_listen")]
        return DialogueStateTracker.from_events(sender_id, events, self.domain.slots, domain=self.domain)
