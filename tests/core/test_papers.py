"""The papers of a desk: what is on them, in whose words, and what never is."""

from __future__ import annotations

import datetime as dt
import gettext
import json

import pytest

from signpost import papers
from signpost.consent import Consent, ends, items, recipients
from signpost.house import House
from signpost.papers import Account, CallBack, Paper
from signpost.wording import Wording
from tests.builders import NOON, a_house, a_situation, the_knowledge

HOUSE = a_house()
RULES = the_knowledge().consent
TOLD = a_situation(locale="pl", issues=("hate_crime", "violence"), strands=("race",), area="bootle", repeated=True)
MARK = "zebrafinch"
WHOLE = Account(
    words=(f"{MARK} words",),
    notes=(f"{MARK} note",),
    when=f"{MARK} when",
    where=f"{MARK} where",
    why=f"{MARK} why",
    before=f"{MARK} before",
    witnesses=f"{MARK} witness",
    evidence=f"{MARK} evidence",
    needs=f"{MARK} needs",
    name=f"{MARK} name",
)
CALL = CallBack("anthony-walker-foundation", "07700 900123", "morning", False, "heron", "pl")


def agreed(recipient: str, *names: str) -> Consent:
    """A yes to these items for one recipient."""
    consent = Consent()
    for name in names:
        consent = consent.with_answer(recipient, name, "yes", ends(RULES, recipient, NOON))
    return consent


def text_of(paper: Paper) -> str:
    """Every word on a paper."""
    return repr(paper)


@pytest.mark.parametrize("recipient", recipients(RULES))
@pytest.mark.parametrize("item", items(RULES))
def test_a_report_holds_the_items_agreed_to_and_no_other(recipient, item):
    consent = agreed(recipient, item)
    made = papers.report(WHOLE, TOLD, CALL, consent, recipient, HOUSE)
    sent = json.dumps(papers.report_as_json(WHOLE, TOLD, CALL, consent, recipient, HOUSE))
    of = {"name": "name", "what_happened": "words", "strand": "why", "place": "where", "needs": "needs"}
    for other, word in of.items():
        assert (f"{MARK} {word}" in text_of(made)) == (other == item)
        assert (f"{MARK} {word}" in sent) == (other == item)
    assert (CALL.number in text_of(made)) == (item == "contact")
    assert (CALL.number in sent) == (item == "contact")


def test_with_no_consent_a_report_says_nothing_of_the_person():
    assert MARK not in text_of(papers.report(WHOLE, TOLD, CALL, Consent(), "police", HOUSE))
    assert papers.report_as_json(WHOLE, TOLD, CALL, Consent(), "police", HOUSE)["facts"] == {}


def test_an_anonymous_report_says_so_and_holds_no_number():
    consent = agreed("stop_hate_uk", "what_happened", "strand", "place")
    made = papers.report(WHOLE, TOLD, CALL, consent, "stop_hate_uk", HOUSE)
    assert "No name given" in text_of(made)
    assert CALL.number not in text_of(made)
    assert papers.report_as_json(WHOLE, TOLD, CALL, consent, "stop_hate_uk", HOUSE)["anonymous"] is True


def test_a_report_holds_what_a_hate_report_asks_and_says_that_it_keeps_happening():
    consent = agreed("police", *items(RULES))
    quiet = papers.report(Account(words=("x",)), TOLD, None, consent, "police", HOUSE)
    assert "It keeps happening." in text_of(quiet)
    sent = papers.report_as_json(WHOLE, TOLD, None, consent, "police", HOUSE)["facts"]
    assert sent["what_happened"]["repeated"] is True
    assert sent["strand"]["strands"] == ["race"]
    assert sent["place"]["area"] == "bootle"
    assert sent["what_happened"]["own_words"] == [f"{MARK} words"]


