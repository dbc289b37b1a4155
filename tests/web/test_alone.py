"""What is said when no engine answers."""

from __future__ import annotations

import pytest

from signpost.model import Message, Situation
from tests.builders import NOON
from web.gateway import answer_alone


def alone(text: str, asked: str | None = None, before: str = "en"):
    return answer_alone(Message(text, locale_hint=asked), Situation(locale=before), "sefton", NOON)


@pytest.mark.parametrize(
    ("text", "asked", "risk"),
    [
        # No letter of these is Polish alone: only the language that was asked for tells.
        ("on ma noz", "pl", "now"),
        ("chce sie zabic", "pl", "now"),
    ],
)
def test_a_message_is_read_in_the_language_that_was_asked_for(text, asked, risk):
    assert alone(text).reading.risk == "none"
    answer = alone(text, asked)
    assert (answer.reading.risk, answer.situation.locale) == (risk, asked)


def test_danger_in_english_is_heard_whatever_language_was_asked_for():
    assert alone("he has a knife", "hu").reading.risk == "now"


def test_simplified_chinese_is_read_with_the_traditional_phrases_and_answered_in_its_own_letters():
    answer = alone("他在门外，拿着刀，请帮帮我们", before="zh-Hans")
    assert (answer.reading.language, answer.situation.locale) == ("zh-Hans", "zh-Hans")


def test_danger_in_simplified_chinese_is_heard():
    assert alone("他在门外，拿着刀").reading.risk == "now"
