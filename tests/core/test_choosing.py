"""A numbered choice taken by digit, by word, or in free text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.choosing import chosen, number_in
from signpost.model import Option

OPTIONS = (
    Option("routes", "Ways to report"),
    Option("services", "Who can help"),
    Option("wrong", "That is not right"),
    Option("human", "Talk to a person"),
)


@pytest.mark.parametrize("text", ["2", " 2 ", "2.", "(2)", "#2", "no 2", "Option 2", "number 2", "٢", "۲", "२", "௨", "２", "②", "二", "2️⃣"])
def test_a_number_counts_in_every_script_and_with_marks_around_it(text: str):
    assert chosen(text, OPTIONS) == OPTIONS[1]


@pytest.mark.parametrize("text", ["who can help", "WHO CAN HELP?", "Who can help", "who can", "who can help please"])
def test_the_words_of_a_choice_count_in_any_case(text: str):
    assert chosen(text, OPTIONS) == OPTIONS[1]


@pytest.mark.parametrize("text", ["talk to person", "I want to talk to a person", "a person to talk to"])
def test_most_of_the_words_of_a_choice_are_enough(text: str):
    assert chosen(text, OPTIONS) == OPTIONS[3]


def test_words_of_other_languages_count_with_or_without_marks():
    options = (Option("a", "Sposoby zgłoszenia"), Option("b", "Kto może pomóc"), Option("c", "الإبلاغ"))
    assert chosen("kto moze pomoc", options) == options[1]
    assert chosen("SPOSOBY ZGŁOSZENIA", options) == options[0]
    assert chosen("الإبلاغ", options) == options[2]


@pytest.mark.parametrize(
    "text", ["5", "0", "99", "2 men hit me", "he came at 2", "help", "", "he said he would report me to the office", "no"]
)
def test_what_is_not_a_choice_is_left_as_free_text(text: str):
    assert chosen(text, OPTIONS) is None


@given(st.text(max_size=40))
def test_any_text_is_a_choice_that_was_offered_or_none(text: str):
    assert chosen(text, OPTIONS) in (*OPTIONS, None)
    assert number_in(text) is None or number_in(text) >= 0
