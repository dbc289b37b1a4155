"""Web conversations between requests: one encrypted row each, with an expiry.

The row holds the situation (so that the core can answer alone) and the blocks of the page (so that the chat works
without JavaScript). Its name is a keyed hash of the conversation's token; the token itself is never stored.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, fields, replace
from typing import Any

import sqlalchemy as sa

from signpost.model import Situation, worse
from storage.database import engine_for, prepare, scrub
from storage.rows import erase_expired, sealed_table, write
from storage.sealing import Keys, SealError

# What a page shows at most: older turns scroll away, and the row stays small.
KEPT_TURNS = 30
# How often a write is tried when others write to the same conversation.
TRIES = 20

metadata = sa.MetaData()
CONVERSATIONS = sealed_table(metadata, "conversation")


@dataclass(frozen=True)
class Conversation:
    """One conversation as the web app knows it. `turns` holds what was said: `{"you": text}` or `{"reply": blocks}`.

    `attempt` marks the request that was answered last, so that one that a proxy sends again is not said twice. `sequence`
    counts the writes of its row; 0 where none was read.
    """

    token: str
    locale: str | None = None
    situation: dict[str, Any] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)
    attempt: str = ""
    sequence: int = 0

    def with_(self, **changes: Any) -> Conversation:
        """A copy with these fields changed, no more turns than a page shows."""
        changed = replace(self, **changes)
        return replace(changed, turns=changed.turns[-KEPT_TURNS:])

    def after(self, other: Conversation, said: int) -> Conversation:
        """This conversation as it is when another wrote meanwhile: `said` of its turns come after all of the other's, and
        nothing that either knows is forgotten."""
        mine, theirs = Situation.from_json(self.situation), Situation.from_json(other.situation)
        joined = mine.with_(
            issues=_union(mine.issues, theirs.issues),
            strands=_union(mine.strands, theirs.strands),
            refused_issues=_union(mine.refused_issues, theirs.refused_issues),
            refused_strands=_union(mine.refused_strands, theirs.refused_strands),
            communities=_union(mine.communities, theirs.communities),
            cues=_union(mine.cues, theirs.cues),
            asked=_union(theirs.asked, mine.asked),
            risk=worse(mine.risk, theirs.risk),
            area=mine.area or theirs.area,
            age=theirs.age if mine.age is None else mine.age,
            gender=mine.gender or theirs.gender,
            tenure=mine.tenure or theirs.tenure,
            who=mine.who or theirs.who,
            for_someone_else=mine.for_someone_else or theirs.for_someone_else,
            repeated=mine.repeated or theirs.repeated,
            turns=max(mine.turns, theirs.turns + 1),
        )
        turns = [*other.turns, *self.turns[len(self.turns) - said :]]
        return self.with_(situation=joined.as_json(), turns=turns, sequence=other.sequence)


def _union(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *then)))


def new_token() -> str:
    """A token nobody can guess (192 bits)."""
    return secrets.token_urlsafe(24)


class ConversationStore:
    """Keeps, finds and erases conversations. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, url: str, keys: Keys, retention_hours: float) -> None:
        self._engine = engine_for(url)
        self._keys = keys
        self._retention = retention_hours * 3600
        prepare(self._engine, metadata)

    @property
    def engine(self) -> sa.engine.Engine:
        """The database behind it, for the other tables of the web app."""
        return self._engine

    def find(self, token: str) -> Conversation | None:
        """The conversation of a token; None where there is none or its time is over."""
        names = self._keys.names("web", token)
        query = sa.select(CONVERSATIONS.c.name, CONVERSATIONS.c.sealed, CONVERSATIONS.c.sequence).where(
            CONVERSATIONS.c.name.in_(names), CONVERSATIONS.c.expires > int(time.time())
        )
        with self._engine.connect() as connection:
            found = {row.name: row for row in connection.execute(query)}
        row = next((found[name] for name in names if name in found), None)
        if row is None:
            return None
        try:
            kept = self._keys.open(bytes(row.sealed), row.name)
            return Conversation(token, **{**kept, "sequence": row.sequence if row.name == names[0] else 0})
        except (SealError, TypeError):
            self.erase(token)
            return None

    def keep(self, conversation: Conversation, said: int = 0) -> Conversation:
        """Write a conversation as it is; its time begins anew. `said` of its turns are new: where another process wrote
        since this conversation was read, they come after what that one wrote. What an older key named goes."""
        name, *older = self._keys.names("web", conversation.token)
        for _ in range(TRIES):
            # Not `asdict`, which would copy every block of the page.
            value = {item.name: getattr(conversation, item.name) for item in fields(conversation) if item.name not in ("token", "sequence")}
            row = {
                "name": name,
                "sealed": self._keys.seal(value, name),
                "expires": int(time.time() + self._retention),
                "sequence": conversation.sequence + 1,
            }
            with self._engine.begin() as connection:
                written = write(self._engine, connection, CONVERSATIONS, row)
                if written and older:
                    connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(older)))
            if written:
                return replace(conversation, sequence=conversation.sequence + 1)
            other = self.find(conversation.token)
            if other is not None:
                conversation = conversation.after(other, said)
        return conversation

    def erase(self, token: str) -> None:
        """Erase a conversation, on disk too."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(CONVERSATIONS).where(CONVERSATIONS.c.name.in_(self._keys.names("web", token))))
        scrub(self._engine)

    def erase_expired(self) -> int:
        """Erase everything whose time is over; how many rows went."""
        return erase_expired(self._engine, CONVERSATIONS)
