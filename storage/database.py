"""Database engines as this project wants them: SQLite with a write-ahead log and real erasure, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa


def engine_for(url: str) -> sa.engine.Engine:
    """An engine for a database address (`sqlite:///path` or `postgresql://...`), ready for several processes.

    In SQLite erased rows are overwritten (`secure_delete`) and the log is emptied as soon as nobody reads it, so that
    what is erased cannot be found in the files.
    """
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5, pool_timeout=2, future=True)
    path = sa.engine.make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": 5, "check_same_thread": False}, future=True)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection, _record) -> None:  # type: ignore[no-untyped-def]
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "wal_autocheckpoint=50"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def scrub(engine: sa.engine.Engine) -> None:
    """Make an erasure final on disk: fold the write-ahead log into the database and cut it to nothing."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))


def upsert(engine: sa.engine.Engine, table: sa.Table, row: dict[str, Any]) -> Any:
    """An insert that replaces the row of the same primary key."""
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    keys = [column.name for column in table.primary_key]
    statement = insert(table).values(**row)
    return statement.on_conflict_do_update(index_elements=keys, set_={key: value for key, value in row.items() if key not in keys})
