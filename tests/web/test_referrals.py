"""A call-back reaches the service, or the volunteer learns of it; it is sealed until then and gone after."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.web.console_door import someone
from tests.web.walk_in import (
    HELPER,
    MARK,
    NUMBER,
    TOLD,
    a_walk_in_desk,
    agree,
    begin,
    choose,
    kept,
    on_disk,
    referrals,
    tell,
    to_the_papers,
)
from web.console import delivery
from web.console.delivery import Route, RoutesError, deliver, load_routes, signature
from web.console.referrals import PAUSES, REFERRALS, STUCK_SECONDS, Referrals
from web.console.walk_ins import WalkIns
from web.jobs import into_queue, make_jobs, send_referral

SECRET = "a-webhook-secret-for-tests-0123456789"


class Letters:
    """A mail server's inbox. `answer` is what it says to a letter or an address."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.to_address = "250 OK"
        self.to_letter = "250 Message accepted"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.to_address.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_address

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.to_letter.startswith("250"):
            self.got.append(email.message_from_bytes(envelope.content, policy=default))
        return self.to_letter


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_mail_server(port: int) -> Iterator[Letters]:
    letters = Letters()
    controller = Controller(letters, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield letters
    finally:
        controller.stop()


class Hook:
    """A service's webhook. `answer(delivery)` gives status and body."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer: Any = lambda delivery: (200, json.dumps({"ack": delivery}).encode())
        self.wait = 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((dict(self.headers), body))
                time.sleep(hook.wait)
                status, said = hook.answer(self.headers["X-Signpost-Delivery"])
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                """A test's output holds no content."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.address = f"http://127.0.0.1:{self._server.server_port}/calls"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def mail_port() -> int:
    return a_port()


@pytest.fixture
def app(tmp_path, mail_port):
    return a_walk_in_desk(tmp_path, SMTP_URL=f"smtp://127.0.0.1:{mail_port}", SMTP_FROM="desk@example.org")


def by_webhook(tmp_path, hook: Hook) -> Any:
    return a_walk_in_desk(tmp_path, route=f"- service: {HELPER}\n  webhook: {hook.address}\n  secret: {SECRET}\n")


def a_call_asked_for(app) -> tuple[Any, str]:
    """A walk-in that asked for a call and is over; the volunteer, and the call's name."""
    volunteer = someone(app)
    to_the_papers(volunteer)
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")
    return volunteer, app.extensions["asked"][0]


def work(app, name: str) -> None:
    """What the queue's worker does with one."""
    held = app.extensions
    send_referral(held["referrals"], held["audit"], held["referral_routes"], held["settings"], name)


def later(app, seconds: float) -> None:
    """So much time has passed."""
    began = time.time()
    app.extensions["referrals"]._clock = lambda: began + seconds


def no_content_left(app) -> bool:
    with app.extensions["engine"].connect() as connection:
        from web.console.referrals import REFERRALS

        return all(row.sealed == b"" for row in connection.execute(REFERRALS.select()))


# E-mail


def test_an_e_mail_brings_the_service_what_was_agreed_and_then_nothing_of_it_is_left_here(app, mail_port):
    _volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port) as letters:
        work(app, name)
    (letter,) = letters.got
    assert letter["To"] == "calls@example.org"
    text = letter.get_body(("plain",)).get_content()
    assert TOLD in text
    assert NUMBER in text
    assert "heron" in text
    data = json.loads(next(iter(letter.iter_attachments())).get_content())
    assert data["facts"]["contact"]["interpreter"] == "pl"
    assert [item.state for item in referrals(app)] == ["delivered"]
    assert no_content_left(app)


def test_the_subject_of_the_e_mail_says_nothing_of_the_person(app, mail_port):
    _volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port) as letters:
        work(app, name)
    assert re.fullmatch(r"Call-back request [0-9a-f]{8}", letters.got[0]["Subject"])


