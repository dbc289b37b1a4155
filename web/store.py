"""Web conversations between requests: one encrypted row each, with an expiry.

The row holds the situation (so that the core can answer alone) and the blocks of the page (so that the chat works
without JavaScript). Its name is a keyed hash of the conversation's token; the token itself is never stored.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from storage.database import engine_for, scrub, upsert
from storage.sealing import Keys, SealError

# What a page shows at most: older turns scroll away, and the row stays small.
KEPT_TURNS = 30

metadata = sa.MetaData()
CONVERSATIONS = sa.Table(
    "conversation",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


@dataclass(frozen=True)
class Conversation:
    """One conversation as the web app knows it. `turns` holds what was said: `{"you": text}` or `{"reply": blocks}`."""

    token: str
    locale: str | None = None
    situation: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)

    def with_(self, **changes: Any) -> Conversation:
        """A copy with these fields changed, no more turns than a page shows."""
        changed = replace(self, **changes)
        return replace(changed, turns=changed.turns[-KEPT_TURNS:])


def new_token() -> str:
    """A token nobody can guess (192 bits)."""
    return secrets.token_urlsafe(24)


class ConversationStore:
    """Keeps, finds and erases conversations. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, url: str, keys: Keys, retention_hours: float) -> None:
        self._engine = engine_for(url)
        self._keys = keys
        self._retention = retention_hours * 3600
        metadata.create_all(self._engine)

    @property
    def engine(self) -> sa.engine.Engine:
        """The database behind it, for the other tables of the web app."""
        return self._engine

    def find(self, token: str) -> Conversation | None:
        """The conversation of a token; None where there is none or its time is over."""
        names = self._keys.names("web", token)
        query = sa.select(CONVERSATIONS.c.name, CONVERSATIONS.c.sealed).where(
            CONVERSATIONS.c.name.in_(names), CONVERSATIONS.c.expires > int(time.time())
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        try:
            return Conversation(token, **self._keys.open(found.sealed, found.name))
        except SealError:
            self.erase(token)
            return None

    def keep(self, conversation: Conversation) -> None:
        """Write a conversation; its time begins anew."""
        name = self._keys.name("web", conversation.token)
        value = {key: item for key, item in asdict(conversation).items() if key != "token"}
        row = {"name": name, "sealed": self._keys.seal(value, name), "expires": int(time.time() + self._retention)}
        with self._engine.begin() as connection:
            connection.execute(upsert(self._engine, CONVERSATIONS, row))

    def erase(self, token: str) -> None:
        """Erase a conversation, on disk too."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(self._keys.names("web", token))))
        scrub(self._engine)

    def erase_expired(self) -> int:
        """Erase everything whose time is over; how many rows went."""
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.expires <= int(time.time()))).rowcount
        if gone:
            scrub(self._engine)
        return gone
