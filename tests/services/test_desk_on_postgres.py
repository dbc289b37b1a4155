"""The desk's stores on a real PostgreSQL: the same rules, and the same refusals, as on SQLite."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from storage.database import engine_for
from tests.builders import the_knowledge
from tests.services.servers import PostgreSQL
from tests.web.console_door import CENTRE, PASSWORD, a_desk, fresh_code, invited, someone
from web.console.lockout import FREE_TRIES
from web.console.register import Entry, Register


@pytest.fixture(scope="module")
def address(postgresql: PostgreSQL) -> str:
    return postgresql.new_database("desk")


def test_a_volunteer_sets_up_signs_in_and_is_signed_out_by_a_second_sign_in(address: str):
    app = a_desk(DATABASE_URL=address)
    link = invited(app, "Ada Marsh")
    first, second = app.test_client(), app.test_client()
    page = f"/set-up/{link}"
    code = fresh_code(app, "Ada Marsh")
    assert first.send(page, page, password=PASSWORD, again=PASSWORD, code=code).status_code == 303
    assert first.get("/").status_code == 200
    assert app.test_client().get(page).status_code == 404
    assert second.sign_in("Ada Marsh", code=code).status_code == 422, "a used code"
    assert second.sign_in("Ada Marsh").status_code == 303
    assert first.get("/").status_code == 303
    assert app.extensions["audit"].broken() is None


def test_the_database_refuses_to_change_the_record(address: str):
    app = a_desk(DATABASE_URL=address)
    audit = app.extensions["audit"]
    audit.record("door.locked", "someone", CENTRE)
    for statement in ("UPDATE desk_audit SET actor = ''", "DELETE FROM desk_audit", "TRUNCATE desk_audit"):
        with pytest.raises(sa.exc.DatabaseError, match="only added to"), app.extensions["engine"].begin() as connection:
            connection.exec_driver_sql(statement)
    assert audit.broken() is None


def test_many_at_once_write_one_record(address: str):
    app = a_desk(DATABASE_URL=address)
    audit = app.extensions["audit"]
    before = len(audit.rows())
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda place: audit.record("door.locked", f"s-{place}", CENTRE), range(30)))
    assert len(audit.rows()) == before + 30
    assert audit.broken() is None


def test_a_hundred_tries_in_one_moment_are_not_a_hundred_guesses(address: str):
    lockout = a_desk(DATABASE_URL=address).extensions["lockout"]
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda _: lockout.wait("somebody"), range(100)))
    assert 1 <= waits.count(0) <= FREE_TRIES + 1


def test_many_at_once_are_all_counted(address: str):
    register = Register(engine_for(address), the_knowledge())
    day = dt.date(2026, 2, 3)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: register.count(Entry(CENTRE, "en", "report", ("race",), ("asb",)), day), range(30)))
    assert {count.number for count in register.counts(dt.date(2026, 2, 1), dt.date(2026, 3, 1))} == {30}


def test_a_second_app_on_the_same_database_knows_the_same_volunteers(address: str):
    someone(a_desk(DATABASE_URL=address), "Ben Shore")
    other = a_desk(DATABASE_URL=address)
    assert other.test_client().sign_in("Ben Shore").status_code == 303
