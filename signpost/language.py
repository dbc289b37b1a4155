"""Which language a message is in, which one the answer is written in, and which ones this service cannot write."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

# The script of each language that messages may be written in; what is not listed is written in Latin letters.
_SCRIPTS = {
    "ar": "ARABIC",
    "fa": "ARABIC",
    "ckb": "ARABIC",
    "ur": "ARABIC",
    "uk": "CYRILLIC",
    "bg": "CYRILLIC",
    "ta": "TAMIL",
    "zh-Hant": "CJK",
    "zh-Hans": "CJK",
}
_WORD = re.compile(r"[^\W\d_]+")
# One telling word may be a name or borrowed; two are a language.
_ENOUGH_WORDS = 2
_FALLBACK = "en"

Languages = Mapping[str, Mapping[str, Any]]


def script_of(text: str) -> str | None:
    """The script most of the letters belong to (`LATIN`, `ARABIC`, `CJK` ...); None where there are no letters."""
    found = _scripts(text)
    return found.most_common(1)[0][0] if found else None


def _scripts(text: str) -> Counter[str]:
    return Counter(unicodedata.name(char, "?").split()[0] for char in text if char.isalpha())


def readable(text: str, languages: Iterable[str]) -> bool:
    """Whether the text is in a script of one of these languages. Text without letters is."""
    script = script_of(text)
    return script is None or script in {_SCRIPTS.get(language, "LATIN") for language in languages}


def foreign(text: str, others: Languages) -> str | None:
    """Which of the languages that nobody here writes a message is in; None where it is none of them.

    A script of its own tells, and so do two of its everyday words, or one with one of its letters, when no fewer than a
    third of the words are its own.
    """
    scripts = _scripts(text)
    for entry in others.values():
        if any(scripts[name] for name in entry.get("scripts") or ()):
            return str(entry["id"])
    words = [word.casefold() for word in _WORD.findall(text)]
    best, most = None, 0
    for entry in others.values():
        known = sum(word in entry["words"] for word in words) if entry.get("words") else 0
        lettered = any(set(word) & set(entry.get("letters") or ()) for word in words)
        if known + lettered >= _ENOUGH_WORDS and known * 3 >= len(words) and known > most:
            best, most = str(entry["id"]), known
    return best


def by_letters(text: str, languages: Languages) -> str | None:
    """The language whose telling letters a message has most of; None where it has none. For when no trained reader
    answers, and to tell traditional from simplified Chinese."""
    script = script_of(text)
    counts = {
        name: sum(char in entry["letters"] for char in text.casefold())
        for name, entry in languages.items()
        if entry.get("letters") and _SCRIPTS.get(name, "LATIN") == script
    }
    if not counts:
        return next((name for name, known in _SCRIPTS.items() if known == script and name in languages), None)
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        return best
    return next((name for name in counts if _SCRIPTS.get(name)), None)


def answer_locale(asked: Iterable[str | None], read: str | None, before: str, languages: Languages) -> str:
    """The locale of the answer: what was asked for (latest first), else what the message is written in, else what was
    used before.

    Only an offered language is answered in. English is what is left.
    """
    for locale in (*asked, read, before):
        if locale and languages.get(locale, {}).get("offered"):
            return locale
    return _FALLBACK
