"""The desk's stores on SQLite and on a real PostgreSQL: made together, swept, erased, and under another key."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from storage.database import SILENCE_SECONDS, engine_for, prepare
from storage.sealing import Keys
from tests.builders import SECRET
from web.console.audit import Audit

TOGETHER = 6


def at_once(what: Callable[[int], object]) -> None:
    """What several processes do in the same moment, each with connections of its own."""
    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(what, range(TOGETHER)))


def test_desks_that_start_together_make_a_record_that_refuses_changes(address: str):
    at_once(lambda number: Audit(engine_for(address), Keys.from_text(SECRET)))
    audit = Audit(engine_for(address), Keys.from_text(SECRET))
    at_once(lambda number: audit.record("door.locked", f"s-{number}", ""))
    for statement in ("UPDATE desk_audit SET actor = ''", "DELETE FROM desk_audit"):
        with pytest.raises(sa.exc.DatabaseError, match="only added to"), engine_for(address).begin() as connection:
            connection.exec_driver_sql(statement)
    assert len(audit.rows()) == TOGETHER
    assert audit.broken() is None


def test_who_starts_while_another_makes_tables_for_longer_than_a_silence_waits(new_address: Callable[[], str]):
    address = new_address()
    metadata = sa.MetaData()
    sa.Table("some", metadata, sa.Column("id", sa.Integer, primary_key=True))
    slow = sa.MetaData()
    table = sa.Table("slow", slow, sa.Column("id", sa.Integer, primary_key=True))

    @sa.event.listens_for(table, "after_create")
    def _wait(*_given: object, **_named: object) -> None:
        time.sleep(SILENCE_SECONDS + 0.5)

    at_once(lambda number: prepare(engine_for(address), metadata if number else slow))
    assert set(sa.inspect(engine_for(address)).get_table_names()) == {"some", "slow"}


def test_a_process_that_dies_while_it_makes_tables_has_made_none(address: str):
    metadata = sa.MetaData()
    table = sa.Table("half", metadata, sa.Column("id", sa.Integer, primary_key=True))

    @sa.event.listens_for(table, "after_create")
    def _die(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(engine_for(address), metadata)
    assert sa.inspect(engine_for(address)).get_table_names() == []