def test_while_the_mail_server_is_down_the_call_stays_sealed_and_goes_when_it_is_back(app, mail_port):
    volunteer, name = a_call_asked_for(app)
    work(app, name)
    (waiting,) = referrals(app)
    assert (waiting.state, waiting.code, waiting.tries) == ("trying", "mail-server-silent", 1)
    assert MARK.encode() not in on_disk(app)
    assert NUMBER.encode() not in on_disk(app)
    assert "Not delivered yet" in volunteer.client.get("/").text
    assert app.extensions["referrals"].due() == [], "not at once again"
    later(app, 60 * PAUSES[0] + 1)
    assert app.extensions["referrals"].due() == [name]
    with a_mail_server(mail_port) as letters:
        work(app, name)
    assert len(letters.got) == 1
    assert no_content_left(app)


def test_after_the_last_try_the_volunteer_is_told_and_can_try_again(app, mail_port):
    volunteer, name = a_call_asked_for(app)
    passed = 0.0
    for pause in (*PAUSES, 0):
        work(app, name)
        passed += 60 * pause + 1
        later(app, passed)
    (failed,) = referrals(app)
    assert failed.state == "failed"
    assert app.extensions["referrals"].due() == [], "it is for a person to decide now"
    assert "The service does not have it" in volunteer.client.get("/").text
    assert "referral.failed" in [row.kind for row in app.extensions["audit"].rows()]
    assert not no_content_left(app), "it is not lost"
    volunteer.client.send(f"/call-backs/{name}/again")
    with a_mail_server(mail_port) as letters:
        work(app, name)
    assert len(letters.got) == 1


def test_the_pauses_between_the_tries_grow():
    assert list(PAUSES) == sorted(set(PAUSES))


def test_an_address_that_is_refused_for_good_is_not_tried_for_days(app, mail_port):
    _volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port) as letters:
        letters.to_address = "550 No such mailbox"
        work(app, name)
    (failed,) = referrals(app)
    assert (failed.state, failed.code) == ("failed", "address-refused")


def test_a_mailbox_that_is_full_for_now_is_tried_again(app, mail_port):
    _volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port) as letters:
        letters.to_letter = "452 Not now"
        work(app, name)
    assert [item.state for item in referrals(app)] == ["trying"]


def test_a_mail_server_elsewhere_is_never_spoken_to_without_encryption(tmp_path):
    app = a_walk_in_desk(tmp_path, SMTP_URL="smtp://mail.example.org", SMTP_FROM="desk@example.org")
    _volunteer, name = a_call_asked_for(app)
    work(app, name)
    assert [item.code for item in referrals(app)] == ["mail-server-without-tls"]


# Webhook


def test_a_webhook_is_signed_and_done_only_when_it_is_acknowledged(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    work(app, name)
    ((headers, body),) = hook.got
    expected = hmac.new(SECRET.encode(), f"{headers['X-Signpost-Timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Signpost-Signature"] == f"sha256={expected}" == signature(SECRET, headers["X-Signpost-Timestamp"], body)
    assert json.loads(body)["facts"]["what_happened"]["own_words"] == [TOLD]
    assert [item.state for item in referrals(app)] == ["delivered"]
    assert no_content_left(app)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lambda delivery: (200, b"thanks"), "trying"),
        (lambda delivery: (200, b"{}"), "trying"),
        (lambda delivery: (200, b'{"ack": "another"}'), "trying"),
        (lambda delivery: (204, b""), "trying"),
        (lambda delivery: (500, b""), "trying"),
        (lambda delivery: (429, b""), "trying"),
        (lambda delivery: (302, b""), "failed"),
        (lambda delivery: (403, b""), "failed"),
    ],
)
def test_without_its_acknowledgement_the_call_is_kept(tmp_path, hook, answer, state):
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    hook.answer = answer
    work(app, name)
    assert [item.state for item in referrals(app)] == [state]
    assert not no_content_left(app)
    assert len(hook.got) == 1, "a webhook that points elsewhere is not followed"


