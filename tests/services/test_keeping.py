"""Erasing, sweeping, changing the key, and backups: over the real stores of both kinds."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from storage.database import engine_for, prepare
from storage.rows import tables_of
from storage.sealing import Keys
from storage.settings import Settings
from tests.services.test_stores import MARK, NEW, OLD, PHONE, everything, said
from tests.stack import free_port
from tests.web.console_door import Someone, someone
from tests.web.sms_line import some_settings
from tests.web.twilio_stub import twilio_stub
from tests.web.walk_in import a_walk_in_desk, begin, kept, tell
from tools import backup, rotate_key
from web.console.walk_ins import WALK_INS
from web.erasures import Erasures
from web.gateway import Gateway
from web.jobs import make_jobs
from web.public.conversations import Conversations
from web.public.sms_store import SmsStore
from web.store import Conversation, ConversationStore, new_token
from web.sweeping import LATE_AFTER_SECONDS, LOST_AFTER_SECONDS, TRACKER

HOUR = 3600


@pytest.fixture
def settings(address: str, tmp_path: Path) -> Settings:
    return some_settings(tmp_path, database_url=address, tracker_url=address, rasa_url=f"http://127.0.0.1:{free_port()}")


def keys(settings: Settings) -> Keys:
    return Keys.from_text(settings.secret_key)


class StubEngine:
    """An engine that confirms erasures, over real HTTP; it listens from `start` on."""

    def __init__(self, url: str) -> None:
        self.erased: list[str] = []
        self._port = int(url.rpartition(":")[2])

    def __enter__(self) -> StubEngine:
        @Request.application
        def answer(request: Request) -> Response:
            if request.method == "DELETE":
                self.erased.append(request.path.rpartition("/")[2])
                return Response(status=204)
            return Response("{}", mimetype="application/json")

        self._server = make_server("127.0.0.1", self._port, answer, threaded=True)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_an_erasure_that_the_engine_missed_is_done_as_soon_as_it_answers(settings: Settings, tmp_path: Path):
    store = ConversationStore(settings.database_url, keys(settings), 24)
    gateway = Gateway(settings.rasa_url, settings.channel_secret, keys(settings), "sefton")
    token = new_token()
    store.keep(Conversation(token, turns=[said(MARK)]))
    erasures = Erasures(store.engine, gateway)
    Conversations(store, gateway, erasures).erase(token)
    # Nothing but the name that the engine knows it by is left, and nobody can get the token from that.
    assert [row[0] for row in everything(settings.database_url)] == [gateway.name_of(token)]
    jobs = make_jobs(settings, tmp_path)
    jobs.sweep.call_local()
    assert erasures.waiting() == [gateway.name_of(token)]
    with StubEngine(settings.rasa_url) as engine:
        jobs.sweep.call_local()
    assert engine.erased == [gateway.name_of(token)]
    assert everything(settings.database_url) == []


def test_an_erasure_that_the_engine_confirms_leaves_no_note(settings: Settings):
    store = ConversationStore(settings.database_url, keys(settings), 24)
    gateway = Gateway(settings.rasa_url, settings.channel_secret, keys(settings), "sefton")
    with StubEngine(settings.rasa_url) as engine:
        erasures = Erasures(store.engine, gateway)
        Conversations(store, gateway, erasures).erase(new_token())
    assert len(engine.erased) == 1
    assert erasures.waiting() == []


def test_the_sweep_erases_rows_of_the_engine_whose_time_is_over(settings: Settings, tmp_path: Path):
    engine = engine_for(settings.tracker_url)
    prepare(engine, TRACKER.metadata)
    with engine.begin() as connection:
        for name, expires in (("over", time.time() - 5), ("not-over", time.time() + HOUR)):
            connection.execute(sa.insert(TRACKER).values(name=name, sealed=b"x", expires=int(expires)))
    make_jobs(settings, tmp_path).sweep.call_local()
    assert [row[0] for row in everything(settings.tracker_url) if row[0].endswith("over")] == ["not-over"]


def test_a_sweep_before_the_engine_was_ever_started_does_the_rest(settings: Settings, tmp_path: Path):
    store = ConversationStore(settings.database_url, keys(settings), 0)
    store.keep(Conversation(new_token()))
    make_jobs(settings, tmp_path).sweep.call_local()
    assert everything(settings.database_url) == []


def test_a_text_whose_job_was_lost_is_sent_by_the_sweep_once(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = SmsStore(engine_for(settings.database_url), keys(settings), settings.retention_hours_sms)
    store.put_outbound(PHONE, MARK, "ref-ref-ref")
    with twilio_stub() as stub:
        jobs = make_jobs(replace(settings, twilio_api_url=stub.address), tmp_path)
        jobs.sweep.call_local()
        assert jobs.queue.dequeue() is None
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + LOST_AFTER_SECONDS + 5)
        jobs.sweep.call_local()
        jobs.sweep.call_local()
        while (task := jobs.queue.dequeue()) is not None:
            jobs.queue.execute(task)
    assert len(stub.requests) == 1
    assert MARK not in str(everything(settings.database_url))


def test_a_text_that_would_come_too_late_is_given_up(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = SmsStore(engine_for(settings.database_url), keys(settings), settings.retention_hours_sms)
    name = store.put_outbound(PHONE, MARK, "ref-ref-ref")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LATE_AFTER_SECONDS + 5)
    jobs = make_jobs(settings, tmp_path)
    jobs.sweep.call_local()
    assert store.outbound(name) is None
    assert jobs.queue.dequeue() is None


def test_changing_the_key_says_what_it_did(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    token = new_token()
    ConversationStore(settings.database_url, Keys.from_text(OLD), 24).keep(Conversation(token, turns=[said(MARK)]))
    given = {"DATABASE_URL": settings.database_url, "TRACKER_URL": settings.tracker_url, "SECRET_KEY": NEW}
    monkeypatch.setattr(rotate_key, "environment", lambda: given)
    assert rotate_key.main() == 2
    given["SECRET_KEY"] = f"{NEW},{OLD}"
    assert rotate_key.main() == 0
    assert "1 rows are sealed" in capsys.readouterr().out
    assert ConversationStore(settings.database_url, Keys.from_text(f"{NEW},{OLD}"), 24).find(token) is not None


def some_rows(settings: Settings) -> str:
    """A service with a conversation and an opt-out in it; the token of the conversation."""
    token = new_token()
    store = ConversationStore(settings.database_url, keys(settings), 24)
    store.keep(Conversation(token, turns=[said(MARK)]))
    texts = SmsStore(store.engine, keys(settings), 72)
    texts.claim("SM1", PHONE, 0)
    texts.answered("SM1", MARK)
    return token


def test_a_backup_holds_nothing_in_clear_and_nobody_else_may_read_it(settings: Settings, tmp_path: Path):
    token, file = some_rows(settings), tmp_path / "backup"
    assert backup.back_up(settings, file) == 2
    assert file.stat().st_mode & 0o077 == 0
    lines = gzip.decompress(file.read_bytes()).decode()
    for marked in (MARK, token, PHONE, PHONE[3:], settings.secret_key):
        assert marked not in lines
    for line in lines.splitlines()[1:]:
        assert set(json.loads(line)) == {"table", "row"}
    with pytest.raises(FileExistsError):
        backup.back_up(settings, file)


def test_what_was_backed_up_comes_back_into_either_kind_of_database(settings: Settings, new_address: Callable[[], str], tmp_path: Path):
    token, file = some_rows(settings), tmp_path / "backup"
    backup.back_up(settings, file)
    for url in (new_address(), f"sqlite:///{tmp_path}/another.db"):
        elsewhere = replace(settings, database_url=url, tracker_url=url)
        with pytest.raises(ValueError, match="There is no table"):
            backup.restore(elsewhere, file)
        store = ConversationStore(url, keys(settings), 24)
        SmsStore(store.engine, keys(settings), 72)
        assert backup.restore(elsewhere, file) == (2, 0)
        found = store.find(token)
        assert found is not None
        assert found.turns == [said(MARK)]
        assert backup.restore(elsewhere, file) == (0, 2)


def test_a_backup_does_not_bring_back_what_has_had_its_time(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    some_rows(settings)
    file = tmp_path / "backup"
    backup.back_up(settings, file)
    with engine_for(settings.database_url).begin() as connection:
        for table in tables_of(engine_for(settings.database_url)):
            connection.execute(sa.delete(table))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100 * HOUR)
    assert backup.restore(settings, file) == (0, 2)
    assert everything(settings.database_url) == []


def test_what_is_no_backup_is_refused(settings: Settings, tmp_path: Path):
    file = tmp_path / "other"
    file.write_bytes(gzip.compress(b'{"kind": "other"}\n'))
    with pytest.raises(ValueError, match="no backup"):
        backup.restore(settings, file)


def test_a_marked_sentence_is_in_no_raw_file_after_an_erasure(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/web.db"
    settings = some_settings(tmp_path, database_url=url, tracker_url=url)
    store = ConversationStore(url, keys(settings), 24)
    token = new_token()
    kept = [store.keep(Conversation(token, turns=[said(MARK)]))]
    for _ in range(20):
        kept.append(store.keep(kept[-1].with_(turns=[*kept[-1].turns, said(MARK)]), 1))
    with store.engine.connect() as connection:
        (row,) = connection.execute(sa.text("SELECT name, sealed FROM conversation"))
    sealed: Any = bytes(row.sealed)
    store.erase(token)
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for marked in (MARK.encode(), token.encode(), row.name.encode(), sealed[16:48]):
        assert marked not in raw


# The desk.


def a_desk_of(settings: Settings, tmp_path: Path) -> Flask:
    """A desk on these stores and at this engine."""
    return a_walk_in_desk(tmp_path, DATABASE_URL=settings.database_url, RASA_URL=settings.rasa_url, SECRET_KEY=settings.secret_key)


def end_it(app: Flask, volunteer: Someone) -> None:
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")


def sign_out(app: Flask, volunteer: Someone) -> None:
    volunteer.client.send("/sign-out")


def forget_me(app: Flask, volunteer: Someone) -> None:
    tell(volunteer, "forget me")


def leave_it_alone(app: Flask, volunteer: Someone) -> None:
    with app.extensions["engine"].begin() as connection:
        connection.execute(WALK_INS.update().values(expires=1))


@pytest.mark.parametrize("leave", [end_it, sign_out, forget_me, leave_it_alone])
def test_what_the_desk_erases_while_the_engine_is_down_is_erased_there_later(
    settings: Settings, tmp_path: Path, leave: Callable[[Flask, Someone], None]
):
    app = a_desk_of(settings, tmp_path)
    volunteer = someone(app)
    begin(volunteer, language="en")
    tell(volunteer)
    walk_in = kept(app)
    assert walk_in is not None
    name = app.extensions["gateway"].name_of(walk_in.token)
    leave(app, volunteer)
    jobs = make_jobs(settings, tmp_path)
    jobs.sweep.call_local()
    erasures = Erasures(app.extensions["engine"], app.extensions["gateway"])
    assert erasures.waiting() == [name], "it is noted under the engine's own name for it"
    with StubEngine(settings.rasa_url) as engine:
        jobs.sweep.call_local()
    assert engine.erased == [name]
    assert erasures.waiting() == []


def test_a_store_of_the_desk_that_is_down_does_not_keep_the_other_stores_from_being_swept(settings: Settings, tmp_path: Path):
    app = a_desk_of(settings, tmp_path)
    begin(someone(app))
    jobs = make_jobs(settings, tmp_path)
    leave_it_alone(app, someone(app, "Bea Holt"))
    with app.extensions["engine"].begin() as connection:
        connection.execute(sa.text("DROP TABLE desk_sitting"))
    jobs.sweep.call_local()
    with app.extensions["engine"].connect() as connection:
        assert connection.execute(sa.select(WALK_INS)).all() == []
