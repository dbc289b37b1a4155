"""What every store of sealed rows has in common: a row has a name (a keyed hash), a sealed value and an end.

The engine and the web app each make their own tables of this shape; what is done to all of them alike (sweeping, sealing
anew under another key) is done here, to whatever tables a database holds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa

from storage.database import scrub, upsert
from storage.sealing import Keys, SealError

NAME, SEALED, EXPIRES = "name", "sealed", "expires"


def sealed_table(metadata: sa.MetaData, name: str, *more: sa.Column) -> sa.Table:
    """A table of sealed rows. `sequence` counts the writes of a row, so that of two at once one is refused."""
    return sa.Table(
        name,
        metadata,
        sa.Column(NAME, sa.String(64), primary_key=True),
        sa.Column(SEALED, sa.LargeBinary, nullable=False),
        sa.Column(EXPIRES, sa.BigInteger, nullable=False, index=True),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"),
        *more,
    )


def write(engine: sa.engine.Engine, connection: sa.engine.Connection, table: sa.Table, row: dict[str, object]) -> bool:
    """Write a row of a sealed table, the `sequence` it was read with and one; whether it was written. Of two who read the
    same row the later is refused. A row whose time is over counts as none."""
    free = sa.or_(table.c.sequence < row["sequence"], table.c[EXPIRES] <= int(time.time()))
    return bool(connection.execute(upsert(engine, table, row, free)).rowcount)


def tables_of(engine: sa.engine.Engine) -> list[sa.Table]:
    """Every table that a database holds.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it does not answer.
    """
    found = sa.MetaData()
    found.reflect(engine)
    return list(found.sorted_tables)


def erase_expired(engine: sa.engine.Engine, table: sa.Table, now: float | None = None) -> int:
    """Erase the rows whose time is over, on disk too; how many went. `now` (seconds since 1970) is for a clock of one's own."""
    over = table.c[EXPIRES] <= int(time.time() if now is None else now)
    with engine.begin() as connection:
        gone = connection.execute(sa.delete(table).where(over)).rowcount
    if gone:
        scrub(engine)
    return int(gone)


def seal_anew(engine: sa.engine.Engine, keys: Keys) -> tuple[int, int]:
    """Seal every row of a database under the newest key; how many were, and how many do not open with any listed key.

    A row that changes meanwhile is left as it was written: that was done with the newest key already. Rows keep their names.
    """
    done = lost = 0
    for table in tables_of(engine):
        if not {NAME, SEALED} <= set(table.columns.keys()):
            continue
        for name, sealed in _rows(engine, table):
            if not sealed or keys.is_newest(sealed):
                continue
            try:
                anew = keys.seal(keys.open(sealed, name), name)
            except SealError:
                lost += 1
                continue
            same = sa.update(table).where(table.c[NAME] == name, table.c[SEALED] == sealed)
            with engine.begin() as connection:
                done += int(connection.execute(same.values({SEALED: anew})).rowcount)
    if done:
        scrub(engine)
    return done, lost


def _rows(engine: sa.engine.Engine, table: sa.Table, at_once: int = 500) -> Iterator[tuple[str, bytes]]:
    """Name and sealed value of every row, in the order of the names."""
    last = ""
    while True:
        query = sa.select(table.c[NAME], table.c[SEALED]).where(table.c[NAME] > last).order_by(table.c[NAME]).limit(at_once)
        with engine.connect() as connection:
            found = connection.execute(query).all()
        if not found:
            return
        yield from ((row[0], bytes(row[1])) for row in found)
        last = found[-1][0]
