"""Database engines as this project wants them: SQLite with a write-ahead log and real erasure, or PostgreSQL."""

from __future__ import annotations

import select
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

# A PostgreSQL that says nothing for so long counts as down; then it is left alone a little, so that people do not each
# wait for it. The rest is longer than a turn: only the first question of a turn may have to wait.
SILENCE_SECONDS, REST_SECONDS = 1.0, 3.0
# How long a process waits for another that writes to the same file.
SQLITE_SECONDS = 5.0
# Any fixed number: processes that start together make the tables one after the other.
_MAKING = 5_071_960
# How long a process waits for that, and how often it asks.
MAKING_SECONDS, _MAKING_PAUSE = 30.0, 0.02


def engine_for(url: str) -> sa.engine.Engine:
    """An engine for a database address (`sqlite:///path` or `postgresql://...`), ready for several processes.

    In SQLite erased rows are overwritten (`secure_delete`) and the log is emptied as soon as nobody reads it, so that
    what is erased cannot be found in the files. A PostgreSQL that hangs raises `OperationalError` like one that is down.
    """
    return _sqlite(url) if url.startswith("sqlite") else _postgresql(url)


def _sqlite(url: str) -> sa.engine.Engine:
    path = sa.engine.make_url(url).database
    pool = {}
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        # Connections are kept: when the last one closes, SQLite folds its log into the file and waits for the disk, which
        # would be at every single write.
        pool = {"poolclass": sa.pool.QueuePool, "pool_size": 10, "max_overflow": 10}
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_SECONDS, "check_same_thread": False}, future=True, **pool)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]
        cursor = connection.cursor()
        _keep_log(cursor)
        for pragma in ("synchronous=NORMAL", "secure_delete=ON", "wal_autocheckpoint=200"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _keep_log(cursor: sqlite3.Cursor) -> None:
    """Ask for the write-ahead log. In a new file SQLite does not wait for others who ask in the same moment: so we do."""
    until = time.monotonic() + SQLITE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(_MAKING_PAUSE)


class _Silence:
    """Until when the PostgreSQL of this process is left alone. A process talks to one."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = threading.Lock()

    def begins(self) -> None:
        """It did not answer just now."""
        with self._lock:
            self._until = time.monotonic() + REST_SECONDS

    def holds(self) -> bool:
        """Whether it is not worth asking yet."""
        with self._lock:
            return time.monotonic() < self._until


_SILENCE = _Silence()


def _postgresql(url: str) -> sa.engine.Engine:
    import psycopg2
    from psycopg2 import extensions

    def wait(connection: Any) -> None:
        """Wait for the server as psycopg2 would, but not for ever: a server that hangs keeps its sockets open."""
        while True:
            state = connection.poll()
            if state == extensions.POLL_OK:
                return
            waiting = select.poll()
            waiting.register(connection.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT)
            if not waiting.poll(SILENCE_SECONDS * 1000):
                _SILENCE.begins()
                raise psycopg2.OperationalError("The database does not answer.")

    extensions.set_wait_callback(wait)
    engine = sa.create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10, pool_timeout=2, future=True)

    @sa.event.listens_for(engine, "do_connect")
    def _connect(dialect, _record, cargs, cparams):  # type: ignore[no-untyped-def]
        if _SILENCE.holds():
            raise psycopg2.OperationalError("The database did not answer a moment ago.")
        try:
            return dialect.connect(*cargs, **cparams)
        except psycopg2.OperationalError:
            _SILENCE.begins()
            raise

    return engine


def prepare(engine: sa.engine.Engine, metadata: sa.MetaData) -> None:
    """Make the tables that are not there, with their triggers, and the columns and indexes that an older version did not have.

    A new column needs a `server_default`. Several processes may call this at once: one makes, the others wait and find it made.
    A process that dies in the middle has made nothing.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database does not answer, or others kept this one waiting for too long.
    """
    with engine.begin() as connection:
        _alone(connection)
        # What listens for `after_create` is told, which a bare CREATE TABLE IF NOT EXISTS would not do.
        metadata.create_all(connection)
        for table in metadata.sorted_tables:
            there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    described = sa.schema.CreateColumn(column).compile(dialect=engine.dialect)
                    connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {described}"))
            for index in table.indexes:
                connection.execute(sa.schema.CreateIndex(index, if_not_exists=True))


def _alone(connection: sa.engine.Connection) -> None:
    """Let nobody else make tables until this transaction ends."""
    if connection.dialect.name != "postgresql":
        # The driver begins none for what makes tables: without this each statement would stand by itself.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Asked again and again rather than waited for: a server that says nothing for a second counts as down.
    until = time.monotonic() + MAKING_SECONDS
    while not connection.execute(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _MAKING}).scalar():
        if time.monotonic() > until:
            raise sa.exc.TimeoutError("Others have been making tables for too long.")
        time.sleep(_MAKING_PAUSE)


@contextmanager
def together(engine: sa.engine.Engine, erasing: bool = False) -> Iterator[sa.engine.Connection]:
    """What is written within is kept as one or not at all, whatever happens to this process; where it is `erasing`, what it
    erased is gone on disk too.

    Nothing else may be written to the same database meanwhile by whoever is in it: SQLite has one writer.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # The driver begins a transaction of its own only at the first write: this one begins before the first read.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
    if erasing:
        scrub(engine)


@contextmanager
def within(engine: sa.engine.Engine, connection: sa.engine.Connection | None, erasing: bool = False) -> Iterator[sa.engine.Connection]:
    """The connection that is given, in which others write too, or one with a transaction of its own as in `together`."""
    if connection is not None:
        yield connection
        return
    with together(engine, erasing) as own:
        yield own


def scrub(engine: sa.engine.Engine) -> None:
    """Make an erasure final on disk: fold the write-ahead log into the database and cut it to nothing."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _insert(engine: sa.engine.Engine, table: sa.Table) -> Any:
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    return insert(table)


def upsert(engine: sa.engine.Engine, table: sa.Table, row: dict[str, Any], where: Any = None) -> Any:
    """An insert that replaces the row of the same primary key; with `where`, only a row that is so (`rowcount` 0 else)."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(engine, table).values(**row)
    changed = {key: value for key, value in row.items() if key not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed, where=where)


def insert_new(engine: sa.engine.Engine, table: sa.Table, row: dict[str, Any]) -> Any:
    """An insert that does nothing (`rowcount` 0) where the primary key is taken."""
    return _insert(engine, table).values(**row).on_conflict_do_nothing()


def add_to(engine: sa.engine.Engine, table: sa.Table, row: dict[str, Any], column: str) -> Any:
    """An insert that, where the primary key is taken, adds what stands in `column` to what is there."""
    keys = [one.name for one in table.primary_key]
    added = {column: table.c[column] + row[column]}
    return _insert(engine, table).values(**row).on_conflict_do_update(index_elements=keys, set_=added)
