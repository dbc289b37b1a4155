"""A sitting: one volunteer at one desk, from signing in to leaving. It lies on the server; the cookie holds its token alone.

It locks after five minutes without a request and ends after half an hour without one, or after ten hours in any case.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from storage.database import prepare, scrub
from storage.sealing import Keys

IDLE_SECONDS, UNATTENDED_SECONDS, LONGEST_SECONDS = 5 * 60, 30 * 60, 10 * 3600

metadata = sa.MetaData()
SITTINGS = sa.Table(
    "desk_sitting",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("account", sa.String(32), nullable=False, index=True),
    sa.Column("centre", sa.String(64), nullable=False),
    sa.Column("began", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False, index=True),
    sa.Column("locked", sa.Boolean, nullable=False),
)


@dataclass(frozen=True)
class Sitting:
    """One volunteer at one desk. `name` is a keyed hash of the token; times are seconds since 1970."""

    name: str
    account: str
    centre: str
    began: int
    seen: int
    locked: bool


class Sittings:
    """Begins, finds, locks and ends sittings. `when_ended` is told the name of each that ends."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._when_ended: list[Callable[[str], object]] = []
        prepare(engine, metadata)

    def when_ended(self, told: Callable[[str], object]) -> None:
        """Call this with the name of every sitting that ends: what was opened in it is to be erased."""
        self._when_ended.append(told)

    def begin(self, account: str, centre: str) -> str:
        """A new sitting, and its token. Any other of the same account ends: one volunteer sits at one desk."""
        token, now = secrets.token_urlsafe(24), int(self._clock())
        row = {"name": self._keys.name("desk-sitting", token), "account": account, "centre": centre}
        with self._engine.begin() as connection:
            others = self._names(connection, SITTINGS.c.account == account)
            connection.execute(sa.insert(SITTINGS).values(**row, began=now, seen=now, locked=False))
        self.end_names(others)
        return token

    def find(self, token: str | None) -> Sitting | None:
        """The sitting of a token, locked where it was idle; None where there is none or its time is over."""
        if not token:
            return None
        with self._engine.connect() as connection:
            query = sa.select(SITTINGS).where(SITTINGS.c.name.in_(self._keys.names("desk-sitting", token)))
            found = connection.execute(query).first()
        if found is None:
            return None
        now = self._clock()
        if now - found.seen > UNATTENDED_SECONDS or now - found.began > LONGEST_SECONDS:
            self.end_names([found.name])
            return None
        idle = now - found.seen > IDLE_SECONDS
        return Sitting(found.name, found.account, found.centre, found.began, found.seen, bool(found.locked or idle))

    def touch(self, name: str) -> None:
        """Someone is there."""
        self._change(name, seen=int(self._clock()))

    def lock(self, name: str) -> bool:
        """Nothing is shown until it is unlocked; whether it was open before."""
        which = (SITTINGS.c.name == name) & (SITTINGS.c.locked == sa.false())
        with self._engine.begin() as connection:
            return connection.execute(sa.update(SITTINGS).where(which).values(locked=True)).rowcount == 1

    def unlock(self, name: str) -> None:
        """The password was right."""
        self._change(name, locked=False, seen=int(self._clock()))

    def move(self, name: str, centre: str) -> None:
        """The volunteer sits at another centre."""
        self._change(name, centre=centre)

    def end_names(self, names: list[str]) -> None:
        """End these sittings, and tell whoever has something of them."""
        if not names:
            return
        for name in names:
            for told in self._when_ended:
                told(name)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(SITTINGS).where(SITTINGS.c.name.in_(names)))
        scrub(self._engine)

    def end_of(self, account: str) -> None:
        """End every sitting of an account."""
        with self._engine.connect() as connection:
            names = self._names(connection, SITTINGS.c.account == account)
        self.end_names(names)

    def end_unattended(self) -> int:
        """End every sitting that nobody came back to; how many."""
        now = int(self._clock())
        over = (SITTINGS.c.seen < now - UNATTENDED_SECONDS) | (SITTINGS.c.began < now - LONGEST_SECONDS)
        with self._engine.connect() as connection:
            names = self._names(connection, over)
        self.end_names(names)
        return len(names)

    def _names(self, connection: sa.engine.Connection, which: sa.ColumnElement[bool]) -> list[str]:
        return list(connection.execute(sa.select(SITTINGS.c.name).where(which)).scalars())

    def _change(self, name: str, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(SITTINGS).where(SITTINGS.c.name == name).values(**values))
