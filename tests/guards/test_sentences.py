"""No sentence is hard-coded: in a made-up locale every word that a person reads is changed."""

from __future__ import annotations

import gettext
import re

import pytest

from signpost.decision import TOPICS
from signpost.house import House
from signpost.model import ISSUES, STRANDS, Alert, Question, Routes, Services, Text
from signpost.turn import answer_reading
from signpost.wording import Wording
from tests.builders import NOON, a_reading, a_situation, the_knowledge
from tools.translations import CONSOLE, DOMAINS, extracted, placeholders, sentences, stale

MARK = "\u02d1"


class Pseudo(gettext.NullTranslations):
    """Every sentence between marks; what is not asked for stays bare and shows."""

    def gettext(self, message: str) -> str:
        return f"{MARK}{message}{MARK}" if message else ""

    def ngettext(self, one: str, many: str, number: int) -> str:
        return self.gettext(one if number == 1 else many)


HOUSE = House(the_knowledge(), Wording("en-XA", Pseudo()), NOON)
NAMES = {service.name for service in the_knowledge().services.values()} | {area.label for area in the_knowledge().areas.values()}
NAMES |= {entry["name"] for entry in the_knowledge().languages.values()}
# Days and times come from CLDR, not from the catalogues.
PLAIN = re.compile(r"[\W\d]*\Z")


def said(block: object) -> list[str]:
    if isinstance(block, Text):
        return [block.text, block.short or ""]
    if isinstance(block, Alert):
        return [block.text, *block.steps, *(action.label for action in block.actions)]
    if isinstance(block, Question):
        return [block.text, *(option.label for option in block.options)]
    if isinstance(block, Routes):
        texts = [block.title]
        for item in block.items:
            texts += [item.name, item.who_sees_it, item.what_happens_next, item.can_change_mind]
        return texts
    assert isinstance(block, Services)
    texts = [block.title]
    for service in block.items:
        texts += [service.description, service.why, service.hours or "", service.opens_next or "", service.reach or "", service.cost or ""]
    return texts


def hard_coded(text: str) -> bool:
    return bool(text) and text not in NAMES and MARK not in text and not PLAIN.match(text)


INTENTS = [*TOPICS, *the_knowledge().answers]


@pytest.mark.parametrize("intent", INTENTS)
def test_every_topic_speaks_only_from_the_catalogue(intent):
    for situation in (a_situation(), a_situation(issues=("hate_crime", "asb"), strands=("race",), who="neighbour", repeated=True)):
        turn = answer_reading(a_reading(intent, ("hate_crime",), ("race",), language="pl"), situation, HOUSE)
        assert turn.reply
        for block in turn.reply:
            assert [text for text in said(block) if hard_coded(text)] == []


@pytest.mark.parametrize("issue", ISSUES)
def test_every_harm_speaks_only_from_the_catalogue(issue):
    for risk in ("none", "soon", "now"):
        reading = a_reading("tell", (issue,), risk=risk, cues=("danger_now",) if risk == "now" else ())
        turn = answer_reading(reading, a_situation(), HOUSE)
        for block in turn.reply:
            assert [text for text in said(block) if hard_coded(text)] == []


@pytest.mark.parametrize("strand", STRANDS)
def test_every_strand_speaks_only_from_the_catalogue(strand):
    for other in (False, True):
        turn = answer_reading(a_reading("tell", ("hate_incident",), (strand,), for_someone_else=other), a_situation(), HOUSE)
        for block in turn.reply:
            assert [text for text in said(block) if hard_coded(text)] == []


TEMPLATES = {domain.name: extracted(domain) for domain in DOMAINS}


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_the_template_of_the_catalogues_is_current(domain):
    assert not stale(TEMPLATES[domain.name], domain)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_sentences_use_plain_signs_that_a_text_message_can_carry(domain):
    for sentence in sentences(TEMPLATES[domain.name]):
        assert sentence.isascii(), sentence
        assert len(placeholders(sentence)) <= 3, sentence


def test_what_only_volunteers_read_is_not_sent_to_the_translators_of_what_people_read():
    console = set(sentences(TEMPLATES[CONSOLE.name]))
    assert {"Unlock", "The desk"} <= console
    assert not {"Unlock", "The desk"} & set(sentences(TEMPLATES["messages"]))
