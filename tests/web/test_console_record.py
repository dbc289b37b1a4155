"""The record of what was done: added to, never changed, and without a word of what was said."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from storage.database import engine_for
from storage.sealing import Keys
from tests.builders import SECRET
from tests.web.console_door import CENTRE, OTHER_CENTRE, a_desk, someone
from web.console.audit import AUDIT, HEAD, KINDS, Audit
from web.console.counts import csv_of, said_kinds


def an_audit(tmp_path, rows: int = 5) -> Audit:
    audit = Audit(engine_for(f"sqlite:///{tmp_path}/a.db"), Keys.from_text(SECRET))
    for place in range(rows):
        audit.record(KINDS[place % len(KINDS)], f"someone-{place}", CENTRE)
    return audit


def tamper(audit: Audit, statement: str) -> None:
    """What someone with the database in their hands can do: take the guard away first."""
    with audit._engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS desk_audit_no_{verb}")
        connection.exec_driver_sql(statement)


def test_an_untouched_record_is_whole(tmp_path):
    assert an_audit(tmp_path).broken() is None
    assert an_audit(tmp_path / "empty", 0).broken() is None


TAMPERED = pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("DELETE FROM desk_audit WHERE number = 3", 3),
        ("DELETE FROM desk_audit WHERE number = 1", 1),
        ("DELETE FROM desk_audit WHERE number = 5", 5),
        ("DELETE FROM desk_audit", 1),
        ("UPDATE desk_audit SET actor = 'another' WHERE number = 2", 2),
        ("UPDATE desk_audit SET at = at - 60 WHERE number = 4", 4),
        ("UPDATE desk_audit SET kind = 'door.locked' WHERE number = 2", 2),
        ("UPDATE desk_audit SET number = 9 WHERE number = 5", 5),
        ("INSERT INTO desk_audit SELECT 6, at, kind, actor, centre, chain FROM desk_audit WHERE number = 5", 6),
        ("DELETE FROM desk_audit_head", 6),
    ],
)


@TAMPERED
def test_a_row_that_was_changed_added_or_taken_out_is_seen(tmp_path, statement: str, row: int):
    audit = an_audit(tmp_path)
    tamper(audit, statement)
    assert audit.broken() == row


@TAMPERED
def test_what_is_written_afterwards_does_not_hide_it(tmp_path, statement: str, row: int):
    audit = an_audit(tmp_path)
    tamper(audit, statement)
    for _ in range(3):
        audit.record("door.locked", "s-9", CENTRE)
    assert audit.broken() == row
    assert audit.vouch() == row


@pytest.mark.parametrize("statement", ["DELETE FROM desk_audit", "UPDATE desk_audit SET actor = ''"])
def test_the_database_itself_refuses_to_change_a_row(tmp_path, statement: str):
    audit = an_audit(tmp_path)
    with pytest.raises(sa.exc.IntegrityError, match="only added to"), audit._engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert audit.broken() is None
    assert len(audit.rows()) == 5


def test_many_at_once_are_written_one_after_another(tmp_path):
    audit = an_audit(tmp_path, 0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: audit.record("door.locked", f"s-{place}", CENTRE), range(40)))
    assert [row.number for row in audit.rows()] == list(range(40, 0, -1))
    assert audit.broken() is None


def test_the_record_outlives_a_new_key(tmp_path):
    an_audit(tmp_path)
    newer = Audit(engine_for(f"sqlite:///{tmp_path}/a.db"), Keys.from_text("a-newer-secret-for-tests-0123456789abc," + SECRET))
    newer.record("door.locked", "someone", CENTRE)
    assert newer.broken() is None


NEWER = "a-newer-secret-for-tests-0123456789abc"


def under(tmp_path, secret: str) -> Audit:
    """The same record under other keys."""
    return Audit(engine_for(f"sqlite:///{tmp_path}/a.db"), Keys.from_text(secret))


def vouched_for(tmp_path) -> Audit:
    """A record of five rows whose key was changed, seen with the new key alone."""
    an_audit(tmp_path)
    assert under(tmp_path, f"{NEWER},{SECRET}").vouch() is None
    return under(tmp_path, NEWER)


def test_what_was_vouched_for_needs_the_old_key_no_more(tmp_path):
    newer = vouched_for(tmp_path)
    assert newer.broken() is None
    newer.record("door.locked", "someone", CENTRE)
    assert newer.vouch() is None
    newer.record("door.locked", "someone", CENTRE)
    assert newer.broken() is None
    assert under(tmp_path, SECRET).broken() is not None, "the old key alone knows nothing of the new rows"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM desk_audit WHERE number = 3",
        "DELETE FROM desk_audit WHERE number = 5",
        "DELETE FROM desk_audit",
        "UPDATE desk_audit SET actor = 'another' WHERE number = 2",
        "UPDATE desk_audit SET chain = 'another' WHERE number = 5",
        "INSERT INTO desk_audit SELECT 6, at, kind, actor, centre, chain FROM desk_audit WHERE number = 5",
        "DELETE FROM desk_audit_head",
    ],
)
def test_whoever_changes_what_was_vouched_for_is_seen_without_the_old_key(tmp_path, statement: str):
    newer = vouched_for(tmp_path)
    tamper(newer, statement)
    assert newer.broken() is not None
    assert newer.vouch() is not None


def test_who_has_seen_the_old_key_cannot_write_the_past_anew_once_it_is_not_listed(tmp_path):
    newer, old = vouched_for(tmp_path), Keys.from_text(SECRET)
    before, forged = "the first row", []
    for row in reversed(newer.rows()):
        other = replace(row, actor="another")
        before = old.name("desk-audit", "|".join((before, *map(str, (other.number, other.at, other.kind, other.actor, other.centre)))))
        forged.append(f"UPDATE desk_audit SET actor = 'another', chain = '{before}' WHERE number = {row.number}")
    for statement in forged:
        tamper(newer, statement)
    head = old.seal({"number": len(forged), "chain": before}, "desk-audit-head")
    with newer._engine.begin() as connection:
        connection.execute(HEAD.update().values(sealed=head))
    assert under(tmp_path, SECRET).broken() is None, "under the old key it would pass"
    assert newer.broken() is not None


def test_a_record_that_is_not_whole_is_not_vouched_for(tmp_path):
    audit = an_audit(tmp_path)
    tamper(audit, "UPDATE desk_audit SET actor = 'another' WHERE number = 2")
    both = under(tmp_path, f"{NEWER},{SECRET}")
    assert both.vouch() == 2
    assert under(tmp_path, NEWER).broken() is not None


def test_there_is_no_kind_for_free_words(tmp_path):
    audit = an_audit(tmp_path, 0)
    with pytest.raises(ValueError, match="no kind"):
        audit.record("he was shouted at", "someone", CENTRE)
    assert {column.name for column in AUDIT.columns} == {"number", "at", "kind", "actor", "centre", "chain"}


def test_what_happens_at_the_door_is_written_down_with_who_and_where():
    app = a_desk()
    ada = someone(app)
    ada.client.get("/locked")
    app.test_client().sign_in("Ada Marsh", "not the password", "000000")
    kinds = [(row.kind, row.actor) for row in reversed(app.extensions["audit"].rows())]
    assert kinds == [("account.set_up", ada.id), ("door.signed_in", ada.id), ("door.locked", ada.id), ("door.refused", "")]


def test_a_coordinator_sees_the_record_of_their_centres_alone():
    app = a_desk()
    someone(app, "Ada Marsh", centres=(CENTRE,))
    someone(app, "Ben Shore", centres=(OTHER_CENTRE,))
    cora = someone(app, "Cora Reed", "coordinator", (CENTRE,))
    page = cora.client.get("/record").get_data(as_text=True)
    assert "Ada Marsh" in page
    assert "No row is missing" in page
    exported = cora.client.get("/record.csv")
    rows = list(csv.DictReader(io.StringIO(exported.get_data(as_text=True).lstrip("\ufeff"))))
    assert {row["centre"] for row in rows} == {CENTRE, ""}
    assert "attachment" in exported.headers["Content-Disposition"]
    assert exported.headers["Cache-Control"] == "no-store"
    assert rows[0]["kind"] == "audit.exported"


def test_a_record_that_was_changed_says_so_on_its_page():
    app = a_desk()
    cora = someone(app, "Cora Reed", "coordinator")
    tamper(app.extensions["audit"], "DELETE FROM desk_audit WHERE number = 1")
    assert "Row 1 is missing or was changed" in cora.client.get("/record").get_data(as_text=True)


def test_every_kind_of_thing_that_is_written_down_has_words():
    said = said_kinds()
    assert set(said) == set(KINDS)
    words = list(said.values())
    assert len(set(words)) == len(KINDS)
    assert not [said for said in words if "_" in said or "." in said]


@pytest.mark.parametrize("path", ["/record", "/record.csv", "/counts", "/counts/all", "/counts.csv"])
def test_for_a_volunteer_the_coordinators_pages_are_not_there(path: str):
    client = someone(a_desk()).client
    assert client.get(path).status_code == 404
    assert path.split(".")[0] not in client.get("/").get_data(as_text=True)


def test_a_name_is_never_a_formula_in_a_spreadsheet():
    app = a_desk()
    with app.app_context():
        text = csv_of(("name",), [("=1+1",), ("@x",), ("Ada",)], "x").get_data(as_text=True)
    assert text.splitlines()[1:] == ["'=1+1", "'@x", "Ada"]
