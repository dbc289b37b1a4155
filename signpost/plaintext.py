"""Text as readers compare it: folded, so that spelling tricks and missing marks do not hide a word.

Used on both sides, by the phrase readers and by the trained ones, so that they see the same thing.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARACTERS = 2000

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPELT = re.compile(r"(?<!\w)(?:\w[.\-_*·•]){2,}\w(?!\w)")
_SPACED = re.compile(r"(?<!\w)(?:\w ){3,}\w(?!\w)")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPACE = re.compile(r"\s+")

# Letters of other scripts and digits that stand in for Latin ones inside an otherwise Latin word.
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝвнкмтАВЕКМНОРСТУХІαοεικνρτυχ",
    "aeopcyxijsdhlqwbhkmtabekmhopctyxiaoeiknptux",
)
_DIGIT_LETTERS = str.maketrans("013457@$!", "oieastasi")
_LATIN = re.compile("[a-z]")
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
_MIXED_WORD = re.compile(r"\S+")
_LEET_WORD = re.compile(r"(?<!\w)(?=\w*[a-z])(?=[\w@$!]*[013457@$])[a-z013457@$!]{4,}(?!\w)")
# Letters that carry no combining mark in Unicode and yet are written without their mark by many.
_UNMARKED = str.maketrans("łøđħŧßæœıŀ", "lodhtsaoil")
# Arabic keyboards type the Arabic yeh and kaf in Persian, Kurdish and Urdu too: one letter each for comparing.
_ARABIC = str.maketrans("يىكە", "ییکه")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def clean(text: str) -> str:
    """What may be kept of what was typed: no control, invisible or direction-turning characters, one kind of space."""
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return _SPACE.sub(" ", text).strip()[:MAX_CHARACTERS]


def fold(text: str) -> str:
    """Lower case, without marks, homoglyphs, invisible characters or letters spelt out with dots.

    `K.N.I.F.E`, `kn\u200bife` and `knіfe` (with a Cyrillic letter) all become `knife`. Scripts whose vowels are
    letters of their own (Tamil, Devanagari) keep them; Arabic and Hebrew points, which are optional, go.
    """
    text = joined(unicodedata.normalize("NFKC", clean(text)).casefold().translate(_QUOTES))
    if not text.isascii():
        text = _MIXED_WORD.sub(_same_script, text)
    text = _LEET_WORD.sub(_letters, text)
    text = _STRETCHED.sub(r"\1\1", text)
    return without_marks(text).translate(_ARABIC)


def joined(text: str) -> str:
    """The text with words that were spelt out (`k.n.i.f.e`, `k n i f e`) in one piece."""
    text = _SPELT.sub(lambda found: re.sub(r"[.\-_*·•]", "", found.group()), text)
    return _SPACED.sub(lambda found: found.group().replace(" ", ""), text)


def without_marks(text: str) -> str:
    """The text without diacritics (`żółć` to `zolc`); marks that are vowels of their script stay."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    kept = "".join(char for char in decomposed if not (unicodedata.combining(char) and _optional(char)))
    return unicodedata.normalize("NFC", kept).translate(_UNMARKED)


def _optional(char: str) -> bool:
    code = ord(char)
    return code < 0x0900 and code not in (0x0653, 0x0654, 0x0655)


def _same_script(found: re.Match[str]) -> str:
    word = found.group()
    return word.translate(_LOOKALIKES) if _LATIN.search(word) and _FOREIGN.search(word) else word


def _letters(found: re.Match[str]) -> str:
    word = found.group()
    # "4ever", "m8" and "2nite" are shorthand, and "pr9" a postcode: only a word that is mostly letters is respelt.
    return word.translate(_DIGIT_LETTERS) if sum(char.isalpha() for char in word) > len(word) / 2 else word
