"""What the volunteer reads. `desk` marks it for the catalogue `console`; `_` stays for what the person hears or reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from signpost.errors import WordingError
from signpost.wording import SOURCE_LOCALE, Wording, load
from storage.settings import ROOT

DOMAIN = "console"


def desk(sentence: str, **values: Any) -> str:
    """A sentence for the volunteer, with `{name}` filled from the values."""
    return words()(sentence, **values)


def words(locale: str = SOURCE_LOCALE) -> Wording:
    """The desk's words in a locale, or English where it has no catalogue of them."""
    return _words(locale)


@lru_cache(maxsize=16)
def _words(locale: str) -> Wording:
    try:
        return load(ROOT / "locales", locale, DOMAIN)
    except WordingError:
        return Wording()
