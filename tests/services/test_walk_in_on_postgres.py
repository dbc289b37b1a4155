"""The walk-in and its call-backs keep their promises on a real PostgreSQL too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.services.servers import PostgreSQL
from tests.web.console_door import a_desk, someone
from tests.web.walk_in import HELPER, MARK, YES_TO_ALL, agree, begin, choose, kept, referrals, tell, to_the_papers
from web.console.referrals import REFERRALS
from web.console.walk_ins import WALK_INS


@pytest.fixture(scope="module")
def address(postgresql: PostgreSQL) -> str:
    return postgresql.new_database("walk_ins")


@pytest.fixture
def app(address, tmp_path):
    file = tmp_path / "routes.yml"
    file.write_text(f"- service: {HELPER}\n  email: calls@example.org\n", encoding="utf-8")
    made = a_desk(DATABASE_URL=address, REFERRAL_ROUTES=str(file))
    made.extensions["refer"] = lambda name: None
    with made.extensions["engine"].begin() as connection:
        connection.execute(sa.delete(WALK_INS))
        connection.execute(sa.delete(REFERRALS))
    return made


def test_a_walk_in_is_kept_sealed_and_gone_at_the_end(app):
    volunteer = someone(app, "Ada Postgres")
    to_the_papers(volunteer)
    with app.extensions["engine"].connect() as connection:
        sealed = bytes(connection.execute(sa.select(WALK_INS.c.sealed)).scalar_one())
    assert MARK.encode() not in sealed
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")
    assert kept(app) is None
    assert [item.state for item in referrals(app)] == ["waiting"]


def test_many_workers_take_a_call_back_once(app):
    volunteer = someone(app, "Bea Postgres")
    to_the_papers(volunteer)
    (referral,) = referrals(app)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _number: app.extensions["referrals"].take(referral.name), range(16)))
    assert len([item for item in taken if item is not None]) == 1


def test_the_same_form_sent_twice_asks_for_one_call(app):
    volunteer = someone(app, "Cy Postgres")
    to_the_papers(volunteer)
    agree(volunteer)
    assert len(referrals(app)) == 1


def test_the_same_form_sent_many_times_at_once_asks_for_one_call(app):
    volunteer = someone(app, "Di Postgres")
    begin(volunteer)
    tell(volunteer)
    choose(volunteer)
    token, cookie = volunteer.client.token("/walk-in/agree"), volunteer.client.get_cookie("desk", path="/console").value

    def send(_number: int) -> int:
        client = app.test_client()
        client.set_cookie("desk", cookie, path="/console")
        return client.post("/walk-in/agree", data={"csrf_token": token, **YES_TO_ALL}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {303}
    (referral,) = referrals(app)
    walk_in = kept(app)
    assert walk_in.referral == referral.name
    assert app.extensions["referrals"].withdraw(app.extensions["receipts"].names(walk_in.code)) == (1, 0), "the receipt takes it back"
