"""A marked number and a marked sentence go through every door for texts and are found nowhere afterwards."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from signpost.model import Message, Situation
from tests.web.sms_line import LINE, PUBLIC, CoreGateway, Phone, a_text, an_app, signed, some_settings
from tests.web.twilio_stub import twilio_stub
from web.gateway import Answer
from web.jobs import make_jobs
from web.public.outbox import Outbox
from web.public.sms_talk import Texting

NUMBER = "+447911987654"
MARK = "quibblefrotz"
SENTENCE = f"my neighbour {MARK} spits at me because i am polish"
MARKS = (NUMBER, NUMBER[1:], "07911987654", "7911987654", MARK)


class BreakingGateway(CoreGateway):
    """Breaks with the words and the number in the error, as badly as a library could."""

    def turn(self, message: Message, token: str, situation: Situation) -> Answer:
        raise RuntimeError(f"{message.text} {NUMBER}")


def test_a_marked_number_and_sentence_are_in_no_log_database_or_exception(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level(logging.DEBUG)
    app = an_app(tmp_path)
    phone = Phone(app.test_client(), NUMBER)
    for text in (SENTENCE, "1", "MORE", f"{MARK} he has a knife", "HELP", "who is this", SENTENCE, "SAFE", SENTENCE):
        phone.text(text)
    phone.post(a_text(SENTENCE, NUMBER, NumMedia="1", MediaUrl0=f"https://example.org/{MARK}"))
    app.test_client().post("/sms", data=a_text(SENTENCE, NUMBER), headers={"X-Twilio-Signature": MARK})
    status = {"MessageSid": "SM1", "MessageStatus": MARK, "ErrorCode": MARK, "To": NUMBER, "From": LINE, "Body": SENTENCE}
    app.test_client().post(f"/sms/status?ref={MARK}", data=status, headers=signed(status, f"{PUBLIC}/sms/status?ref={MARK}"))

    broken = Phone(an_app(tmp_path, BreakingGateway()).test_client(), NUMBER)
    broken.text(SENTENCE)
    monkeypatch.setattr(Texting, "answer", lambda *_given: (_ for _ in ()).throw(ValueError(f"{SENTENCE} {NUMBER}")))
    assert "999" in broken.text(SENTENCE)[0]

    with twilio_stub((400, 21211), (503, 20503)) as stub:
        jobs = make_jobs(some_settings(tmp_path, twilio_api_url=stub.address), tmp_path)
        for _try in range(2):
            jobs.deliver(app.extensions["sms"].store.put_outbound(NUMBER, SENTENCE, f"ref-{_try}-ref-ref"))
        while (task := jobs.queue.dequeue()) is not None:
            jobs.queue.execute(task)
        assert len(stub.requests) == 2
    with pytest.raises(Exception, match=r"^$") as caught:
        Outbox(app.extensions["sms"].store, print, 9).mobile(f"{MARK} {NUMBER} x")
    assert not any(mark in repr(caught.value) + repr(caught.value.__cause__) for mark in MARKS)

    printed = capfd.readouterr()
    written = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(name.startswith("web.db") for name in written)
    assert "jobs.db" in written
    for mark in MARKS:
        assert mark not in printed.out + printed.err
        assert mark not in caplog.text
        assert not [name for name, held in written.items() if mark.encode() in held]
