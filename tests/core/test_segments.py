# ruff: noqa: E501 - sentences of the table stand on one line each
"""Segments counted as the networks count them, and texts cut where a person would cut them."""

from __future__ import annotations

import math
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from signpost.segments import GSM7, GSM7_EXTENSION, cut, encoding_of, plain_marks, segments, size
from signpost.wording import LRI, PDI, Wording
from tests.builders import the_knowledge

# What each takes: encoding, units, segments. Every planned language has a short and a long one.
LANGUAGES = [
    ("pl", "W niebezpieczeństwie zadzwoń pod 999.", "ucs2", 37, 1),
    (
        "pl",
        "Dziękujemy za wiadomość. Zadzwoń pod 0808 175 3080 w każdej sprawie. Możesz mówić po polsku i poprosić o tłumacza. To nic nie kosztuje.",
        "ucs2",
        135,
        3,
    ),
    ("ro", "În pericol, sunați la 999 acum.", "ucs2", 31, 1),
    (
        "ro",
        "Vă mulțumim. Puteți suna la 0808 175 3080 pentru orice fel de ajutor. Spuneți limba și cuvântul interpreter, iar cineva vă va răspunde.",
        "ucs2",
        135,
        3,
    ),
    ("ar", "إذا كنت في خطر، اتصل بالرقم 999 الآن.", "ucs2", 37, 1),
    (
        "ar",
        "شكرا لرسالتك. يمكنك الاتصال بالرقم 0808 175 3080 بشأن أي شيء. قل اسم لغتك واطلب مترجما، وهو مجاني ولا يسأل أحد عن اسمك.",
        "ucs2",
        119,
        2,
    ),
    ("pt", "Em perigo, ligue já para o 999.", "ucs2", 31, 1),
    (
        "pt",
        "Obrigado pela mensagem. Pode ligar para 0808 175 3080 sobre qualquer coisa. Diga a sua língua e peça um intérprete. Não custa nada e não tem de dizer o nome.",
        "ucs2",
        157,
        3,
    ),
    ("ckb", "ئەگەر لە مەترسیدایت، ئێستا پەیوەندی بە 999 بکە.", "ucs2", 47, 1),
    (
        "ckb",
        "سوپاس بۆ نامەکەت. دەتوانیت بۆ هەر شتێک پەیوەندی بە 0808 175 3080 بکەیت. زمانی خۆت بڵێ و داوای وەرگێڕ بکە، بێ بەرامبەرە.",
        "ucs2",
        119,
        2,
    ),
    ("fa", "اگر در خطر هستید، همین حالا با 999 تماس بگیرید.", "ucs2", 47, 1),
    (
        "fa",
        "از پیام شما سپاسگزاریم. می‌توانید برای هر موضوعی با 0808 175 3080 تماس بگیرید. زبان خود را بگویید و مترجم بخواهید. رایگان است.",
        "ucs2",
        126,
        2,
    ),
    ("zh-Hant", "如果你有危險，請立即致電999。", "ucs2", 16, 1),
    (
        "zh-Hant",
        "謝謝你的短訊。任何事情都可以致電0808 175 3080。請說出你的語言，並要求傳譯員。服務是免費的，不會問你的名字，你也不必報警，可以慢慢想清楚。",
        "ucs2",
        75,
        2,
    ),
    ("zh-Hans", "如果你有危险，请马上拨打999。", "ucs2", 16, 1),
    (
        "zh-Hans",
        "谢谢你的短信。任何事情都可以拨打0808 175 3080。请说出你的语言，并要求翻译。服务是免费的，不会问你的名字，你也不必报警，可以慢慢想清楚再决定。",
        "ucs2",
        77,
        2,
    ),
    ("uk", "Якщо ви в небезпеці, дзвоніть 999.", "ucs2", 34, 1),
    (
        "uk",
        "Дякуємо за повідомлення. Ви можете зателефонувати на 0808 175 3080 з будь-якого питання. Назвіть свою мову і попросіть перекладача. Це безкоштовно.",
        "ucs2",
        147,
        3,
    ),
    ("bg", "Ако сте в опасност, обадете се на 999.", "ucs2", 38, 1),
    (
        "bg",
        "Благодарим за съобщението. Може да се обадите на 0808 175 3080 за всичко. Кажете своя език и поискайте преводач. Безплатно е.",
        "ucs2",
        125,
        2,
    ),
    ("lv", "Ja esat briesmās, zvaniet 999.", "ucs2", 30, 1),
    (
        "lv",
        "Paldies par ziņu. Varat zvanīt uz 0808 175 3080 par jebko. Pasakiet savu valodu un palūdziet tulku. Tas ir bez maksas.",
        "ucs2",
        118,
        2,
    ),
    ("lt", "Jei gresia pavojus, skambinkite 999.", "gsm7", 36, 1),
    (
        "lt",
        "Ačiū už žinutę. Galite skambinti 0808 175 3080 dėl bet ko. Pasakykite savo kalbą ir paprašykite vertėjo. Tai nieko nekainuoja.",
        "ucs2",
        126,
        2,
    ),
    ("hu", "Ha veszélyben van, hívja a 999-et.", "ucs2", 34, 1),
    (
        "hu",
        "Köszönjük az üzenetet. Bármivel kapcsolatban hívhatja a 0808 175 3080 számot. Mondja meg a nyelvét, és kérjen tolmácsot. Ingyenes, és nem kell nevet mondania.",
        "ucs2",
        158,
        3,
    ),
    ("ta", "ஆபத்தில் இருந்தால் 999 ஐ அழையுங்கள்.", "ucs2", 36, 1),
    ("ta", "உங்கள் செய்திக்கு நன்றி. எதற்காகவும் 0808 175 3080 என்ற எண்ணை அழைக்கலாம். உங்கள் மொழியைச் சொல்லி மொழிபெயர்ப்பாளரைக் கேளுங்கள்.", "ucs2", 126, 2),
    ("ur", "اگر آپ خطرے میں ہیں تو ابھی 999 پر کال کریں۔", "ucs2", 44, 1),
    (
        "ur",
        "آپ کے پیغام کا شکریہ۔ آپ کسی بھی بات کے لیے 0808 175 3080 پر کال کر سکتے ہیں۔ اپنی زبان بتائیں اور مترجم مانگیں۔ یہ مفت ہے۔",
        "ucs2",
        123,
        2,
    ),
    ("tr", "Tehlikedeyseniz hemen 999'u arayın.", "ucs2", 35, 1),
    (
        "tr",
        "Mesajınız için teşekkürler. Her konuda 0808 175 3080 numarasını arayabilirsiniz. Dilinizi söyleyip tercüman isteyin. Ücretsizdir, adınız sorulmaz.",
        "ucs2",
        146,
        3,
    ),
]
EDGES = [
    ("", "gsm7", 0, 0),
    ("Call 999.", "gsm7", 9, 1),
    ("a" * 160, "gsm7", 160, 1),
    ("a" * 161, "gsm7", 161, 2),
    ("a" * 306, "gsm7", 306, 2),
    ("a" * 307, "gsm7", 307, 3),
    ("a" * 459, "gsm7", 459, 3),
    ("a" * 460, "gsm7", 460, 4),
    ("é" * 160, "gsm7", 160, 1),
    ("Ω" * 161, "gsm7", 161, 2),
    ("€" * 80, "gsm7", 160, 1),
    ("€" * 81, "gsm7", 162, 2),
    # An escape pair is not split: 76 of them in 153 septets, not 76 and a half.
    ("€" * 152, "gsm7", 304, 2),
    ("€" * 153, "gsm7", 306, 3),
    ("a" * 152 + "{" + "a" * 152, "gsm7", 306, 3),
    ("[link] {a} ~ ^ | \\", "gsm7", 26, 1),
    ("line\nline", "gsm7", 9, 1),
    ("tab\tbed", "ucs2", 7, 1),
    ("It’s", "ucs2", 4, 1),
    ("yes — no", "ucs2", 8, 1),
    ("ç", "ucs2", 1, 1),
    ("Ç", "gsm7", 1, 1),
    ("я" * 70, "ucs2", 70, 1),
    ("я" * 71, "ucs2", 71, 2),
    ("я" * 134, "ucs2", 134, 2),
    ("я" * 135, "ucs2", 135, 3),
    ("я" * 201, "ucs2", 201, 3),
    ("я" * 202, "ucs2", 202, 4),
    ("😜" * 35, "ucs2", 70, 1),
    ("😜" * 36, "ucs2", 72, 2),
    # A surrogate pair is not split: 33 of them in 67 units.
    ("😜" * 66, "ucs2", 132, 2),
    ("😜" * 67, "ucs2", 134, 3),
    # The examples of Twilio's segment calculator.
    ("{" + "2" * 158, "gsm7", 160, 1),
    ("{" + "2" * 159, "gsm7", 161, 2),
    ("😜" + "2" * 68, "ucs2", 70, 1),
    ("😜" + "2" * 69, "ucs2", 71, 2),
    ("1" * 307, "gsm7", 307, 3),
    ("😜" + "2" * 133, "ucs2", 135, 3),
]


