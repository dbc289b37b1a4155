"""Texts that a person asked for: over real HTTP to a stub of Twilio, through the queue, and gone afterwards."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
import sqlalchemy as sa
from huey.exceptions import TaskException

from signpost.model import Contact, ServiceItem, Services, Text
from signpost.segments import segments
from signpost.wording import Wording
from tests.web.sms_line import LINE, PHONE, PUBLIC, an_app, signed, some_settings
from tests.web.twilio_stub import twilio_stub
from web.jobs import RETRIES, Jobs, account_of, make_jobs, send_waiting
from web.public import sms_store
from web.public.outbox import CannotTextError, Outbox, details_part
from web.public.sms_store import SmsStore, Talk
from web.public.twilio.sending import NO_ANSWER, VALID_SECONDS, SendingError, can_help, send

_ = Wording()
WORDS = "Ring the Marked Line"
DETAILS = [Services((ServiceItem("m", WORDS, "Help.", "", True, None, contacts=(Contact("phone", "0808 000 0000"),)),))]


def a_store(folder: Path, **changes: Any) -> SmsStore:
    store: SmsStore = an_app(folder, **changes).extensions["sms"].store
    return store


def a_queue(folder: Path, **changes: Any) -> Jobs:
    return make_jobs(some_settings(folder, **changes), folder)


def work(jobs: Jobs) -> int:
    """Do everything that waits in the queue, tries again at once where a job asks for it; how many runs that took."""
    runs = 0
    while (task := jobs.queue.dequeue()) is not None or (task := _scheduled(jobs)) is not None:
        runs += 1
        with suppress(TaskException):
            jobs.queue.execute(task, timestamp=dt.datetime.now(dt.timezone.utc).replace(tzinfo=None) + dt.timedelta(hours=1))
    return runs


def _scheduled(jobs: Jobs) -> Any:
    waiting = jobs.queue.scheduled()
    jobs.queue.storage.flush_schedule()
    return waiting[0] if waiting else None


def rows(store: SmsStore) -> list[Any]:
    with store._engine.connect() as connection:
        return list(connection.execute(sa.select(sms_store.OUTBOUND)))


def test_the_request_is_the_one_that_the_messages_api_documents(tmp_path: Path):
    with twilio_stub() as stub:
        settings = some_settings(tmp_path, twilio_api_url=stub.address)
        send(account_of(settings), PHONE, "Hello.", f"{PUBLIC}/sms/status?ref=abc")
    (sent,) = stub.requests
    assert sent["path"] == f"/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json"
    assert sent["auth"] == (settings.twilio_account_sid, settings.twilio_auth_token)
    assert sent["type"] == "application/x-www-form-urlencoded"
    assert sent["fields"] == {
        "To": [PHONE],
        "From": [LINE],
        "Body": ["Hello."],
        "StatusCallback": [f"{PUBLIC}/sms/status?ref=abc"],
        "ValidityPeriod": [str(VALID_SECONDS)],
    }


def test_a_messaging_service_is_named_instead_of_a_number(tmp_path: Path):
    with twilio_stub() as stub:
        send(account_of(some_settings(tmp_path, twilio_api_url=stub.address, twilio_from="MG" + "2" * 32)), PHONE, "Hello.", PUBLIC)
    assert stub.requests[0]["fields"]["MessagingServiceSid"] == ["MG" + "2" * 32]
    assert "From" not in stub.requests[0]["fields"]


@pytest.mark.parametrize(
    ("status", "code", "retry"),
    [(400, 21610, False), (400, 21211, False), (400, 21614, False), (400, 21408, False), (401, 20003, False), (404, 20404, False),
     (429, 20429, True), (500, 20500, True), (503, 20503, True), (400, 30001, True)],
)  # fmt: skip
def test_an_error_knows_whether_trying_again_could_help(tmp_path: Path, status: int, code: int, retry: bool):
    with twilio_stub((status, code)) as stub, pytest.raises(SendingError) as caught:
        send(account_of(some_settings(tmp_path, twilio_api_url=stub.address)), PHONE, WORDS, PUBLIC)
    assert (caught.value.code, caught.value.retry) == (code, retry)
    assert can_help(code, status) is retry
    assert PHONE not in repr(caught.value) + str(caught.value)


def test_when_nobody_listens_another_try_could_help(tmp_path: Path):
    with pytest.raises(SendingError) as caught:
        send(account_of(some_settings(tmp_path, twilio_api_url="http://127.0.0.1:9")), PHONE, WORDS, PUBLIC)
    assert (caught.value.code, caught.value.retry) == (NO_ANSWER, True)


def test_a_text_goes_through_the_queue_once_and_nothing_of_it_is_left(tmp_path: Path):
    store = a_store(tmp_path)
    with twilio_stub() as stub:
        jobs = a_queue(tmp_path, twilio_api_url=stub.address)
        assert Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
        assert len(stub.requests) == 0
        assert work(jobs) == 1
    (sent,) = stub.requests
    assert sent["fields"]["To"] == [PHONE]
    assert WORDS in sent["fields"]["Body"][0]
    (row,) = rows(store)
    assert (row.status, row.sealed, row.talk) == ("accepted", b"", "")


def test_a_job_holds_no_number_and_no_words(tmp_path: Path):
    store, jobs = a_store(tmp_path), a_queue(tmp_path)
    Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
    for path in tmp_path.iterdir():
        kept = path.read_bytes()
        for mark in (PHONE, PHONE[3:], WORDS):
            assert mark.encode() not in kept


def test_trouble_that_passes_is_tried_again_and_then_succeeds(tmp_path: Path):
    store = a_store(tmp_path)
    with twilio_stub((503, 20503), (429, 20429)) as stub:
        jobs = a_queue(tmp_path, twilio_api_url=stub.address)
        Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
        assert work(jobs) == 3
    assert len(stub.requests) == 3
    assert rows(store)[0].status == "accepted"


def test_a_refusal_is_final_and_not_tried_again(tmp_path: Path):
    for code in (21610, 21211):
        folder = tmp_path / str(code)
        folder.mkdir()
        store = a_store(folder)
        with twilio_stub((400, code)) as stub:
            jobs = a_queue(folder, twilio_api_url=stub.address)
            Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
            assert work(jobs) == 1
        assert len(stub.requests) == 1
        (row,) = rows(store)
        assert (row.status, row.code, row.sealed) == ("failed", code, b"")


def test_tries_come_to_an_end_and_then_number_and_words_go(tmp_path: Path):
    store = a_store(tmp_path)
    with twilio_stub(*[(500, 20500)] * 20) as stub:
        jobs = a_queue(tmp_path, twilio_api_url=stub.address)
        Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
        assert work(jobs) == RETRIES + 1
    assert rows(store)[0].sealed == b""


def test_a_text_whose_phone_was_erased_is_not_sent(tmp_path: Path):
    store = a_store(tmp_path)
    with twilio_stub() as stub:
        jobs = a_queue(tmp_path, twilio_api_url=stub.address)
        Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
        store.erase(PHONE)
        work(jobs)
    assert stub.requests == []


def test_a_status_report_is_kept_without_number_or_words(tmp_path: Path):
    app = an_app(tmp_path)
    store = app.extensions["sms"].store
    with twilio_stub() as stub:
        jobs = a_queue(tmp_path, twilio_api_url=stub.address)
        Outbox(store, jobs.deliver, 100).text_details(PHONE, DETAILS, _)
        work(jobs)
    callback = stub.requests[0]["fields"]["StatusCallback"][0]
    ref = parse_qs(urlparse(callback).query)["ref"][0]
    fields = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": PHONE, "From": LINE}
    assert app.test_client().post(f"/sms/status?ref={ref}", data=fields, headers=signed(fields, callback)).status_code == 204
    (row,) = rows(store)
    assert (row.status, row.code, row.sealed, row.talk) == ("undelivered", 30003, b"", "")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("07400 123456", "+447400123456"),
        ("+44 7400 123456", "+447400123456"),
        ("0044 7400 123456", "+447400123456"),
        ("(07400) 123-456", "+447400123456"),
    ],
)
def test_a_uk_mobile_is_understood_as_people_type_it(tmp_path: Path, typed: str, number: str):
    outbox = Outbox(a_store(tmp_path), lambda _name: None, 100)
    assert outbox.mobile(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", "hello", "999", "0151 709 6010", "+33 6 12 34 56 78", "+1 202 555 0123", "0909 879 0000", "60075", "07400 12345", "07700 900123"],
)
def test_what_is_no_uk_mobile_is_not_texted(tmp_path: Path, typed: str):
    with pytest.raises(CannotTextError) as caught:
        Outbox(a_store(tmp_path), lambda _name: None, 100).mobile(typed)
    assert typed == "" or typed not in str(caught.value)


def test_a_phone_that_stopped_texts_is_sent_none(tmp_path: Path):
    store = a_store(tmp_path)
    store.keep(PHONE, Talk(stopped=True, seen=time.time()))
    queued: list[str] = []
    assert not Outbox(store, queued.append, 100).text_details(PHONE, DETAILS, _)
    assert queued == []


def test_one_number_is_sent_no_more_than_two_a_day_and_all_no_more_than_the_cap(tmp_path: Path):
    queued: list[str] = []
    outbox = Outbox(a_store(tmp_path), queued.append, 3)
    assert [outbox.text_details(PHONE, DETAILS, _) for _try in range(4)] == [True, True, False, False]
    assert [outbox.text_details("+447400123456", DETAILS, _), outbox.text_details("+447400123457", DETAILS, _)] == [True, False]


def test_numbers_only_names_nobody():
    part = details_part(DETAILS, _, numbers_only=True)
    assert part is not None
    assert WORDS not in part.messages[0]
    assert "Call 0808 000 0000" in part.messages[0]


def test_details_take_at_most_three_segments_and_end_with_how_to_stop():
    many = [
        Services(
            tuple(
                ServiceItem(str(n), f"A service of the list, number {n}", "", "", True, None, contacts=DETAILS[0].items[0].contacts)
                for n in range(30)
            )
        )
    ]
    for blocks in (DETAILS, many):
        part = details_part(blocks, _)
        assert part is not None
        assert sum(map(segments, part.messages)) <= 3
        assert "MORE" not in part.messages[0]
    short = details_part(DETAILS, _)
    assert short is not None
    assert short.messages[0].endswith("Text STOP to get no more.")
    assert details_part([Text("x", "")], _) is None


def test_the_last_try_gives_up_quietly(tmp_path: Path):
    store = a_store(tmp_path)
    name = store.put_outbound(PHONE, WORDS, "ref-ref-ref")
    with twilio_stub((500, 20500), (500, 20500)) as stub:
        account = account_of(some_settings(tmp_path, twilio_api_url=stub.address))
        with pytest.raises(SendingError):
            send_waiting(store, account, PUBLIC, name, last_try=False)
        send_waiting(store, account, PUBLIC, name, last_try=True)
    assert store.outbound(name) is None


def test_the_sweep_erases_what_has_had_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store, jobs = a_store(tmp_path), a_queue(tmp_path)
    store.put_outbound(PHONE, WORDS, "ref-ref-ref")
    now = time.time()
    monkeypatch.setattr(sms_store.time, "time", lambda: now + 100 * 3600)
    jobs.sweep.call_local()
    assert rows(store) == []