def test_a_slow_webhook_is_given_up_and_tried_again_under_the_same_name(tmp_path, hook, monkeypatch):
    monkeypatch.setattr(delivery, "ANSWER_SECONDS", 0.2)
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    hook.wait = 1.0
    work(app, name)
    assert [(item.state, item.code) for item in referrals(app)] == [("trying", "webhook-silent")]
    hook.wait = 0.0
    later(app, 61)
    work(app, name)
    assert [headers["X-Signpost-Delivery"] for headers, _body in hook.got] == [name, name]
    assert [item.state for item in referrals(app)] == ["delivered"]


# Consent, races and faults


def test_a_yes_that_was_taken_back_is_never_delivered(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    volunteer = someone(app)
    to_the_papers(volunteer)
    name = app.extensions["asked"][0]
    volunteer.client.send("/walk-in/take-back", "/walk-in/sheet")
    work(app, name)
    assert hook.got == []


def test_a_call_whose_consent_has_ended_is_not_delivered_and_is_emptied(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    volunteer, name = a_call_asked_for(app)
    later(app, 29 * 86400)
    work(app, name)
    assert hook.got == []
    app.extensions["referrals"].sweep()
    assert no_content_left(app)
    assert "Not delivered in time" in volunteer.client.get("/").text


def test_two_workers_deliver_a_call_once(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    hook.wait = 0.3
    workers = [threading.Thread(target=work, args=(app, name)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(hook.got) == 1


def test_a_call_whose_worker_died_is_taken_up_again(app):
    _volunteer, name = a_call_asked_for(app)
    assert app.extensions["referrals"].take(name)
    assert app.extensions["referrals"].take(name) is None
    later(app, STUCK_SECONDS + 1)
    assert app.extensions["referrals"].due() == [name]
    assert app.extensions["referrals"].take(name)


def test_a_yes_that_is_taken_back_while_a_worker_dies_over_it_is_not_sent_again(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    volunteer = someone(app)
    to_the_papers(volunteer)
    name = app.extensions["asked"][0]
    assert app.extensions["referrals"].take(name), "and the worker died"
    volunteer.client.send("/walk-in/take-back", "/walk-in/sheet")
    later(app, STUCK_SECONDS + 1)
    work(app, name)
    assert hook.got == []
    app.extensions["referrals"].sweep()
    assert no_content_left(app)


def test_who_agrees_again_while_a_worker_dies_over_it_gets_that_one_call(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    volunteer = someone(app)
    to_the_papers(volunteer)
    name = app.extensions["asked"][0]
    assert app.extensions["referrals"].take(name), "and the worker died"
    agree(volunteer)
    assert [item.name for item in referrals(app)] == [name]
    code = kept(app).code
    later(app, STUCK_SECONDS + 1)
    work(app, name)
    agree(volunteer)
    agree(volunteer)
    assert [(item.name, item.state) for item in referrals(app)] == [(name, "delivered")]
    assert [headers["X-Signpost-Delivery"] for headers, _body in hook.got] == [name]
    assert app.extensions["receipts"].used(code)


def test_a_worker_that_was_overtaken_does_not_undo_what_the_other_did(app):
    _volunteer, name = a_call_asked_for(app)
    store = app.extensions["referrals"]
    assert store.take(name)
    later(app, STUCK_SECONDS + 1)
    assert store.take(name), "by another worker"
    store.delivered(name)
    store.not_delivered(name, 0, "webhook-silent", again=True)
    assert [item.state for item in referrals(app)] == ["delivered"]


def test_a_queue_that_is_silent_costs_nobody_the_answer_and_no_call(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    silent = replace(app.extensions["settings"], redis_url=f"redis://127.0.0.1:{a_port()}/0")
    app.extensions["refer"] = into_queue(silent, tmp_path, lambda jobs: jobs.refer)
    volunteer = someone(app)
    to_the_papers(volunteer)
    jobs = make_jobs(app.extensions["settings"], app.extensions["folder"])
    jobs.refer_due.call_local()
    assert len(hook.got) == 1
    assert [item.state for item in referrals(app)] == ["delivered"]


def test_a_process_that_dies_before_the_walk_in_is_kept_leaves_no_call_either(app, monkeypatch):
    volunteer = someone(app)
    begin(volunteer)
    tell(volunteer)
    choose(volunteer)

    def die(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(WalkIns, "keep", die)
        with pytest.raises(KeyboardInterrupt):
            agree(volunteer)
    assert referrals(app) == []
    agree(volunteer)
    assert [item.name for item in referrals(app)] == [kept(app).referral]


def test_a_receipt_is_used_and_its_calls_are_taken_back_as_one(app, monkeypatch):
    volunteer = someone(app)
    to_the_papers(volunteer)
    code = kept(app).code

    def die(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(Referrals, "withdraw", die)
        with pytest.raises(KeyboardInterrupt):
            volunteer.client.send("/receipt", "/receipt", code=code, take_back="yes")
    assert not app.extensions["receipts"].used(code)
    volunteer.client.send("/receipt", "/receipt", code=code, take_back="yes")
    assert referrals(app) == []


def test_the_letter_of_a_call_is_called_the_same_each_time(app, mail_port):
    _volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port) as letters:
        for pause in (0, STUCK_SECONDS + 1):
            with app.extensions["engine"].begin() as connection:
                connection.execute(REFERRALS.update().values(due=int(time.time()) - pause - STUCK_SECONDS - 1))
            taken = app.extensions["referrals"].take(name)
            assert taken is not None
            deliver(Route(HELPER, email="calls@example.org"), name, taken[1], f"smtp://127.0.0.1:{mail_port}", "desk@example.org")
    assert {letter["Message-ID"] for letter in letters.got} == {f"<{name}@example.org>"}
    assert len(letters.got) == 2


def test_a_delivered_call_stays_on_the_list_until_a_volunteer_has_seen_it(app, mail_port):
    volunteer, name = a_call_asked_for(app)
    with a_mail_server(mail_port):
        work(app, name)
    page = volunteer.client.get("/").text
    assert 'data-state="delivered"' in page
    assert NUMBER not in page
    volunteer.client.send(f"/call-backs/{name}/off")
    assert referrals(app) == []
    assert "referral.acknowledged" in [row.kind for row in app.extensions["audit"].rows()]


def test_the_queue_finds_what_is_due_by_itself(tmp_path, hook):
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    jobs = make_jobs(app.extensions["settings"], app.extensions["folder"])
    jobs.refer.call_local(name)
    assert [item.state for item in referrals(app)] == ["delivered"]


def test_the_log_of_a_delivery_holds_no_word_of_it(tmp_path, hook, capsys):
    app = by_webhook(tmp_path, hook)
    _volunteer, name = a_call_asked_for(app)
    work(app, name)
    said = capsys.readouterr().out
    assert "referral.delivered" in said
    for secret in (MARK, NUMBER, name, SECRET):
        assert secret not in said


# The file of addresses


@pytest.mark.parametrize(
    "content",
    [
        "- email: a@example.org",
        "- service: x",
        "- service: x\n  email: not an address",
        '- service: x\n  email: "a@example.org\\nBcc: b@example.org"',
        "- service: x\n  webhook: https://example.org/",
        f"- service: x\n  webhook: http://example.org/\n  secret: {SECRET}",
        f"- service: x\n  webhook: https://example.org/\n  secret: {SECRET}\n  email: a@example.org",
        "- service: x\n  email: a@example.org\n  cc: b@example.org",
        "- [",
        "- just words",
    ],
)
def test_an_address_that_cannot_be_right_stops_the_start_and_is_named_without_its_secret(tmp_path, content):
    file = tmp_path / "routes.yml"
    file.write_text(content)
    with pytest.raises(RoutesError, match="REFERRAL_ROUTES") as found:
        load_routes(str(file))
    assert SECRET not in str(found.value)


def test_without_a_file_nothing_is_sent_from_here():
    assert load_routes("") == {}
    with pytest.raises(RoutesError):
        load_routes("/nowhere/routes.yml")