def test_the_alphabet_has_the_published_number_of_characters():
    # 128 places, one of which is the escape; the extension table has ten characters.
    assert len(GSM7) == 127
    assert len(GSM7_EXTENSION) == 10
    assert not GSM7 & GSM7_EXTENSION


def test_all_sixteen_planned_languages_are_in_the_table():
    planned = {name for name in the_knowledge().languages if name not in ("en", "en-x-easy")}
    assert planned == {language for language, *_ in LANGUAGES}
    assert len(LANGUAGES) + len(EDGES) >= 40


@pytest.mark.parametrize(("language", "text", "encoding", "units", "count"), LANGUAGES)
def test_a_sentence_of_each_language_is_counted_right(language: str, text: str, encoding: str, units: int, count: int):
    counted = size(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, count)


@pytest.mark.parametrize(("text", "encoding", "units", "count"), EDGES)
def test_texts_at_the_edges_are_counted_right(text: str, encoding: str, units: int, count: int):
    counted = size(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, count)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=500))
def test_the_count_is_never_below_what_the_units_need_nor_much_above(text: str):
    counted = size(text)
    room = 153 if counted.encoding == "gsm7" else 67
    alone = 160 if counted.encoding == "gsm7" else 70
    least = 0 if not text else 1 if counted.units <= alone else math.ceil(counted.units / room)
    most = least if counted.units <= alone else math.ceil(counted.units / (room - 1))
    assert least <= counted.segments <= most
    if counted.encoding == "ucs2":
        assert counted.units == len(text.encode("utf-16-le")) // 2


