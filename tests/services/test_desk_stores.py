"""The desk's stores on SQLite and on a real PostgreSQL: made together, swept, erased, and under another key."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from storage.database import SILENCE_SECONDS, engine_for, prepare
from storage.rows import seal_anew
from storage.sealing import Keys
from tests.builders import SECRET
from tests.services.test_stores import NEW, OLD
from tests.web.console_door import CENTRE, someone
from tests.web.walk_in import MARK, a_walk_in_desk, kept, referrals, to_the_papers
from web.console.accounts import AccountError
from web.console.audit import Audit
from web.jobs import make_jobs
from web.sweeping import TRACKER

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


# Keys.


def a_desk_under(secret: str, address: str, tmp_path: Path) -> Flask:
    return a_walk_in_desk(tmp_path, DATABASE_URL=address, SECRET_KEY=secret)


def rotated(address: str) -> tuple[int, int]:
    """What `make rotate-key` does; how many rows were sealed anew, and how many opened with no key."""
    keys = Keys.from_text(f"{NEW},{OLD}")
    done = seal_anew(engine_for(address), keys)
    assert Audit(engine_for(address), keys).vouch() is None
    return done


def test_a_desk_whose_key_was_changed_opens_with_the_new_key_alone(address: str, tmp_path: Path):
    before = a_desk_under(OLD, address, tmp_path)
    volunteer = someone(before)
    to_the_papers(volunteer)
    walk_in, (referral,) = kept(before), referrals(before)
    done, lost = rotated(address)
    assert (done, lost) == (4, 0), "the account, the walk-in, the call-back and the head of the record"
    assert rotated(address) == (0, 0)

    after = a_desk_under(NEW, address, tmp_path)
    assert after.extensions["accounts"].by_id(volunteer.id).secret
    assert kept(after) == walk_in
    _shown, content = after.extensions["referrals"].take(referral.name)
    assert MARK in content["text"]
    assert after.extensions["audit"].rows() == before.extensions["audit"].rows()
    assert after.extensions["audit"].broken() is None
    assert after.test_client().sign_in(volunteer.name).status_code == 303, "found by name, by password and by the code of the phone"

    with_the_old_key_alone = a_desk_under(OLD, address, tmp_path)
    assert with_the_old_key_alone.extensions["accounts"].all() == []
    assert kept(with_the_old_key_alone) is None


def test_while_the_old_key_is_listed_the_desk_goes_on_through_a_rotation(address: str, tmp_path: Path):
    volunteer = someone(a_desk_under(OLD, address, tmp_path))
    to_the_papers(volunteer)
    both = a_desk_under(f"{NEW},{OLD}", address, tmp_path)
    code = kept(both).code
    rotated(address)
    at_the_desk = both.test_client()
    at_the_desk.set_cookie("desk", volunteer.client.get_cookie("desk", path="/console").value, path="/console")
    assert at_the_desk.get("/walk-in/talk").status_code == 200, "the volunteer still sits there, with the walk-in"
    assert both.extensions["audit"].broken() is None
    assert both.extensions["receipts"].read(code).agreed
    assert both.extensions["referrals"].withdraw(both.extensions["receipts"].names(code)) == (1, 0)


def test_who_signs_in_with_a_work_account_stays_the_same_person_under_a_new_key(address: str, tmp_path: Path):
    claimed = ("subject-1", "Cy Dune", "volunteer", (CENTRE,))
    before = a_desk_under(OLD, address, tmp_path).extensions["accounts"]
    by_claim = before.from_council(*claimed)
    before.invite("Ada Marsh", "volunteer", (CENTRE,), "ada@example.org")
    both = a_desk_under(f"{NEW},{OLD}", address, tmp_path).extensions["accounts"]
    rotated(address)
    assert both.from_council(*claimed).id == by_claim.id
    with pytest.raises(AccountError, match="e-mail"):
        both.invite("Bea Holt", "volunteer", (CENTRE,), "ada@example.org")
    assert both.by_email("ada@example.org").name == "Ada Marsh"
    after = a_desk_under(NEW, address, tmp_path).extensions["accounts"]
    assert after.from_council(*claimed).id == by_claim.id
    assert after.by_email("ada@example.org").name == "Ada Marsh"
    assert len(after.all()) == 2


def test_every_table_with_bytes_in_it_comes_under_a_new_key(address: str, tmp_path: Path):
    made = a_desk_under(OLD, address, tmp_path)
    make_jobs(made.extensions["settings"], tmp_path)
    prepare(engine_for(address), TRACKER.metadata)
    assert rotated(address) == (0, 0)
    with engine_for(address).begin() as connection:
        connection.execute(sa.schema.CreateTable(sa.Table("new", sa.MetaData(), sa.Column("what", sa.LargeBinary))))
    with pytest.raises(LookupError, match="new"):
        rotated(address)
