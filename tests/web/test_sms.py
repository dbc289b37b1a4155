"""The webhook: who may speak to it, that nothing happens twice, and what it says to whom."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from signpost.model import Message, Situation
from signpost.segments import segments
from tests.web.sms_line import LINE, PHONE, PUBLIC, TOKEN, Clock, CoreGateway, Phone, a_text, an_app, messages_in, signed
from web.gateway import Answer
from web.public import sms, sms_store
from web.public.twilio.signature import sign

TOLD = "my neighbour keeps calling me a paki and spits at my door"
DANGER = "he has a knife and he is here now"
HARM = re.compile(r"hate|crime|abuse|victim|police|violen|report|race|religio|target|neighbour|weapon|refuge|stalk", re.IGNORECASE)


@pytest.fixture
def gateway() -> CoreGateway:
    return CoreGateway()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, gateway: CoreGateway, clock: Clock) -> Iterator[Flask]:
    made = an_app(tmp_path, gateway, clock)
    yield made
    made.extensions["conversations"].store.engine.dispose()


@pytest.fixture
def phone(app: Flask) -> Phone:
    return Phone(app.test_client())


# Who may speak.


def test_a_request_signed_by_twilio_is_answered_in_twiml(phone: Phone):
    answered = phone.post(a_text("hello"))
    assert answered.status_code == 200
    assert answered.mimetype == "text/xml"
    assert len(messages_in(answered.data)) == 1


def test_an_unsigned_request_is_refused(app: Flask, gateway: CoreGateway):
    assert app.test_client().post("/sms", data=a_text(TOLD)).status_code == 403
    assert gateway.turns == []


def test_a_forged_signature_is_refused(app: Flask, gateway: CoreGateway):
    fields = a_text(TOLD)
    for header in (signed(fields, token="another-token"), {"X-Twilio-Signature": "x"}, {"X-Twilio-Signature": ""}):
        assert app.test_client().post("/sms", data=fields, headers=header).status_code == 403
    assert gateway.turns == []


@pytest.mark.parametrize(
    "change", [{"Body": "other"}, {"From": "+447700900999"}, {"NumMedia": "1"}, {"Extra": ""}, {"MessageSid": "SMother"}]
)
def test_a_changed_or_added_field_is_refused(app: Flask, change: dict[str, str]):
    fields = a_text(TOLD)
    assert app.test_client().post("/sms", data={**fields, **change}, headers=signed(fields)).status_code == 403


def test_a_missing_field_is_refused(app: Flask):
    fields = a_text(TOLD)
    sent = {key: value for key, value in fields.items() if key != "To"}
    assert app.test_client().post("/sms", data=sent, headers=signed(fields)).status_code == 403


def test_a_field_sent_twice_is_refused(app: Flask):
    fields = a_text("hello")
    data = [*fields.items(), ("Body", "hello")]
    from urllib.parse import urlencode

    answered = app.test_client().post(
        "/sms", data=urlencode(data), headers=signed(fields), content_type="application/x-www-form-urlencoded"
    )
    assert answered.status_code == 403


def test_a_signature_over_another_address_is_refused(app: Flask):
    fields = a_text(TOLD)
    for url in (
        "https://evil.example.org/sms",
        "http://help.example.org/sms",
        f"{PUBLIC}/sms/",
        f"{PUBLIC}/sms?a=1",
        f"{PUBLIC}/sms/status",
    ):
        assert app.test_client().post("/sms", data=fields, headers=signed(fields, url)).status_code == 403


def test_the_address_is_the_public_one_whatever_the_request_says_of_itself(app: Flask):
    fields = a_text(TOLD)
    forged = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "http"}
    evil = signed(fields, "https://evil.example.org/sms")
    assert app.test_client().post("/sms", data=fields, headers={**forged, **evil}).status_code == 403
    assert app.test_client().post("/sms", data=a_text("x"), headers={**forged, **signed(fields)}).status_code == 403
    assert app.test_client().post("/sms", data=fields, headers={**forged, **signed(fields)}).status_code == 200


def test_a_query_is_part_of_the_address(app: Flask):
    fields = a_text("hello")
    url = f"{PUBLIC}/sms?place=sefton&x=%20y"
    assert app.test_client().post("/sms?place=sefton&x=%20y", data=fields, headers=signed(fields, url)).status_code == 200


def test_spaces_and_empty_fields_are_signed_as_they_are(phone: Phone):
    assert phone.post(a_text("  hello \n", Empty="", FromCity=" Bootle ")).status_code == 200


def test_without_a_token_every_text_is_refused(tmp_path: Path):
    client = an_app(tmp_path, twilio_auth_token="").test_client()
    fields = a_text(TOLD)
    for path in ("/sms", "/sms/status"):
        assert client.post(path, data=fields, headers=signed(fields, PUBLIC + path)).status_code == 403
        assert client.post(path, data=fields, headers=signed(fields, PUBLIC + path, token="x")).status_code == 403


def test_status_reports_must_be_signed_too(app: Flask):
    fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": PHONE, "From": LINE}
    client = app.test_client()
    assert client.post("/sms/status", data=fields).status_code == 403
    assert client.post("/sms/status", data=fields, headers=signed(fields)).status_code == 403
    assert client.post("/sms/status", data=fields, headers=signed(fields, f"{PUBLIC}/sms/status")).status_code == 204


def test_another_method_or_type_is_not_taken(app: Flask):
    client = app.test_client()
    assert client.get("/sms").status_code == 405
    assert client.post("/sms", json=a_text("hello"), headers=signed({})).status_code == 403


def test_our_own_signing_is_the_one_that_twilio_checks():
    fields = a_text("hello")
    assert {"X-Twilio-Signature": sign(TOKEN, f"{PUBLIC}/sms", fields)} == signed(fields)


@pytest.mark.parametrize("sender", ["60075", "AMAZON", "", "whatsapp:+447700900123", "+123", LINE])
def test_short_codes_named_senders_and_our_own_number_are_left_alone(app: Flask, gateway: CoreGateway, sender: str):
    answered = Phone(app.test_client(), sender).post(a_text("You have won", sender))
    assert answered.status_code == 200
    assert messages_in(answered.data) == []
    assert gateway.turns == []


# Nothing happens twice.


def test_a_repeated_delivery_gets_the_same_answer_and_no_second_turn(phone: Phone, gateway: CoreGateway):
    fields = a_text(TOLD)
    first, second = phone.post(fields), phone.post(fields)
    assert first.data == second.data
    assert len(gateway.turns) == 1


def test_the_same_delivery_twenty_times_at_once_over_two_apps_yields_one_turn_and_equal_answers(tmp_path: Path):
    class SlowGateway(CoreGateway):
        def turn(self, message: Message, token: str, situation: Situation) -> Answer:
            time.sleep(0.3)
            return super().turn(message, token, situation)

    gateway = SlowGateway()
    # Two apps on one database stand for two processes: they share nothing in memory but the counting gateway.
    apps = [an_app(tmp_path, gateway), an_app(tmp_path, gateway)]
    fields = a_text(TOLD)

    def deliver(number: int) -> bytes:
        answered = Phone(apps[number % 2].test_client()).post(fields)
        assert answered.status_code == 200
        return answered.data

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(deliver, range(20)))
    assert len(gateway.turns) == 1
    assert len(set(answers)) == 1
    assert messages_in(answers[0])


def test_a_replayed_request_is_refused_after_a_while(phone: Phone, gateway: CoreGateway, monkeypatch: pytest.MonkeyPatch):
    fields = a_text(TOLD)
    phone.post(fields)
    now = time.time()
    monkeypatch.setattr(sms_store.time, "time", lambda: now + 3600)
    assert phone.post(fields).status_code == 403
    assert len(gateway.turns) == 1


def test_a_delivery_whose_process_died_is_answered_by_the_next(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch):
    fields = a_text(TOLD)
    store = app.extensions["sms"].store
    assert store.claim(fields["MessageSid"], PHONE, 0).mine
    now = time.time()
    monkeypatch.setattr(sms_store.time, "time", lambda: now + 60)
    assert phone.post(fields).status_code == 200
    assert messages_in(phone.post(fields).data)


def test_two_texts_of_one_phone_at_once_are_answered_one_after_the_other(tmp_path: Path, gateway: CoreGateway):
    app = an_app(tmp_path, gateway)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: Phone(app.test_client()).text(text), [TOLD, "it was last night", "in bootle", "I am scared"]))
    assert all(answers)
    talk = app.extensions["sms"].store.find(PHONE)
    assert talk.situation["turns"] == 4


# In time, and whatever breaks.


def test_the_core_answers_when_the_engine_is_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class LateGateway(CoreGateway):
        def turn(self, message: Message, token: str, situation: Situation) -> Answer:
            time.sleep(2)
            raise AssertionError

    monkeypatch.setattr(sms, "TURN_SECONDS", 0.1)
    began = time.monotonic()
    said = Phone(an_app(tmp_path, LateGateway()).test_client()).text(DANGER)
    assert time.monotonic() - began < 2
    assert "999" in said[0]


def test_the_longest_wait_leaves_time_before_ten_seconds():
    assert sms.HOLD_SECONDS + sms.TURN_SECONDS < 9
    assert sms.REPEAT_SECONDS < 9


def test_the_core_answers_when_the_gateway_breaks(tmp_path: Path):
    class BrokenGateway(CoreGateway):
        def turn(self, message: Message, token: str, situation: Situation) -> Answer:
            raise KeyError("plain")

    assert Phone(an_app(tmp_path, BrokenGateway()).test_client()).text(TOLD)


def test_a_store_that_is_down_costs_nobody_the_answer(phone: Phone, app: Flask):
    with app.extensions["conversations"].store.engine.begin() as connection:
        for table in sms_store.metadata.sorted_tables:
            connection.execute(sa.text(f"DROP TABLE {table.name}"))
    assert "999" in phone.text(DANGER)[0]


def test_a_fault_is_met_with_the_emergency_line(tmp_path: Path, gateway: CoreGateway):
    app = an_app(tmp_path, gateway)
    app.extensions["sms"] = None
    app.extensions["sms"] = sms.SmsDoor(app.extensions["settings"], None, None, Clock())  # type: ignore[arg-type]
    assert "call 999" in Phone(app.test_client()).text(TOLD)[0]


# What is said.


def test_the_first_answer_is_one_segment_useful_neutral_and_asks_if_the_phone_is_safe(phone: Phone):
    for text in (TOLD, "hello", "I was raped", "someone hacked my account", "can I report without my name"):
        said = Phone(phone.client, f"+4477009{len(text):05d}").text(text)
        assert len(said) == 1
        assert segments(said[0]) == 1
        assert "0808 175 3080" in said[0]
        assert "safe" in said[0]
        assert not HARM.search(said[0])


def test_at_night_the_first_answer_gives_a_number_that_answers_then(phone: Phone, clock: Clock):
    clock.later(hours=14)
    assert "0808 168 9111" in phone.text(TOLD)[0]


def test_in_danger_the_emergency_line_comes_first_alone_and_in_one_segment(phone: Phone):
    said = phone.text(DANGER)
    assert said[0].startswith("If you are in danger, call 999 now.")
    assert segments(said[0]) == 1
    assert "?" not in " ".join(said)
    assert not HARM.search(" ".join(said))


def test_details_come_once_the_person_says_that_the_phone_is_safe(phone: Phone):
    phone.text(TOLD)
    said = " ".join(phone.text("1"))
    assert "It sounds like" in said
    assert "Stop Hate UK" in said or "Anthony Walker" in said or "Victim Care" in said


@pytest.mark.parametrize(
    "answer", ["1", "1.", "١", "۱", "௧", "１", "safe", "SAFE", "yes", "it's safe", "Yes it's safe!", "ok", "send details"]
)
def test_that_it_is_safe_can_be_said_by_digit_or_word(phone: Phone, answer: str):
    phone.text(TOLD)
    assert "It sounds like" in " ".join(phone.text(answer))


@pytest.mark.parametrize("answer", ["3", "no", "not safe", "its not safe", "unsafe", "٣"])
def test_when_it_is_not_safe_nothing_more_is_sent_and_nothing_remembered(phone: Phone, answer: str):
    phone.text(TOLD)
    said = phone.text(answer)
    assert len(said) == 1
    assert not HARM.search(said[0])
    assert "0808 175 3080" in said[0]
    assert not HARM.search(" ".join(phone.text("1")))


def test_until_it_is_said_to_be_safe_details_wait_however_much_is_told(phone: Phone):
    for text in (TOLD, "it happened again", "she called me names because I am black", "who can help"):
        assert not HARM.search(" ".join(phone.text(text)))


def test_the_discreet_way_names_no_service_and_no_harm(phone: Phone):
    phone.text("my husband hits me")
    for text in ("2", "more", "who can help", "I want to talk to a person", "can I report without my name"):
        said = phone.text(text)
        assert said
        assert re.search(r"\d{3}", " ".join(said))
        assert not HARM.search(" ".join(said))


def test_the_discreet_way_can_be_chosen_later_and_left_again(phone: Phone):
    phone.text(TOLD)
    phone.text("1")
    phone.text("PLAIN")
    assert not HARM.search(" ".join(phone.text(TOLD)))
    phone.text("SAFE")
    assert HARM.search(" ".join(phone.text(TOLD)))


def test_more_gives_the_rest_and_a_reply_is_never_more_than_three_segments(phone: Phone):
    phone.text(TOLD)
    said = phone.text("1")
    replies = [said]
    while "Text MORE for more." in " ".join(said):
        said = phone.text("More")
        replies.append(said)
    assert len(replies) > 1
    assert "Not report" in " ".join(message for reply in replies for message in reply)
    assert all(sum(map(segments, reply)) <= 3 for reply in replies)


def test_more_after_danger_tells_what_to_do(phone: Phone):
    phone.text(DANGER)
    said = " ".join(phone.text("MORE"))
    assert "999" in said
    assert "kitchen" in said or "weapon" in said


def test_a_choice_is_taken_by_digit_in_any_script_and_by_word(phone: Phone, gateway: CoreGateway):
    for answer in ("٢", "who can help"):
        one = Phone(phone.client, f"+44770090{len(answer):04d}")
        one.text("hello")
        said = one.text("1")
        assert "2 Who can help" in " ".join(said)
        one.text(answer)
        assert gateway.turns[-1][0].choice == "show_services"


def test_a_digit_with_nothing_to_choose_is_not_guessed(phone: Phone, gateway: CoreGateway):
    phone.text(DANGER)
    phone.text("1")
    turns = len(gateway.turns)
    assert "which choice" in phone.text("4")[0]
    assert len(gateway.turns) == turns


def test_the_person_word_gives_a_number_at_once(phone: Phone):
    assert "0808 175 3080" in " ".join(phone.text("HUMAN"))


def test_the_language_word_is_answered_though_nothing_is_known_yet(phone: Phone):
    said = " ".join(phone.text("LANGUAGE"))
    assert "language" in said.casefold()
    assert not HARM.search(said)


@pytest.mark.parametrize(
    "asked", ["who is this?", "Who's this", "who are you", "Who’s this??", "what is this number", "why are you texting her?"]
)
def test_someone_else_with_the_phone_learns_what_the_number_is_and_nothing_else(phone: Phone, asked: str):
    phone.text(TOLD)
    phone.text("1")
    said = phone.text(asked)
    assert said == ["This is an automatic text line for local information. No person reads these texts."]
    for text in ("MORE", "1", "yes", "tell me what it was about", "show me everything", "2"):
        assert phone.text(text) == ["You can call 0808 175 3080 about anything. In danger, call 999."]


def test_danger_is_answered_while_someone_else_may_hold_the_phone(phone: Phone):
    phone.text(TOLD)
    phone.text("who is this")
    assert phone.text(DANGER)[0].startswith("If you are in danger, call 999 now.")


def test_the_person_can_go_on_after_someone_else_asked(phone: Phone, clock: Clock):
    phone.text(TOLD)
    phone.text("who is this")
    phone.text("SAFE")
    assert "It sounds like" in " ".join(phone.text(TOLD))
    phone.text("who is this")
    clock.later(hours=2)
    phone.text(TOLD)
    assert "It sounds like" in " ".join(phone.text("1"))


def test_when_the_phone_is_watched_numbers_alone_are_sent_from_then_on(phone: Phone):
    phone.text(TOLD)
    phone.text("1")
    for text in ("he checks my phone", TOLD, "who can help"):
        said = " ".join(phone.text(text))
        assert re.search(r"\d{3}", said)
        assert not HARM.search(said)
    phone.text("SAFE")
    assert "It sounds like" in " ".join(phone.text(TOLD))


def test_a_long_silence_starts_afresh(phone: Phone, clock: Clock, gateway: CoreGateway):
    phone.text(TOLD)
    assert HARM.search(" ".join(phone.text("1")))
    clock.later(hours=7)
    assert not HARM.search(" ".join(phone.text("MORE")))
    assert not HARM.search(" ".join(phone.text("what did you say")))
    assert gateway.erased


def test_a_short_silence_goes_on(phone: Phone, clock: Clock):
    phone.text(TOLD)
    clock.later(hours=2)
    assert "It sounds like" in " ".join(phone.text("1"))


@pytest.mark.parametrize("word", ["ERASE", "wipe", "Forget me", "erase this"])
def test_the_wipe_word_leaves_nothing_behind(phone: Phone, app: Flask, gateway: CoreGateway, word: str):
    phone.text(TOLD)
    phone.text("1")
    said = phone.text(word)
    assert said == ["Done. I have wiped this chat. Delete these texts from your phone too if you need to."]
    assert gateway.erased
    with app.extensions["conversations"].store.engine.connect() as connection:
        assert connection.execute(sa.select(sms_store.TALKS)).all() == []
        names = app.extensions["keys"].names("sms", PHONE)
        kept = connection.execute(sa.select(sms_store.MESSAGES)).all()
    assert not any(row.talk in names for row in kept)
    assert sum(bool(row.sealed) for row in kept) == 1
    assert not HARM.search(" ".join(phone.text("1")))


def test_a_picture_is_met_kindly_and_not_fetched(phone: Phone, gateway: CoreGateway):
    said = phone.text("", NumMedia="1", MediaUrl0="https://api.twilio.com/media/1", MediaContentType0="image/jpeg")
    assert "cannot open pictures" in said[0]
    assert gateway.turns == []


def test_words_sent_with_a_picture_are_answered(phone: Phone, gateway: CoreGateway):
    assert "999" in phone.text(DANGER, NumMedia="1", MediaUrl0="https://api.twilio.com/media/1")[0]
    assert len(gateway.turns) == 1


def test_no_reply_asks_a_bare_yes_or_no(phone: Phone):
    for text in (TOLD, "1", "MORE", "hello", "PLAIN", "HELP", "who can help"):
        assert not re.search(r"\byes or no\b|\(y/n\)|reply yes|text yes", " ".join(phone.text(text)), re.IGNORECASE)


# Words of the carriers.


@pytest.mark.parametrize("word", ["STOP", "stop", "Stopall", "UNSUBSCRIBE", "cancel", "END", "quit", "REVOKE", "OPTOUT"])
def test_after_stop_nothing_is_sent_until_start(phone: Phone, gateway: CoreGateway, word: str):
    phone.text(TOLD)
    assert "START" in phone.text(word)[0]
    turns = len(gateway.turns)
    for text in (TOLD, "MORE", "1", "HUMAN", DANGER):
        assert phone.text(text) == []
    assert len(gateway.turns) == turns
    assert "call 999" in phone.text("START")[0]
    assert phone.text(TOLD)


def test_on_a_number_whose_service_answers_stop_itself_we_are_silent(tmp_path: Path):
    phone = Phone(an_app(tmp_path, twilio_sender="long_code").test_client())
    phone.text(TOLD)
    assert phone.text("STOP") == []
    assert phone.text(TOLD) == []
    assert phone.text("UNSTOP") == []
    assert phone.text(TOLD)


def test_the_opt_out_type_counts_whatever_the_word(phone: Phone):
    phone.text(TOLD)
    assert phone.text("zatrzymaj", OptOutType="STOP") == []
    assert phone.text(TOLD) == []
    assert phone.text("dalej", OptOutType="START") == []
    assert phone.text(TOLD)
    assert "999" in phone.text("pomoc", OptOutType="HELP")[0]


def test_help_alone_gets_the_emergency_line_on_every_kind_of_number(tmp_path: Path):
    for number, sender in enumerate(("long_code", "messaging_service", "toll_free", "short_code", "unmanaged")):
        phone = Phone(an_app(tmp_path, twilio_sender=sender).test_client(), f"+44770090{number:04d}")
        for word in ("HELP", "help!", "INFO"):
            said = phone.text(word)
            assert said[0].startswith("In danger, call 999.")
            assert segments(said[0]) == 1


def test_stop_in_a_sentence_is_not_stop(phone: Phone):
    assert phone.text("make him stop please")


def test_stop_forgets_what_was_told(phone: Phone, app: Flask):
    phone.text(TOLD)
    phone.text("STOP")
    talk = app.extensions["sms"].store.find(PHONE)
    assert talk.stopped
    assert talk.situation == {}
    assert talk.held == []


# Abuse.


def test_a_flood_from_one_phone_is_calmed_once_and_then_not_answered(phone: Phone, app: Flask):
    replies = [phone.text(f"text number {number} of many") for number in range(sms.PER_FIVE_MINUTES + 5)]
    assert all(replies[: sms.PER_FIVE_MINUTES])
    assert "wait a few minutes" in replies[sms.PER_FIVE_MINUTES][0]
    assert "999" in replies[sms.PER_FIVE_MINUTES][0]
    assert replies[sms.PER_FIVE_MINUTES + 1 :] == [[]] * 4
    assert Phone(app.test_client(), "+447700900777").text("hello")


def test_stop_is_honoured_in_the_middle_of_a_flood(phone: Phone, app: Flask):
    for number in range(sms.PER_FIVE_MINUTES + 3):
        phone.text(f"text number {number} of many")
    assert "START" in phone.text("STOP")[0]
    assert app.extensions["sms"].store.find(PHONE).stopped
    assert phone.text("STOP") == []


def test_two_machines_that_answer_each_other_fall_silent(phone: Phone):
    said = [phone.text("I am driving and will reply later") for _ in range(8)]
    assert said[-3:] == [[], [], []]


def test_a_machine_that_repeats_our_words_gets_no_answer(phone: Phone):
    said = phone.text("hello there")
    assert phone.text(said[0]) == []


def test_a_person_who_repeats_that_they_are_in_danger_is_always_answered(phone: Phone):
    for _ in range(8):
        assert "999" in phone.text(DANGER)[0]


def test_the_daily_cap_stops_all_but_the_emergency_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    app = an_app(tmp_path, sms_daily_cap=3)
    replies = [Phone(app.test_client(), f"+44770090{number:04d}").text("hello") for number in range(5)]
    assert [bool(reply) for reply in replies] == [True, True, True, False, False]
    said = Phone(app.test_client(), "+447700900888").text(DANGER)
    assert len(said) == 1
    assert "999" in said[0]
    printed = capfd.readouterr()
    assert "sms.daily_cap_reached" in printed.out + printed.err


def test_what_is_remembered_has_an_end(app: Flask, phone: Phone, monkeypatch: pytest.MonkeyPatch):
    phone.text(TOLD)
    store = app.extensions["sms"].store
    now = time.time()
    monkeypatch.setattr(sms_store.time, "time", lambda: now + 73 * 3600)
    assert store.find(PHONE) is None
    assert store.erase_expired() > 0
    with app.extensions["conversations"].store.engine.connect() as connection:
        for table in sms_store.metadata.sorted_tables:
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_a_rotated_key_still_finds_a_phone_and_renames_it(tmp_path: Path, gateway: CoreGateway):
    Phone(an_app(tmp_path, gateway).test_client()).text(TOLD)
    app = an_app(tmp_path, gateway, secret_key="n" * 40 + "," + "s" * 40)
    assert "It sounds like" in " ".join(Phone(app.test_client()).text("1"))
    with app.extensions["conversations"].store.engine.connect() as connection:
        rows: list[Any] = connection.execute(sa.select(sms_store.TALKS.c.name)).all()
    assert [row.name for row in rows] == [app.extensions["keys"].name("sms", PHONE)]
