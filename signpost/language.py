"""Which scripts and languages this service can read, and what to say when it cannot, or cannot write back."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

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


def script_of(text: str) -> str | None:
    """The script most of the letters belong to (`LATIN`, `ARABIC`, `CJK` ...); None where there are no letters."""
    found = Counter(unicodedata.name(char, "?").split()[0] for char in text if char.isalpha())
    return found.most_common(1)[0][0] if found else None


def readable(text: str, languages: Iterable[str]) -> bool:
    """Whether the text is in a script of one of these languages. Text without letters is."""
    script = script_of(text)
    return script is None or script in {_SCRIPTS.get(language, "LATIN") for language in languages}
