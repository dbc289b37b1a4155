"""Words that are not ours to use, and words that are."""

from __future__ import annotations

import pytest

from signpost.carrier import COMMANDS, load_words
from signpost.errors import KnowledgeError
from tests.builders import ROOT

WORDS = load_words(ROOT / "knowledge")
STOPS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")


@pytest.mark.parametrize("word", STOPS)
def test_every_opt_out_word_means_stop_alone_and_in_any_case(word: str):
    for text in (word, word.lower(), f" {word.title()}. "):
        assert WORDS.carrier_meaning(text) == "stop"
    assert WORDS.carrier_meaning(f"{word} it please") is None


@pytest.mark.parametrize(
    ("word", "meaning"), [("START", "start"), ("YES", "start"), ("UNSTOP", "start"), ("HELP", "help"), ("INFO", "help")]
)
def test_the_other_carrier_words_have_their_meanings(word: str, meaning: str):
    assert WORDS.carrier_meaning(word) == meaning


def test_help_in_a_sentence_is_not_the_carrier_word():
    assert WORDS.carrier_meaning("help me he is here") is None


@pytest.mark.parametrize(
    ("sender", "word", "answered"),
    [
        ("long_code", "REVOKE", True),
        ("messaging_service", "OPTOUT", True),
        ("toll_free", "STOP", True),
        ("toll_free", "CANCEL", False),
        ("short_code", "STOP", False),
        ("unmanaged", "STOP", False),
    ],
)
def test_who_answers_a_stop_word_depends_on_the_kind_of_sender(sender: str, word: str, answered: bool):
    assert WORDS.answered_by_carrier(word, "stop", sender) is answered


def test_yes_starts_again_on_a_long_code_but_not_on_a_toll_free_number():
    assert WORDS.answered_by_carrier("YES", "start", "long_code")
    assert not WORDS.answered_by_carrier("YES", "start", "toll_free")


def test_no_word_that_we_print_is_a_carriers_in_any_language():
    for locale in WORDS.own:
        for command in COMMANDS:
            assert WORDS.carrier_meaning(WORDS.shown(command, locale)) is None


def test_every_command_has_a_word_in_english_and_english_works_in_every_language():
    for command in COMMANDS:
        assert WORDS.command(WORDS.shown(command, "en"), "ta") == command


def test_a_command_is_the_whole_text():
    assert WORDS.command("more", "en") == "more"
    assert WORDS.command("more of them came", "en") is None


def test_a_printed_word_that_carriers_take_is_refused_with_the_file_and_the_mend(tmp_path):
    (tmp_path / "carrier_words.yml").write_text((ROOT / "knowledge" / "carrier_words.yml").read_text())
    (tmp_path / "sms_words").mkdir()
    (tmp_path / "sms_words" / "xx.yml").write_text("human: [help, person]\n")
    with pytest.raises(KnowledgeError, match=r"sms_words/xx\.yml.*put another word first"):
        load_words(tmp_path)
