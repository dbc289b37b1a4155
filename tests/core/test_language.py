"""Which language is read, which one is answered in, and which ones are named because nobody here writes them."""

import pytest

from signpost.house import House
from signpost.language import answer_locale, by_letters, foreign, readable
from signpost.turn import answer_reading
from signpost.wording import Wording
from tests.builders import NOON, a_reading, a_situation, the_knowledge

LANGUAGES = {name: {**entry, "offered": name in ("en", "pl", "ar")} for name, entry in the_knowledge().languages.items()}
OTHERS = the_knowledge().other_languages


def test_what_was_asked_for_goes_before_what_is_read_and_what_was_used_before():
    assert answer_locale(("pl",), "ar", "en", LANGUAGES) == "pl"
    assert answer_locale((None, None), "ar", "pl", LANGUAGES) == "ar"
    assert answer_locale((None,), None, "pl", LANGUAGES) == "pl"


def test_a_language_that_is_not_offered_is_never_answered_in():
    assert answer_locale(("ta",), "hu", "lt", LANGUAGES) == "en"
    assert answer_locale(("xx",), None, "", LANGUAGES) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Мне страшно, сосед бьёт меня", "ru"),
        ("tengo miedo de mi vecino, por favor ayuda", "es"),
        ("je suis en danger, mon mari est très violent", "fr"),
        ("मेरे पति मुझे मारते हैं", "hi"),
        ("tôi sợ chồng tôi, giúp tôi", "vi"),
        ("ich habe angst vor meinem mann", "de"),
        ("waxaan ka baqayaa ninkayga", "so"),
        ("옆집 사람이 무서워요", "ko"),
        ("زه له خپل مېړه ډارېږم مرسته", "ps"),
    ],
)
def test_a_language_that_nobody_here_writes_is_named(text, language):
    assert foreign(text, OTHERS) == language


@pytest.mark.parametrize(
    "text",
    [
        "my neighbour shouts at me because I am Polish",
        "sąsiad krzyczy na mnie bo jestem z Polski",
        "o meu vizinho grita comigo todos os dias",
        "vecinul meu mă amenință",
        "сусід кричить на мене",
        "جاري يصرخ علي",
        "szomszéd kiabál velem minden nap",
        "el is my son and los angeles is on tv",
    ],
)
def test_what_is_read_here_is_not_called_foreign(text):
    assert foreign(text, OTHERS) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("він б'є мене, їжа", "uk"),
        ("ێستا لە ماڵەوەیە", "ckb"),
        ("میں ڈر گئی ہوں", "ur"),
        ("என் கணவர்", "ta"),
        ("這個人們說", "zh-Hant"),
        ("这个人们说", "zh-Hans"),
    ],
)
def test_letters_alone_tell_a_language_when_no_trained_reader_answers(text, language):
    assert by_letters(text, the_knowledge().languages) == language


def test_plain_latin_letters_tell_nothing():
    assert by_letters("he is at my door", the_knowledge().languages) is None


def test_text_without_letters_can_be_read_by_anyone():
    assert readable("999 !!!", ["en"])
    assert not readable("옆집", ["en", "ar"])


@pytest.mark.parametrize("language", sorted(OTHERS))
def test_someone_in_a_language_nobody_writes_reads_999_in_it_and_how_to_ask(language):
    turn = answer_reading(a_reading("unreadable", value=language), a_situation(), House(the_knowledge(), Wording(), NOON))
    first = turn.reply[0].text
    assert first.startswith(OTHERS[language]["sorry"])
    assert "999" in OTHERS[language]["sorry"]
    assert OTHERS[language]["ask"] in first
