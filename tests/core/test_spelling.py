"""Shorthand is written out and slips of the thumb are mended, and nothing that was spelt with care is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.plaintext import clean, joined
from signpost.spelling import MOST_MENDED, Speller, Words

WRITTEN = [
    (f"writer-{number}", text)
    for number in range(9)
    for text in (
        "my son is autistic and they shout at him",
        "my neighbour threw bricks at the synagogue",
        "nobody believes me",
        "bangin on the door",
    )
]
DICTIONARY = ["autistic", "shout", "neighbour", "threw", "bricks", "synagogue", "nobody", "believes", "door", "strangle", "kerosene"]
SHORTHAND = {"you": ["u"], "and": ["n"], "are": ["r"], "tonight": ["2nite", "tonite"], "please": ["pls"], "can't": ["cnt", "cant"]}


def a_speller(**options: object) -> Speller:
    return Speller(SHORTHAND, options.get("words", Words.learnt(WRITTEN, DICTIONARY)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("my son is autisic", "my son is autistic"),
        ("the nieghbour n the sinagogue", "the neighbour and the synagogue"),
        ("nobdy beleives me", "nobody believes me"),
        ("r u there?", "are you there?"),
        ("pls, 2nite!", "please, tonight!"),
        ("i can’t", "i can't"),
        ("U R here", "you are here"),
    ],
)
def test_what_a_hurried_thumb_meant_is_read(typed: str, meant: str):
    assert a_speller().respelt(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "he tried to strangle me with kerosene",
        "Autisic is the name of a band",
        "I live with Nieghbourson",
        "L20 4AB, 07700 900123, a.khan@example.org",
        "bangin on the door",
        "2 of them, 4 of us",
        "tr***y was scratched in it",
        "ne ki he to",
    ],
)
def test_a_word_that_is_right_or_a_name_or_a_number_stays(typed: str):
    assert a_speller().respelt(typed) == typed


@pytest.mark.parametrize("typed", ["k n i f e", "k.n.i.f.e"])
def test_a_word_that_was_spelt_out_is_one_word_and_no_shorthand(typed: str):
    assert a_speller().respelt(typed) == "knife"


def test_without_words_only_shorthand_is_written_out():
    assert a_speller(words=None).respelt("u r autisic") == "you are autisic"
    assert Speller({}).respelt("u r k n i f e") == "u r k n i f e"


def test_of_gibberish_the_first_words_are_mended_and_the_rest_stays():
    respelt = a_speller().respelt("autisic " * (MOST_MENDED + 5)).split()
    assert respelt.count("autistic") == MOST_MENDED
    assert respelt.count("autisic") == 5


def test_a_slip_of_few_writers_is_not_taken_for_a_word():
    words = Words.learnt([*WRITTEN, *((f"writer-{number}", "nieghbour") for number in range(2))], DICTIONARY)
    assert "nieghbour" not in words.wanted
    assert "neighbour" in words.wanted


def test_words_that_were_packed_mend_as_before():
    words = Words.learnt(WRITTEN, DICTIONARY)
    assert Speller(SHORTHAND, Words.unpacked(words.packed())).respelt("autisic n nobdy") == "autistic and nobody"


@given(st.text(alphabet=st.sampled_from("abtu2nr kife.,'’!* ø中"), max_size=200) | st.text(max_size=300))
def test_no_word_is_ever_lost(text: str):
    typed = clean(text)
    assert len(a_speller().respelt(typed).split()) >= len(joined(typed.replace("’", "'")).split())
