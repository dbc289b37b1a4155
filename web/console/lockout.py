"""How often a name may be tried. Each failure after the first few makes the next wait longer, whoever asks.

A name that nobody has is counted like one that somebody has, so that waiting tells nothing about who works here. A try
is counted before it is judged: a hundred at once are a hundred tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import sqlalchemy as sa

from storage.database import insert_new, prepare
from storage.rows import erase_expired
from storage.sealing import Keys

# Wrong codes happen to tired people: four are free. Then half a minute, doubled each time, a quarter of an hour at most.
FREE_TRIES, FIRST_WAIT, LONGEST_WAIT = 4, 30, 15 * 60
FORGOTTEN_AFTER = 24 * 3600

metadata = sa.MetaData()
TRIES = sa.Table(
    "desk_try",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


def wait_after(failures: int) -> int:
    """Seconds to wait after so many failures in a row."""
    if failures <= FREE_TRIES:
        return 0
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - FREE_TRIES - 1, 16))


class Lockout:
    """Counts tries by name. `clock` is for tests."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        prepare(engine, metadata)

    def wait(self, who: str) -> int:
        """Count a try; how many seconds it has to wait instead, 0 when it may go on."""
        name, now = self._keys.name("desk-try", who), int(self._clock())
        with self._engine.begin() as connection:
            connection.execute(sa.delete(TRIES).where(TRIES.c.name == name, TRIES.c.expires <= now))
            found = connection.execute(sa.select(TRIES).where(TRIES.c.name == name)).first()
            if found is not None and found.until > now:
                return int(found.until) - now
            failures = (found.failures if found else 0) + 1
            row = {"failures": failures, "until": now + wait_after(failures), "expires": now + FORGOTTEN_AFTER}
            if found is None:
                counted = connection.execute(insert_new(self._engine, TRIES, {"name": name, **row}))
            else:
                same = (TRIES.c.name == name) & (TRIES.c.failures == found.failures)
                counted = connection.execute(sa.update(TRIES).where(same).values(**row))
            # Someone else tried in the same moment.
            return 0 if counted.rowcount == 1 else 1

    def clear(self, who: str) -> None:
        """The try was right: forget those before it."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(TRIES).where(TRIES.c.name.in_(self._keys.names("desk-try", who))))

    def forget_old(self) -> int:
        """Erase what is older than a day; how many rows went."""
        return erase_expired(self._engine, TRIES, self._clock())
