"""The walk-in at one desk: one sealed row a sitting, erased with the conversation when it ends, or is left alone.

It is named by the sitting and by nothing that stands in an address, so that no address opens another's.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from signpost.consent import Consent
from signpost.model import Situation
from signpost.papers import Account, CallBack
from storage.database import prepare, scrub, upsert
from storage.rows import holds_sealed
from storage.sealing import Keys, SealError
from web.console.sittings import UNATTENDED_SECONDS
from web.erasures import Erasures

# What a page shows at most; the person's words for a report are kept apart from it.
KEPT_TURNS = 30

metadata = sa.MetaData()
WALK_INS = sa.Table(
    "desk_walk_in",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)
holds_sealed(WALK_INS)


@dataclass(frozen=True)
class WalkIn:
    """One person beside one volunteer.

    `token` names the conversation to the engine. `language` is the person's, `volunteer_language` the volunteer's.
    `turns` is what the page shows: `{"who": "person" | "volunteer", "text": ...}` or `{"person": blocks, "volunteer":
    blocks}`. `routes` are the ways to report that were chosen, `danger` the stop screen that is up or None, `code` the
    receipt that was made, `referral` the name of what was put in the queue.
    """

    token: str
    language: str
    volunteer_language: str = "en"
    under_16: bool = False
    situation: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[dict[str, Any], ...] = ()
    account: Mapping[str, Any] = field(default_factory=dict)
    routes: tuple[str, ...] = ()
    call: Mapping[str, Any] | None = None
    consent: tuple[dict[str, Any], ...] = ()
    asked: bool = False
    code: str = ""
    referral: str = ""
    unsent: bool = False
    danger: str | None = None
    was_in_danger: bool = False

    def with_(self, **changes: Any) -> WalkIn:
        """A copy with these fields changed, no more turns than a page shows."""
        changed = replace(self, **changes)
        return replace(changed, turns=changed.turns[-KEPT_TURNS:])

    @property
    def known(self) -> Situation:
        """What is known of the conversation so far, in the person's language."""
        situation = Situation.from_json(dict(self.situation)).with_(channel="volunteer", locale=self.language)
        return situation.with_(age=15) if self.under_16 and situation.age is None else situation

    @property
    def told(self) -> Account:
        """What was told, for a report."""
        return Account(**{**self.account, "words": tuple(self.account.get("words", ())), "notes": tuple(self.account.get("notes", ()))})

    @property
    def call_back(self) -> CallBack | None:
        """The call that was asked for."""
        return CallBack(**self.call) if self.call else None

    @property
    def agreed(self) -> Consent:
        """Every answer about what may leave."""
        return Consent.from_json(self.consent)


def begin(language: str, volunteer_language: str, under_16: bool) -> WalkIn:
    """A new walk-in, of which nothing is known."""
    return WalkIn(secrets.token_urlsafe(24), language, volunteer_language, under_16)


class WalkIns:
    """Keeps, finds and erases. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, erasures: Erasures, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._keys = keys
        self._erasures = erasures
        self._clock = clock
        prepare(engine, metadata)

    def find(self, sitting: str) -> WalkIn | None:
        """The walk-in of a sitting (its name); None where there is none or it was left alone too long."""
        query = sa.select(WALK_INS).where(WALK_INS.c.name == self._name(sitting))
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        walk_in = self._opened(found)
        if walk_in is None or found.expires <= self._clock():
            self.erase(sitting)
            return None
        return walk_in

    def hold(self, sitting: str, connection: sa.engine.Connection) -> WalkIn | None:
        """The walk-in of a sitting as it is now: nobody else changes it until the transaction of this connection ends."""
        found = connection.execute(sa.select(WALK_INS).where(WALK_INS.c.name == self._name(sitting)).with_for_update()).first()
        return self._opened(found) if found is not None else None

    def keep(self, sitting: str, walk_in: WalkIn, connection: sa.engine.Connection | None = None) -> None:
        """Write a walk-in, beside what else is written in a connection where one is given; its time begins anew."""
        name = self._name(sitting)
        row = {
            "name": name,
            "sealed": self._keys.seal(dataclasses.asdict(walk_in), name),
            "expires": int(self._clock() + UNATTENDED_SECONDS),
        }
        statement = upsert(self._engine, WALK_INS, row)
        if connection is not None:
            connection.execute(statement)
            return
        with self._engine.begin() as own:
            own.execute(statement)

    def erase(self, sitting: str) -> None:
        """Erase the walk-in of a sitting, on disk and in the engine too. Nothing happens where there is none."""
        self._erase(WALK_INS.c.name == self._name(sitting))

    def erase_unattended(self) -> int:
        """Erase every walk-in that was left alone; how many."""
        return self._erase(WALK_INS.c.expires <= int(self._clock()))

    def _erase(self, which: sa.ColumnElement[bool]) -> int:
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(WALK_INS).where(which)).all()
        if not found:
            return 0
        # Ours goes first: an engine that is silent must not keep this row alive.
        with self._engine.begin() as connection:
            connection.execute(sa.delete(WALK_INS).where(WALK_INS.c.name.in_([row.name for row in found])))
        scrub(self._engine)
        for row in found:
            if (walk_in := self._opened(row)) is not None:
                self._erasures.erase(walk_in.token)
        return len(found)

    def _opened(self, row: Any) -> WalkIn | None:
        try:
            fields = self._keys.open(row.sealed, row.name)
        except SealError:
            return None
        return WalkIn(**{**fields, **{key: tuple(fields[key]) for key in ("turns", "routes", "consent")}})

    def _name(self, sitting: str) -> str:
        # The sitting's name is a keyed hash already and is never shown.
        return sitting