def test_the_sheet_has_help_with_numbers_reasons_rights_and_how_to_ask_for_an_interpreter():
    made = papers.sheet(TOLD, HOUSE, CALL, ("stop-hate-uk-merseyside",), "pl")
    services = next(section.services for section in made.sections if section.services)
    routes = next(section.routes for section in made.sections if section.routes)
    assert [service for service in services if service.contacts]
    assert all(service.why or service.id == CALL.service for service in services)
    assert [route.id for route in routes] == ["stop-hate-uk-merseyside", "no-report"]
    assert "stop-hate-uk-merseyside" in [service.id for service in services]
    assert routes[0].contacts == (), "its numbers stand among the services"
    assert "Polish interpreter please" in text_of(made)
    assert "Your rights" in text_of(made)
    assert "heron" in text_of(made)


def test_the_sheet_never_holds_the_persons_own_number():
    assert CALL.number not in text_of(papers.sheet(TOLD, HOUSE, CALL, (), "pl"))
    assert CALL.number not in text_of(papers.neutral_sheet(TOLD, HOUSE, CALL, "pl"))


@pytest.mark.parametrize("strand", ["race", "religion", "disability", "sexual_orientation", "transgender", "sex_worker"])
@pytest.mark.parametrize("issue", ["hate_crime", "domestic_abuse", "sexual_violence", "forced_marriage", "stalking", "modern_slavery"])
def test_the_neutral_sheet_shows_numbers_and_no_harm(strand, issue):
    known = the_knowledge()
    made = papers.neutral_sheet(a_situation(issues=(issue,), strands=(strand,)), HOUSE, CALL, "pl")
    said = text_of(made).lower()
    for word in ("hate", "crime", "abuse", "police", "victim", "report", "rape", "violence", "racis", "sex", "gay", "trans", "http", "www"):
        assert word not in said, word
    for service in known.services.values():
        assert service.name.lower() not in said, service.id
    assert len(made.sections[0].pairs) > 2, "there are numbers on it"


def test_the_receipt_says_yes_and_no_and_not_now_for_each_recipient_and_how_to_take_it_back():
    until = ends(RULES, "stop_hate_uk", NOON)
    consent = agreed("stop_hate_uk", "what_happened").with_answer("stop_hate_uk", "name", "no", until)
    consent = consent.with_answer("stop_hate_uk", "place", "later", until)
    made = papers.receipt(consent, "AAAA-BBBB", until.date(), HOUSE, {})
    assert [label for label, _value in made.sections[0].pairs] == ["Yes", "No", "Not now"]
    assert "AAAA-BBBB" in text_of(made)
    assert "22 December 2026" in text_of(made)


def test_the_question_read_aloud_names_who_and_everything_that_they_would_get():
    said = papers.ask_all("support_service", ("what_happened", "contact"), HOUSE, "anthony-walker-foundation")
    assert "Anthony Walker Foundation" in said
    assert "What happened" in said
    assert "How to reach you" in said


def test_the_diary_has_room_for_what_a_case_review_wants_to_see():
    columns = papers.diary(HOUSE).sections[0].columns
    assert len(columns) == 5
    assert columns[0] == "Date and time"


class Pseudo(gettext.NullTranslations):
    """Every sentence between marks; what is not asked for stays bare and shows."""

    def gettext(self, message: str) -> str:
        return f"\u02d1{message}" if message else ""


def test_no_paper_holds_a_sentence_that_is_not_of_the_catalogue():
    house = House(the_knowledge(), Wording("en-XA", Pseudo()), NOON)
    consent = agreed("support_service", *items(RULES))
    made = [
        papers.sheet(TOLD, house, CALL, ("police-101",), "pl"),
        papers.neutral_sheet(TOLD, house, CALL, "pl"),
        papers.report(Account(), TOLD, CALL, consent, "support_service", house),
        papers.receipt(consent, "AAAA", dt.date(2026, 12, 1), house, {}),
        papers.diary(house),
    ]
    for paper in made:
        said = [paper.title, *paper.foot]
        for section in paper.sections:
            said += [section.title, *section.text, *section.columns, *(label for label, _value in section.pairs)]
        for text in said:
            assert not text or "\u02d1" in text or text.replace(" ", "").isdigit(), text
