"""Copies what is stored into one file, and back: `make backup TO=file`, `make restore FROM=file`.

The file holds rows as they are stored: sealed values, keyed hashes, counts and times. Without SECRET_KEY it is noise, and
the key is not in it. It is the same for SQLite and PostgreSQL, so it also moves a service from one to the other. What was
erased after a backup comes back with it: docs/runbook.md says when that matters.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage.database import engine_for, insert_new
from storage.rows import EXPIRES, tables_of
from storage.settings import Settings, from_environment
from tools.serve import environment

KIND = "sefton-signpost-backup-1"


def engines(settings: Settings) -> list[sa.engine.Engine]:
    """The databases of this service: one, or two where the engine has its own."""
    return [engine_for(url) for url in dict.fromkeys((settings.database_url, settings.tracker_url))]


def back_up(settings: Settings, file: Path) -> int:
    """Write every row whose time is not over; how many. The file is readable by its owner alone.

    Raises:
        FileExistsError: there is such a file.
    """
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    with os.fdopen(handle, "wb") as raw, gzip.open(raw, "wt", encoding="ascii") as written:
        written.write(json.dumps({"kind": KIND, "made": int(time.time())}) + "\n")
        for table, row in (found for engine in engines(settings) for found in _rows(engine)):
            written.write(json.dumps({"table": table, "row": {key: _packed(value) for key, value in row.items()}}) + "\n")
            count += 1
    return count


def restore(settings: Settings, file: Path) -> tuple[int, int]:
    """Put back what is not there and whose time is not over; how many rows, and how many were left out.

    Raises:
        ValueError: it is no backup, or holds a table that is not there: start the service once first.
    """
    # No two tables of this service have the same name, whichever database holds them.
    places = {table.name: (engine, table) for engine in engines(settings) for table in tables_of(engine)}
    put = left = 0
    with gzip.open(file, "rt", encoding="ascii") as lines:
        if json.loads(next(lines, "{}")).get("kind") != KIND:
            raise ValueError("This is no backup of this service.")
        for line in lines:
            item = json.loads(line)
            if item["table"] not in places:
                raise ValueError(f"There is no table {item['table']}. Start the service once, stop it, then restore.")
            engine, table = places[item["table"]]
            row = {key: _unpacked(value) for key, value in item["row"].items() if key in table.columns}
            if row.get(EXPIRES, sys.maxsize) <= time.time():
                left += 1
                continue
            with engine.begin() as connection:
                written = connection.execute(insert_new(engine, table, row)).rowcount
            put, left = put + written, left + 1 - written
    return put, left


def _rows(engine: sa.engine.Engine) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of one moment, table by table."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in tables_of(engine):
            query = sa.select(table)
            if EXPIRES in table.columns:
                query = query.where(table.c[EXPIRES] > int(time.time()))
            for row in connection.execute(query):
                yield table.name, dict(row._mapping)


def _packed(value: Any) -> Any:
    return {"sealed": base64.b64encode(bytes(value)).decode()} if isinstance(value, (bytes, memoryview)) else value


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["sealed"]) if isinstance(value, dict) else value


def main(given: list[str]) -> int:
    """`backup FILE` or `restore FILE`."""
    if len(given) != 2 or given[0] not in ("backup", "restore"):
        print("Usage: make backup TO=file   or   make restore FROM=file")
        return 2
    settings, file = from_environment(environment()), Path(given[1])
    if given[0] == "backup":
        print(f"{back_up(settings, file)} rows are in {file}. Keep SECRET_KEY elsewhere; delete the file when the retention time is over.")
    else:
        put, left = restore(settings, file)
        print(f"{put} rows were put back. {left} were left out: there already, or their time is over.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
