"""What every store of sealed rows has in common: a row has a name (a keyed hash), a sealed value and an end.

The engine and the web app each make their own tables of this shape; what is done to all of them alike (sweeping, sealing
anew under another key) is done here, to whatever tables a database holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage.database import scrub, upsert
from storage.sealing import Keys, SealError

NAME, SEALED, EXPIRES = "name", "sealed", "expires"
# What `write` compares the row that is there with.
_BEFORE, _NOW = "sequence_before", "this_second"
Keyed = Callable[[Keys, Any], dict[str, str]]


@dataclass(frozen=True)
class _Sealed:
    """How a table holds sealed values in its column `sealed`."""

    key: str
    word: str
    keyed: Keyed | None

    def bound_to(self, key: Any) -> str:
        return self.word or str(key)


# Every table that holds sealed values, by name. Whoever makes one says so: nothing else is sealed anew under another key.
_SEALED: dict[str, _Sealed] = {}


def holds_sealed(table: sa.Table, key: str = NAME, word: str = "", keyed: Keyed | None = None) -> sa.Table:
    """Say that the column `sealed` of a table holds sealed values. The table itself comes back.

    Each is bound to the `key` of its row, as text, or to one `word` in all of them. `keyed` makes, of keys and what is
    sealed, those columns that are keyed hashes of it: they are written anew with it, so that the newest key finds the row.
    """
    _SEALED[table.name] = _Sealed(key, word, keyed)
    return table


def sealed_table(metadata: sa.MetaData, name: str, *more: sa.Column) -> sa.Table:
    """A table of sealed rows. `sequence` counts the writes of a row, so that of two at once one is refused."""
    table = sa.Table(
        name,
        metadata,
        sa.Column(NAME, sa.String(64), primary_key=True),
        sa.Column(SEALED, sa.LargeBinary, nullable=False),
        sa.Column(EXPIRES, sa.BigInteger, nullable=False, index=True),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"),
        *more,
    )
    return holds_sealed(table)


def write(engine: sa.engine.Engine, connection: sa.engine.Connection, table: sa.Table, row: dict[str, object]) -> bool:
    """Write a row of a sealed table, the `sequence` it was read with and one; whether it was written. Of two who read the
    same row the later is refused. A row whose time is over counts as none."""
    about = {**row, _BEFORE: row["sequence"], _NOW: int(time.time())}
    return bool(connection.execute(_writing(engine, table, tuple(row)), about).rowcount)


@lru_cache(maxsize=64)
def _writing(engine: sa.engine.Engine, table: sa.Table, columns: tuple[str, ...]) -> Any:
    """The statement of `write`, ready to run: SQLAlchemy makes one that replaces rows anew each time, which took longer than
    the writing itself."""
    free = sa.or_(table.c.sequence < sa.bindparam(_BEFORE), table.c[EXPIRES] <= sa.bindparam(_NOW))
    row = {name: sa.bindparam(name, type_=table.c[name].type) for name in columns}
    return upsert(engine, table, row, free).compile(engine, column_keys=list(columns))


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

    A row that changes meanwhile is left as it was written: that was done with the newest key already. Rows keep their names,
    and every other keyed hash that their table does not know how to make again.

    Raises:
        LookupError: a table holds bytes and nobody said how they are sealed. Then nothing was changed.
    """
    tables = [table for table in tables_of(engine) if any(isinstance(column.type, sa.LargeBinary) for column in table.columns)]
    if unknown := [table.name for table in tables if table.name not in _SEALED]:
        raise LookupError(f"How is this sealed? storage.rows.holds_sealed was not told of: {', '.join(unknown)}.")
    done = lost = 0
    for table in tables:
        how = _SEALED[table.name]
        for row in _rows(engine, table, how):
            try:
                changed = _anew(row, how, keys)
            except SealError:
                lost += 1
                continue
            if changed:
                same = sa.update(table).where(table.c[how.key] == row[how.key], table.c[SEALED] == row[SEALED])
                with engine.begin() as connection:
                    done += int(connection.execute(same.values(**changed)).rowcount)
    if done:
        scrub(engine)
    return done, lost


def _anew(row: sa.engine.RowMapping, how: _Sealed, keys: Keys) -> dict[str, Any]:
    """The columns of a row that are others under the newest key."""
    sealed = bytes(row[SEALED])
    if not sealed or (keys.is_newest(sealed) and how.keyed is None):
        return {}
    bound_to = how.bound_to(row[how.key])
    value = keys.open(sealed, bound_to)
    named = how.keyed(keys, value) if how.keyed else {}
    changed: dict[str, Any] = {column: name for column, name in named.items() if row[column] != name}
    if not keys.is_newest(sealed):
        changed[SEALED] = keys.seal(value, bound_to)
    return changed


def _rows(engine: sa.engine.Engine, table: sa.Table, how: _Sealed, at_once: int = 500) -> Iterator[sa.engine.RowMapping]:
    """Every row of a table, in the order of the keys."""
    key = table.c[how.key]
    query = sa.select(table).order_by(key).limit(at_once)
    after = query
    while True:
        with engine.connect() as connection:
            found = connection.execute(after).mappings().all()
        yield from found
        if len(found) < at_once:
            return
        after = query.where(key > found[-1][how.key])
