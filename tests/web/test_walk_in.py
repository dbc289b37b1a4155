"""A walk-in at the desk: told in two languages, nothing leaves without a yes, nothing stays after the end."""

from __future__ import annotations

import datetime as dt
import io
import re
import time

import pytest

from signpost.consent import receipt_body, receipt_code
from tests.web.console_door import OTHER_CENTRE, someone
from tests.web.walk_in import (
    HELPER,
    MARK,
    NUMBER,
    REPORT,
    TOLD,
    YES_TO_ALL,
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
from web.console.audit import KINDS
from web.console.sittings import UNATTENDED_SECONDS
from web.console.walk_ins import WALK_INS

DANGER = "he is outside the door with a knife"
# Every page of a walk-in that has come to its papers, after `/walk-in/`.
PAGES = (
    "talk",
    "person",
    "choose",
    "agree",
    "sheet",
    "papers/neutral",
    "papers/receipt",
    "reports/stop_hate_uk",
    "reports/stop_hate_uk.json",
    "reports/support_service.json",
    "end",
)


@pytest.fixture
def app(tmp_path):
    return a_walk_in_desk(tmp_path)


@pytest.fixture
def volunteer(app):
    return someone(app)


def gone(app) -> bool:
    """Whether no trace of what was told is in any store."""
    return kept(app) is None and MARK.encode() not in on_disk(app) and NUMBER.encode() not in on_disk(app)


# Talking


def test_every_reply_is_in_both_languages_and_says_the_same_in_both(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    reply = kept(app).turns[-1]
    person, helper = reply["person"], reply["volunteer"]
    assert [block["type"] for block in person] == [block["type"] for block in helper]
    for one, other in zip(person, helper):
        assert [item["id"] for item in one.get("items", ())] == [item["id"] for item in other.get("items", ())]
        assert [item["id"] for item in one.get("options", ())] == [item["id"] for item in other.get("options", ())]
    page = volunteer.client.get("/walk-in/talk").text
    assert 'data-column="person"' in page
    assert 'data-column="volunteer"' in page


def test_a_person_who_reads_the_volunteers_language_gets_one_column(volunteer):
    begin(volunteer, language="en")
    assert 'data-column="volunteer"' not in tell(volunteer).text


def test_the_persons_words_are_kept_as_they_are_and_the_volunteers_are_marked(app, volunteer):
    begin(volunteer)
    words = "  Sąsiad <b>znowu</b> mnie uderzył,\nbo   jestem z Polski! "
    tell(volunteer, words)
    page = tell(volunteer, "she seems afraid to go home", who="volunteer").text
    account = kept(app).told
    assert account.words == (words.strip().replace("\n", "\r\n"),) or account.words == (words.strip(),)
    assert account.notes == ("she seems afraid to go home",)
    assert 'data-who="person"' in page
    assert 'data-who="volunteer"' in page
    assert "<b>znowu" not in page


def test_the_conversation_goes_to_the_engine_as_a_volunteers(app, volunteer, monkeypatch):
    seen = []
    answer = app.extensions["gateway"].turn
    monkeypatch.setattr(app.extensions["gateway"], "turn", lambda message, *rest: seen.append(message) or answer(message, *rest))
    begin(volunteer)
    tell(volunteer)
    assert (seen[0].channel, seen[0].locale_hint) == ("volunteer", "pl")


def test_only_what_the_latest_reply_offers_can_be_chosen(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    before = kept(app)
    volunteer.client.send("/walk-in/say", "/walk-in/talk", choice="give_issue:fraud")
    assert kept(app).turns == before.turns
    volunteer.client.send("/walk-in/say", "/walk-in/talk", choice="show_routes")
    assert len(kept(app).turns) == len(before.turns) + 2


def test_nothing_typed_and_too_much_typed_are_said_and_what_was_typed_stays(volunteer):
    begin(volunteer)
    assert volunteer.client.send("/walk-in/say", "/walk-in/talk", text="  ").status_code == 422
    long = volunteer.client.send("/walk-in/say", "/walk-in/talk", text="x" * 2001)
    assert long.status_code == 422
    assert "x" * 2001 in long.text


def test_the_turned_screen_shows_the_persons_language_alone(volunteer):
    begin(volunteer)
    tell(volunteer)
    page = volunteer.client.get("/walk-in/person").text
    assert 'data-column="volunteer"' not in page
    assert MARK not in page


# Danger


def test_danger_takes_over_the_screen_until_it_is_safe(app, volunteer):
    begin(volunteer)
    page = tell(volunteer, DANGER).text
    assert 'data-stop="dangerous"' in page
    assert 'href="tel:999"' in page
    assert 'id="text"' not in page, "there is nothing else to do on this page"
    for other in ("choose", "sheet", "agree"):
        assert volunteer.client.get(f"/walk-in/{other}").location.endswith("/walk-in/talk")
    volunteer.client.send("/walk-in/safe", "/walk-in/talk")
    assert 'id="text"' in volunteer.client.get("/walk-in/talk").text
    assert kept(app).was_in_danger


@pytest.mark.parametrize(
    ("screen", "number"), [("child", "0151 934 4013"), ("suicide", "116 123"), ("adult", "0345 140 0845"), ("dangerous", "999")]
)
def test_a_volunteer_can_raise_each_stop_screen_and_it_says_whom_to_call(volunteer, screen, number):
    begin(volunteer)
    volunteer.client.send("/walk-in/stop", "/walk-in/talk", screen=screen)
    page = volunteer.client.get("/walk-in/talk").text
    assert f'data-stop="{screen}"' in page
    assert number in page


def test_a_stop_screen_that_does_not_exist_stops_nothing(app, volunteer):
    begin(volunteer)
    for made_up in ("no-motive", "../../etc", ""):
        volunteer.client.send("/walk-in/stop", "/walk-in/talk", screen=made_up)
        assert kept(app).danger is None


# Consent


def test_without_a_yes_nothing_leaves_and_there_is_no_report_to_print(app, volunteer):
    to_the_papers(volunteer, **{"all-stop_hate_uk": "no", "all-support_service": "later"})
    assert app.extensions["asked"] == []
    assert referrals(app) == []
    for recipient in ("stop_hate_uk", "support_service", "police", "made-up"):
        assert volunteer.client.get(f"/walk-in/reports/{recipient}").status_code == 404
        assert volunteer.client.get(f"/walk-in/reports/{recipient}.json").status_code == 404
    assert volunteer.client.get("/walk-in/sheet").status_code == 200, "help does not depend on a yes"


def test_questions_left_unanswered_count_as_no(app, volunteer):
    to_the_papers(volunteer, **{"nothing": "yes"})
    assert app.extensions["asked"] == []
    assert volunteer.client.get("/walk-in/reports/stop_hate_uk").status_code == 404


def test_an_answer_about_one_thing_goes_before_the_answer_about_all(volunteer):
    to_the_papers(volunteer, **YES_TO_ALL, **{"item-stop_hate_uk-what_happened": "no"})
    page = volunteer.client.get("/walk-in/reports/stop_hate_uk")
    assert page.status_code == 200
    assert MARK not in page.text
    sent = volunteer.client.get("/walk-in/reports/stop_hate_uk.json").json
    assert "what_happened" not in sent["facts"]
    assert sent["consent"]["what_happened"] == "no"


def test_a_yes_to_everything_does_not_give_a_number_to_whom_the_report_goes(volunteer):
    to_the_papers(volunteer)
    assert NUMBER not in volunteer.client.get("/walk-in/reports/stop_hate_uk").text
    sent = volunteer.client.get("/walk-in/reports/stop_hate_uk.json").json
    assert sent["anonymous"] is True
    assert "contact" not in sent["facts"]
    assert NUMBER in volunteer.client.get("/walk-in/reports/support_service").text


def test_no_call_is_asked_for_when_the_service_may_not_have_the_number(app, volunteer):
    to_the_papers(volunteer, **YES_TO_ALL, **{"item-support_service-contact": "no"})
    assert app.extensions["asked"] == []
    assert referrals(app) == []


def test_a_report_to_one_is_not_shown_for_another(volunteer):
    to_the_papers(volunteer)
    assert volunteer.client.get("/walk-in/reports/police").status_code == 404


def test_what_the_person_wants_changes_so_everything_is_asked_anew(app, volunteer):
    to_the_papers(volunteer)
    choose(volunteer, route="police-101")
    assert referrals(app) == [], "the call waits for a new yes"
    assert volunteer.client.get("/walk-in/reports/police").status_code == 404
    assert volunteer.client.get("/walk-in/papers/receipt").status_code == 404


def test_someone_under_16_is_asked_less(app, volunteer):
    begin(volunteer, under_16="yes")
    tell(volunteer)
    assert 'name="name"' not in volunteer.client.get("/walk-in/choose").text
    choose(volunteer, name=f"{MARK} name")
    page = volunteer.client.get("/walk-in/agree").text
    assert "-name" not in "".join(re.findall(r'name="(item-[^"]+)"', page))
    assert kept(app).told.name == ""
    agree(volunteer)
    assert f"{MARK} name" not in volunteer.client.get("/walk-in/reports/support_service").text


def test_everything_can_be_taken_back_before_the_end(app, volunteer):
    to_the_papers(volunteer)
    assert len(referrals(app)) == 1
    volunteer.client.send("/walk-in/take-back", "/walk-in/sheet")
    assert referrals(app) == []
    assert volunteer.client.get("/walk-in/reports/stop_hate_uk").status_code == 404


def test_not_reporting_and_no_call_lead_straight_to_the_sheet(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    assert choose(volunteer, route="no-report", service="", number="").location.endswith("/walk-in/sheet")
    assert referrals(app) == []


@pytest.mark.parametrize(
    "fields",
    [{"number": ""}, {"number": "call me"}, {"number": "12"}, {"service": "made-up"}, {"route": [REPORT, "no-report"]}],
)
def test_what_does_not_fit_is_said_beside_its_box_and_nothing_typed_is_lost(app, volunteer, fields):
    begin(volunteer)
    tell(volunteer)
    answered = choose(volunteer, where=f"{MARK} street", **fields)
    assert answered.status_code == 422
    assert f"{MARK} street" in answered.text
    assert kept(app).call is None


# The call-back


def test_a_call_back_is_sealed_and_holds_only_what_was_agreed_to(app, volunteer):
    to_the_papers(volunteer, **{"all-support_service": "yes", "item-support_service-strand": "no"})
    (referral,) = referrals(app)
    assert app.extensions["asked"] == [referral.name]
    assert MARK.encode() not in on_disk(app)
    _shown, content = app.extensions["referrals"].take(referral.name)
    assert content["data"]["facts"]["contact"] == {
        "number": NUMBER,
        "safe_time": "any",
        "voicemail": False,
        "word": "heron",
        "interpreter": "pl",
    }
    assert "strand" not in content["data"]["facts"]
    assert TOLD in content["text"]
    assert "No name given" in content["text"]


def test_the_same_form_sent_twice_asks_for_one_call(app, volunteer):
    to_the_papers(volunteer)
    agree(volunteer)
    assert len(referrals(app)) == 1
    (first,) = referrals(app)
    app.extensions["referrals"].take(first.name)
    app.extensions["referrals"].delivered(first.name)
    agree(volunteer)
    assert [item.state for item in referrals(app)] == ["delivered"]


def test_where_nothing_can_be_sent_the_volunteer_is_told_to_ring(tmp_path):
    app = a_walk_in_desk(tmp_path, route="[]")
    volunteer = someone(app)
    begin(volunteer)
    tell(volunteer)
    choose(volunteer, service="victim-care-merseyside")
    agree(volunteer)
    assert referrals(app) == []
    page = volunteer.client.get("/walk-in/sheet").text
    assert "Ring them together" in page
    assert "0808 175 3080" in page
    assert volunteer.client.get("/walk-in/reports/support_service").status_code == 200


def test_a_volunteer_of_another_centre_sees_and_changes_nothing_of_a_call_back(app, volunteer):
    to_the_papers(volunteer)
    (referral,) = referrals(app)
    other = someone(app, "Bea Holt", centres=(OTHER_CENTRE,))
    assert HELPER not in other.client.get("/").text.replace("anthony-walker", HELPER[:3])
    assert "data-state" not in other.client.get("/").text
    other.client.send(f"/call-backs/{referral.name}/off")
    other.client.send(f"/call-backs/{referral.name}/again")
    assert referrals(app) == [referral]


# The end


def test_the_end_wipes_every_store_but_the_counts_the_audit_and_the_sealed_call(app, volunteer):
    erased = []
    app.extensions["gateway"].erase = lambda token: erased.append(token) or []
    to_the_papers(volunteer)
    token = kept(app).token
    page = volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")
    assert page.status_code == 200
    assert gone(app)
    assert erased == [token]
    assert [item.state for item in referrals(app)] == ["waiting"]


def test_after_the_end_the_old_pages_show_nothing_and_do_nothing(app, volunteer):
    to_the_papers(volunteer)
    token = volunteer.client.token("/walk-in/talk")
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="no")
    calls = len(referrals(app))
    for page in PAGES:
        answered = volunteer.client.get(f"/walk-in/{page}")
        assert answered.status_code == 303, page
        assert answered.location.endswith("/console/"), page
    for page in ("say", "stop", "safe", "choose", "agree", "take-back", "end"):
        data = {"csrf_token": token, "text": TOLD, "route": REPORT, "service": HELPER, "number": NUMBER, "screen": "child", **YES_TO_ALL}
        assert volunteer.client.post(f"/walk-in/{page}", data=data).status_code == 303, page
    assert gone(app)
    assert len(referrals(app)) == calls
    assert counted(app, "walk_in") == 1, "the end counts once"


def counted(app, what: str, value: str = "all") -> int:
    today = dt.date.today()
    rows = app.extensions["register"].counts(today.replace(day=1), today + dt.timedelta(days=1))
    return sum(row.number for row in rows if row.what == what and row.value == value)


def test_no_page_of_a_walk_in_may_be_kept_by_the_browser(volunteer):
    to_the_papers(volunteer)
    for page in PAGES:
        assert volunteer.client.get(f"/walk-in/{page}").headers["Cache-Control"] == "no-store", page


def test_a_new_person_finds_nothing_of_the_one_before(app, volunteer):
    to_the_papers(volunteer)
    begin(volunteer, language="ar")
    assert kept(app).turns == ()
    assert gone_words(app)
    assert MARK not in volunteer.client.get("/walk-in/talk").text
    assert NUMBER not in volunteer.client.get("/walk-in/choose").text


def gone_words(app) -> bool:
    return MARK.encode() not in on_disk(app)


def test_a_walk_in_that_is_left_alone_is_erased(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    walk_ins = app.extensions["walk_ins"]
    walk_ins._clock = lambda: time.time() + UNATTENDED_SECONDS - 5
    assert walk_ins.erase_unattended() == 0
    walk_ins._clock = lambda: time.time() + UNATTENDED_SECONDS + 5
    assert walk_ins.erase_unattended() == 1
    assert gone(app)


def test_signing_out_erases_the_walk_in(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    volunteer.client.send("/sign-out")
    assert gone(app)


def test_a_second_sign_in_erases_the_walk_in_of_the_first(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    second = app.test_client()
    assert second.sign_in(volunteer.name).status_code == 303
    assert gone(app)
    assert MARK not in volunteer.client.get("/walk-in/talk").text
    assert second.get("/walk-in/talk").location.endswith("/console/")


def test_a_locked_desk_shows_nothing_of_the_walk_in_and_keeps_it(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    volunteer.client.send("/lock")
    for page in ("talk", "sheet", "person"):
        assert volunteer.client.get(f"/walk-in/{page}").location.endswith("/console/locked")
    assert kept(app) is not None


# Bad input


def test_no_address_opens_the_walk_in_of_another_volunteer(app, volunteer):
    to_the_papers(volunteer)
    other = someone(app, "Bea Holt")
    for page in PAGES:
        answered = other.client.get(f"/walk-in/{page}")
        assert answered.location.endswith("/console/"), page
        assert MARK not in answered.text
    assert kept(app) is not None


def test_a_form_without_its_token_does_nothing(app, volunteer):
    begin(volunteer)
    tell(volunteer)
    before = kept(app)
    for page in ("say", "stop", "safe", "choose", "agree", "take-back", "end", "begin"):
        assert volunteer.client.post(f"/walk-in/{page}", data={"text": "hello", "screen": "child", "language": "ar"}).status_code == 303
    assert kept(app) == before


def test_a_file_that_is_sent_along_is_kept_nowhere(app, volunteer):
    begin(volunteer)
    token = volunteer.client.token("/walk-in/talk")
    file = (io.BytesIO(MARK.encode() * 50), "photo.jpg")
    data = {"csrf_token": token, "text": "he shouted at me", "who": "person", "upload": file}
    assert volunteer.client.post("/walk-in/say", data=data, content_type="multipart/form-data").status_code == 303
    assert kept(app).told.words == ("he shouted at me",)
    assert MARK.encode() not in on_disk(app)
    big = {"csrf_token": token, "text": "x", "upload": (io.BytesIO(b"x" * 100_000), "film.mp4")}
    assert volunteer.client.post("/walk-in/say", data=big, content_type="multipart/form-data").status_code in (303, 413)
    assert kept(app).told.words == ("he shouted at me",)


def test_a_language_that_does_not_exist_begins_nothing(app, volunteer):
    for made_up in ("", "xx", "../pl"):
        volunteer.client.send("/walk-in/begin", language=made_up)
        assert kept(app) is None


def test_nobody_who_is_not_signed_in_reaches_any_of_it(app):
    stranger = app.test_client()
    for page in ("talk", "person", "choose", "agree", "sheet", "papers/sheet", "reports/police", "reports/police.json", "end"):
        assert "/sign-in" in stranger.get(f"/walk-in/{page}").location


# Receipts


def receipt_of(volunteer) -> str:
    found = re.search(r">([A-Z2-7]{4}(?:-[A-Z2-7]{4}){7})<", volunteer.client.get("/walk-in/papers/receipt").text)
    assert found
    return found.group(1)


def ended_with_a_receipt(volunteer) -> str:
    to_the_papers(volunteer)
    code = receipt_of(volunteer)
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")
    return code


def test_a_receipt_says_what_was_agreed_when_every_store_is_empty(volunteer):
    code = ended_with_a_receipt(volunteer)
    page = volunteer.client.send("/receipt", "/receipt", code=code.lower().replace("-", " "))
    assert page.status_code == 200
    assert "Stop Hate UK" in page.text
    assert MARK not in page.text


def test_a_receipt_takes_the_call_back_once_and_never_again(app, volunteer):
    code = ended_with_a_receipt(volunteer)
    assert len(referrals(app)) == 1
    done = volunteer.client.send("/receipt", "/receipt", code=code, take_back="yes")
    assert done.status_code == 200
    assert referrals(app) == []
    assert volunteer.client.send("/receipt", "/receipt", code=code, take_back="yes").status_code == 422


def test_a_forged_receipt_is_refused_and_takes_nothing_back(app, volunteer):
    code = ended_with_a_receipt(volunteer)
    for place in (0, 3, 20, 38):
        sign = "A" if code[place] != "A" else "B"
        forged = code[:place] + sign + code[place + 1 :]
        assert volunteer.client.send("/receipt", "/receipt", code=forged, take_back="yes").status_code == 422
    receipt = app.extensions["receipts"].read(code)
    body = receipt_body(receipt, app.extensions["facts"].consent)
    assert volunteer.client.send("/receipt", "/receipt", code=receipt_code(body, b"\0" * 7)).status_code == 422
    assert volunteer.client.send("/receipt", "/receipt", code="").status_code == 422
    assert len(referrals(app)) == 1


def test_a_receipt_that_is_over_says_so(app, volunteer):
    from dataclasses import replace

    code = ended_with_a_receipt(volunteer)
    receipts = app.extensions["receipts"]
    old = replace(receipts.read(code), until=dt.date.today() - dt.timedelta(days=1))
    body = receipt_body(old, app.extensions["facts"].consent)
    page = volunteer.client.send("/receipt", "/receipt", code=receipt_code(body, receipts._seals(body)[0]))
    assert "It ended on" in page.text
    assert 'value="yes"' not in page.text


def test_a_receipt_opens_nothing_for_the_next_person(app, volunteer):
    code = ended_with_a_receipt(volunteer)
    begin(volunteer)
    tell(volunteer)
    choose(volunteer)
    volunteer.client.send("/walk-in/agree", "/walk-in/agree", code=code)
    assert len(referrals(app)) == 1, "only the one that the receipt is of"
    assert volunteer.client.get("/walk-in/reports/stop_hate_uk").status_code == 404


# Counting


def test_a_walk_in_is_counted_without_a_word_or_a_number(app, volunteer):
    to_the_papers(volunteer)
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="partly")
    for what, value in [
        ("walk_in", "all"), ("language", "pl"), ("strand", "race"), ("route", REPORT), ("referral", "yes"),
        ("outcome", "report_and_referral"), ("face", "partly"),
    ]:  # fmt: skip
        assert counted(app, what, value) == 1, what


def test_danger_is_counted_as_an_emergency(app, volunteer):
    begin(volunteer)
    tell(volunteer, DANGER)
    volunteer.client.send("/walk-in/end", "/walk-in/talk")
    assert counted(app, "outcome", "emergency") == 1


def test_a_need_that_nobody_here_can_meet_is_listed(app, volunteer):
    begin(volunteer, language="lv")
    tell(volunteer, "someone keeps shouting at me because of my religion")
    volunteer.client.send("/walk-in/end", "/walk-in/end")
    today = dt.date.today()
    rows = app.extensions["register"].counts(today.replace(day=1), today + dt.timedelta(days=1))
    assert [row for row in rows if row.what == "unmet"]


def test_the_audit_says_what_was_done_and_nothing_of_what_was_said(app, volunteer):
    to_the_papers(volunteer)
    volunteer.client.send("/walk-in/end", "/walk-in/end", face="yes")
    kinds = [row.kind for row in app.extensions["audit"].rows()]
    assert {"walk_in.began", "consent.given", "receipt.made", "referral.asked", "walk_in.ended"} <= set(kinds) <= set(KINDS)
    assert app.extensions["audit"].broken() is None


def test_the_sweep_erases_what_was_left_alone_in_the_desk_and_in_the_engine(app, volunteer, monkeypatch):
    from web.gateway import Gateway
    from web.jobs import make_jobs

    begin(volunteer)
    tell(volunteer)
    token = kept(app).token
    erased = []
    monkeypatch.setattr(Gateway, "erase", lambda self, token: erased.append(token) or [])
    jobs = make_jobs(app.extensions["settings"], app.extensions["folder"])
    jobs.sweep.call_local()
    assert erased == [], "someone is there"
    with app.extensions["engine"].begin() as connection:
        connection.execute(WALK_INS.update().values(expires=1))
    jobs.sweep.call_local()
    assert erased == [token]
    assert gone(app)