def test_marks_of_word_processors_become_those_of_a_phone():
    said = plain_marks("It\u2019s \u201cfine\u201d \u2013 really\u2026\u00a0ok\u200b")
    assert said == 'It\'s "fine" - really... ok'
    assert encoding_of(said) == "gsm7"


def test_letters_with_loose_accents_are_composed():
    assert encoding_of(plain_marks(unicodedata.normalize("NFD", "café è ù"))) == "gsm7"


def test_the_joiner_that_persian_needs_stays():
    assert "\u200c" in plain_marks("می\u200cتوانید")


def test_a_text_that_fits_is_not_cut():
    assert cut("Call 999.", 1, " MORE") == ("Call 999.", "")


def test_a_text_that_fits_alone_is_cut_when_more_follows_and_the_ending_needs_room():
    text = " ".join(["word"] * 32)
    assert segments(text) == 1
    first, rest = cut(text, 1, "\nText MORE for more.", more_follows=True)
    assert rest
    assert segments(first + "\nText MORE for more.") == 1


def test_a_cut_comes_after_a_sentence_where_one_ends_near_the_end():
    text = "Ring Victim Support on 0808 168 9111. " * 12
    first, _rest = cut(text, 1)
    assert first.endswith("9111.")


def test_no_number_with_spaces_is_cut():
    number = "0808 168 9111"
    for padding in range(120, 160):
        first, rest = cut("a" * padding + " ring " + number + " at once and then again " * 8, 1)
        assert (number in first) != (number in rest)


def test_no_link_is_cut():
    link = "https://www.example.org/a-long-page?with=query&more=1"
    for padding in range(100, 160):
        first, rest = cut("a" * padding + " see " + link + " and then more words follow here " * 6, 1)
        assert (link in first) != (link in rest)


def test_chinese_is_cut_between_letters_and_not_before_a_full_stop():
    first, rest = cut("如果你有危險，請立即致電999。" * 20, 1)
    assert segments(first) == 1
    assert first.endswith("。")
    assert not rest.startswith(("。", "，"))


def test_a_family_of_people_is_one_sign_and_stays_whole():
    family = "👩\u200d👩\u200d👧\u200d👦"
    first, rest = cut(family * 30, 1)
    assert first == family * (len(first) // len(family))
    assert rest.startswith(family)


WORDS = st.lists(
    st.sampled_from(
        [
            "help",
            "pomoc",
            "żółć",
            "0808 175 3080",
            "https://x.org/a?b=1",
            "தமிழ்",
            "危險",
            "خطر",
            "9am",
            "don't",
            "e\u0301",
            "👍🏽",
            "\n",
            "ok.",
            "(0151) 709 6010",
        ]
    ),
    min_size=1,
    max_size=120,
)


@given(WORDS, st.integers(1, 3), st.sampled_from(["", "\nText MORE for more."]))
def test_a_cut_keeps_to_its_room_loses_nothing_and_splits_no_word(words: list[str], most: int, ending: str):
    text = " ".join(words)
    first, rest = cut(text, most, ending)
    assert segments(first + ending if rest else first) <= most
    assert "".join((first + rest).split()) == "".join(text.split())
    whole, parts = (
        regex.findall(r"\X", "".join(text.split())),
        regex.findall(r"\X", "".join(first.split())) + regex.findall(r"\X", "".join(rest.split())),
    )
    assert whole == parts
    if rest:
        after = text[text.index(first) + len(first) :]
        # The cut is at a space, or in a script that has none.
        assert after[:1].isspace() or "\u4e00" <= after[:1] <= "\u9fff" or first[-1:] in "危險"


def test_a_number_in_right_to_left_words_keeps_its_order_on_a_screen_and_on_an_old_phone():
    words = Wording("ar")
    said = words("اتصلوا على {number} الآن", number="116 123")
    assert f"{LRI}116 123{PDI}" in said
    assert plain_marks(said) == "اتصلوا على 116123 الآن"


def test_a_number_that_is_kept_in_order_already_is_not_marked_twice():
    words = Wording("fa")
    assert words("{number}", number=f"{LRI}0808 168 9111{PDI}").count(LRI) == 1
