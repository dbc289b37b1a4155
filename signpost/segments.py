"""How many segments a text message takes, and where it may be cut.

Character sets: 3GPP TS 23.038, 6.2.1 (default alphabet) and 6.2.1.1 (extension table); sizes of joined messages:
3GPP TS 23.040, 9.2.3.24.1 (a six-octet header leaves 153 septets or 67 code units). The national shift tables are
not used: hardly any carrier sends them, so one letter outside the default alphabet makes the whole message UCS-2.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

import regex

Encoding = Literal["gsm7", "ucs2"]

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Sent as an escape and a second septet: each counts twice.
GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")

ALONE = {"gsm7": 160, "ucs2": 70}
JOINED = {"gsm7": 153, "ucs2": 67}

# Marks that word processors put in and phones pay for: one of them turns 160 characters into 70.
_PLAIN_MARKS = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u00b4": "'", "`": "'", "\u2032": "'",
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u00ab": '"', "\u00bb": '"', "\u2033": '"',
        "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
        "\u2026": "...", "\u2022": "-", "\u00b7": "-",
        "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2007": " ", "\u2009": " ", "\u200a": " ", "\u202f": " ", "\t": " ",
        "\u00ad": None, "\u200b": None, "\u2060": None, "\ufeff": None, "\r": None,
        "\u200e": None, "\u200f": None, "\u2066": None, "\u2067": None, "\u2068": None, "\u2069": None,
    }
)  # fmt: skip

_ISOLATED = regex.compile("\u2066([\\d +]*)\u2069")

# What stays whole: a link, a number with its spaces (0808 175 3080, +44 20 7946 0000, 9am), any other run of
# non-spaces. In scripts that write no spaces every grapheme may end a line, but not before closing marks.
_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "؟", "۔")
_CLOSING = "。、，．！？：；）」』】》〉…"
_RUN = rf"(?:(?!\s|[{_NO_SPACES}])\X)+"
_ATOM = regex.compile(rf"[{_NO_SPACES}]\p{{M}}*[{_CLOSING}]*|{_RUN}(?:(?<=[\d)]) (?=[(+]?\d){_RUN})*")


@dataclass(frozen=True)
class Size:
    """How a text travels: its encoding, its units (septets or UTF-16 code units) and how many segments it takes."""

    encoding: Encoding
    units: int
    segments: int


def plain_marks(text: str) -> str:
    """The text with keyboard quotes, dashes and spaces, composed letters, and no invisible direction marks.

    Where such marks kept a number in order, its spaces go instead: old phones show the marks as boxes, and without both
    right-to-left text would turn `116 123` into `123 116`.
    """
    joined = _ISOLATED.sub(lambda found: found[1].replace(" ", ""), text)
    return unicodedata.normalize("NFC", joined.translate(_PLAIN_MARKS))


def encoding_of(text: str) -> Encoding:
    """`gsm7` when every character is in the default alphabet or its extension, else `ucs2`."""
    return "gsm7" if all(char in GSM7 or char in GSM7_EXTENSION for char in text) else "ucs2"


def size(text: str) -> Size:
    """The exact size of a text as it is sent.

    An escape pair or a surrogate pair is never split between two segments, so a text may need one more segment than
    its units divided by the room of each.
    """
    encoding = encoding_of(text)
    widths = [_width(char, encoding) for char in text]
    units = sum(widths)
    if units <= ALONE[encoding]:
        return Size(encoding, units, 1 if units else 0)
    segments, room = 1, JOINED[encoding]
    for width in widths:
        if width > room:
            segments, room = segments + 1, JOINED[encoding]
        room -= width
    return Size(encoding, units, segments)


def segments(text: str) -> int:
    """How many segments a text takes; 0 for an empty one."""
    return size(text).segments


def _width(char: str, encoding: Encoding) -> int:
    if encoding == "gsm7":
        return 2 if char in GSM7_EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1


def cut(text: str, most: int, ending: str = "", more_follows: bool = False) -> tuple[str, str]:
    """The longest beginning that takes at most `most` segments together with `ending`, and the rest.

    It ends at a paragraph, else a line, else a sentence, else a word; never inside a word, number, link or grapheme.
    Only a run that alone is longer than `most` segments is cut, between graphemes. The whole text is given back where it
    fits: with `ending` when more follows, without it when nothing does. The beginning is empty when not even one
    grapheme fits beside `ending`.
    """
    if segments(text + ending if more_follows else text) <= most:
        return text, ""

    def too_long(end: int) -> bool:
        return segments(text[:end].rstrip() + ending) > most

    places = [found.end() for found in _ATOM.finditer(text)]
    fitting = places[: bisect_left(places, True, key=too_long)]
    if fitting:
        end = _best(text, fitting)
    else:
        places = [0, *(found.end() for found in regex.finditer(r"\X", text))]
        end = places[max(0, bisect_left(places, True, key=too_long) - 1)]
    return text[:end].rstrip(), text[end:].lstrip()


def _best(text: str, fitting: list[int]) -> int:
    """The best of the places that fit: a clean break in the last part of the room, else simply the last."""
    last = fitting[-1]
    for mark, share in (("\n\n", 0.4), ("\n", 0.4), ("", 0.6)):
        for end in reversed(fitting):
            if end < last * share:
                break
            if text.startswith(mark, end) if mark else text[:end].rstrip("\"')").endswith(_SENTENCE_ENDS):
                return end
    return last
