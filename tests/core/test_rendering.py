"""A reply as text messages: short, the most useful first, nothing cut, nothing named that should not be."""

from __future__ import annotations

import gettext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.decision import danger, human, show_routes, tell
from signpost.model import Alert, Contact, Option, Question, RouteItem, Routes, ServiceItem, Services, Text
from signpost.rendering import MOST_SEGMENTS, discreet_parts, plain, safety_line, service_line, text_parts
from signpost.segments import encoding_of, segments
from signpost.wording import Wording
from tests.builders import a_house, a_reading, a_situation, the_knowledge

_ = Wording()


def a_line(name: str, number: str | None = "0808 000 0000", opens: str | None = None) -> ServiceItem:
    contacts = (Contact("phone", number),) if number else ()
    return ServiceItem(name.lower(), name, "Help.", "", None, opens, contacts=contacts)


def a_route(name: str, number: str | None = None) -> RouteItem:
    return RouteItem(name.lower(), name, None, "Them.", "They ask.", contacts=(Contact("phone", number),) if number else ())


class Translated(gettext.NullTranslations):
    """A catalogue with one sentence for all."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._said = said

    def gettext(self, message: str) -> str:
        return self._said


def all_text(parts) -> str:
    return "\n".join(message for part in parts for message in part.messages)


def test_a_short_reply_is_one_part():
    parts = text_parts([Text("Thank you for telling me.", "Thank you."), Services((a_line("Some Line"),))], _, "MORE")
    assert [part.messages for part in parts] == [("Thank you.\nSome Line: 0808 000 0000",)]


def test_no_part_of_any_reply_takes_more_than_three_segments():
    house = a_house()
    for issue in the_knowledge().issues:
        for topic in (tell, show_routes, human):
            made = topic(a_situation(issues=(issue,), channel="sms"), a_reading(issues=(issue,)), house)
            for part in text_parts(made.reply, house._, "MORE"):
                assert part.segments <= MOST_SEGMENTS


def test_every_reply_in_danger_begins_with_one_segment_that_has_the_emergency_number():
    house = a_house()
    cues = {cue for entry in the_knowledge().safety.values() for cue in entry.get("cues") or ()}
    for cue in cues:
        made = danger(a_situation(channel="sms"), a_reading("danger", risk="now", cues=(cue,)), house)
        first = text_parts(made.reply, house._, "MORE")[0]
        assert "999" in first.messages[0]
        assert segments(first.messages[0]) == 1
        assert first.segments <= MOST_SEGMENTS


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("pl", "Jeśli jesteś w niebezpieczeństwie, zadzwoń teraz pod numer 999. Jeśli możesz, idź w bezpieczne miejsce."),
        ("lt", "Jei jums gresia pavojus, dabar pat skambinkite 999. Jei galite, eikite į saugią vietą ir likite ten."),
        ("tr", "Tehlikedeyseniz hemen 999'u arayın. Yapabiliyorsanız güvenli bir yere gidin ve orada bekleyin lütfen."),
        ("uk", "Якщо ви в небезпеці, негайно телефонуйте 999. Якщо можете, перейдіть у безпечне місце і чекайте."),
        ("ta", "ஆபத்தில் இருந்தால் உடனே 999 ஐ அழையுங்கள். முடிந்தால் பாதுகாப்பான இடத்திற்குச் செல்லுங்கள், அங்கேயே இருங்கள்."),
        ("ar", "إذا كنت في خطر، اتصل بالرقم 999 الآن. اذهب إلى مكان آمن إذا استطعت، وابق هناك حتى يصل من يساعدك."),
    ],
)
def test_the_safety_line_is_one_segment_in_languages_that_need_more_room(locale: str, said: str):
    words = Wording(locale, Translated("999"))
    line = safety_line(said, words)
    assert segments(line) == 1
    assert "999" in line


def test_a_latin_safety_line_loses_its_marks_rather_than_its_words():
    line = safety_line("Jeśli jesteś w niebezpieczeństwie, zadzwoń teraz pod numer 999. Jeśli możesz, idź w bezpieczne miejsce.", _)
    assert line.startswith("Jesli jestes w niebezpieczenstwie")
    assert encoding_of(line) == "gsm7"


def test_where_the_safety_line_had_to_be_short_the_whole_of_it_follows():
    said = "Якщо ви в небезпеці, негайно телефонуйте 999. Якщо можете, перейдіть у безпечне місце і чекайте."
    parts = text_parts([Alert("now", said, steps=())], _, "MORE")
    assert parts[0].messages == ("In danger, call 999 now.", said)


def test_the_rest_is_offered_with_a_word_and_comes_when_asked_for():
    blocks = [Text("a " * 150), Services(tuple(a_line(f"Line {number}") for number in range(20)))]
    parts = text_parts(blocks, _, "MORE")
    assert len(parts) > 1
    assert all(part.messages[-1].endswith("Text MORE for more.") for part in parts[:-1])
    assert "MORE" not in parts[-1].messages[-1]
    assert all(f"Line {number}:" in all_text(parts) for number in range(20))


def test_beside_services_the_question_comes_before_the_ways_to_report():
    question = Question("next", "What would help now?", (Option("show_routes", "Ways to report"), Option("human", "Talk to a person")))
    routes = Routes(tuple(a_route(f"A way to report, number {number}, with many words in its name") for number in range(5)))
    parts = text_parts([Services((a_line("Some Line"),)), routes, question], _, "MORE")
    said = all_text(parts)
    assert said.index("Some Line") < said.index("What would help now?") < said.index("Ways to report, or not")


def test_choices_belong_to_the_part_that_shows_them():
    question = Question("next", "What would help now?", (Option("a", "Ways to report"), Option("b", "Who can help")))
    parts = text_parts([Services(tuple(a_line(f"A long service name, number {number}") for number in range(12))), question], _, "MORE")
    assert parts[0].options == ()
    assert parts[-1].options == question.options
    assert "1 Ways to report\n2 Who can help" in parts[-1].messages[-1]


def test_a_long_list_of_choices_is_put_as_a_question_that_words_answer():
    question = Question("area", "Where do you live, roughly?", tuple(Option(str(number), f"Town {number}") for number in range(11)))
    assert text_parts([question], _, "MORE")[0].messages == ("Where do you live, roughly?",)


def test_discreet_parts_name_no_service_and_no_harm():
    house = a_house()
    for issue in ("domestic_abuse", "hate_crime", "sexual_violence", "modern_slavery"):
        made = tell(a_situation(channel="sms"), a_reading(issues=(issue,)), house)
        said = all_text(discreet_parts(made.reply, house._, "MORE")).casefold()
        assert any(char.isdigit() for char in said)
        for word in ("hate", "abuse", "victim", "police", "violence", "slavery", "refuge", "report", "crime", "sexual", "support"):
            assert word not in said
        for block in made.reply:
            for item in block.items if isinstance(block, Services) else ():
                assert item.name.casefold() not in said


def test_discreet_parts_in_danger_say_the_emergency_line_and_nothing_of_why():
    made = danger(a_situation(channel="sms"), a_reading("danger", risk="now", cues=("weapon",)), a_house())
    said = all_text(discreet_parts(made.reply, _, "MORE"))
    assert "999" in said
    assert "weapon" not in said


def test_a_reply_has_no_typographic_marks():
    parts = text_parts([Text("It\u2019s here \u2013 \u201cnow\u201d\u2026")], _, "MORE")
    assert parts[0].messages == ('It\'s here - "now"...',)


def test_a_service_without_a_number_says_how_to_reach_it():
    item = ServiceItem("x", "Some Team", "Help.", "", None, None, reach="Ask Them to put you in touch: 0808 000 0000")
    assert service_line(item) == "Some Team: Ask Them to put you in touch: 0808 000 0000"


def test_the_plain_text_of_a_reply_holds_every_block():
    said = plain(
        [Text("Thank you.", None), Services((a_line("Some Line", opens="Opens Monday at 9am"),)), Routes((a_route("Call 101", "101"),))], _
    )
    assert said == "Thank you.\n\nSome Line: 0808 000 0000 (Opens Monday at 9am)\n\nWays to report, or not:\n- Call 101"


TEXTS = st.lists(
    st.sampled_from(["short", "a longer line of words " * 9, "ż" * 90 + " " + "ó" * 90, "危險" * 120, "word " * 150]),
    min_size=1,
    max_size=8,
)


@given(TEXTS)
def test_parts_keep_to_their_room_and_lose_no_words_whatever_is_said(texts: list[str]):
    parts = text_parts([Text(text) for text in texts], _, "MORE")
    assert all(0 < part.segments <= MOST_SEGMENTS for part in parts)
    said = all_text(parts).replace("Text MORE for more.", "")
    assert "".join(said.split()) == "".join("".join(texts).split())
