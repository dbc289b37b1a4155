"""What the volunteer reads, in the language they chose. `desk` marks it for the catalogue `console`; `_` stays for what the
person hears or reads."""

from __future__ import annotations

import copy
import gettext
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import current_app, g, has_request_context, request, session

from signpost.wording import SOURCE_LOCALE, Wording, folder_of, load
from storage.settings import ROOT
from web.gateway import words_of

DOMAIN = "console"
KEPT_AS = "desk_locale"


def desk(sentence: str, **values: Any) -> str:
    """A sentence for the volunteer, with `{name}` filled from the values."""
    return words()(sentence, **values)


def words() -> Wording:
    """The words of this request: asked for in the address, chosen before, or English."""
    if not has_request_context():
        return Wording()
    if "desk_words" not in g:
        asked = request.args.get("lang")
        if asked in languages():
            session[KEPT_AS] = asked
        g.desk_words = _words(session.get(KEPT_AS, SOURCE_LOCALE))
    return g.desk_words


def languages() -> dict[str, str]:
    """The languages the desk can be in, each with its own name: English, and every one that has a catalogue of its words."""
    known = current_app.extensions["facts"].languages
    return {name: str(entry["name"]) for name, entry in known.items() if name == SOURCE_LOCALE or _has_catalogue(name)}


def language_name(language: str) -> str:
    """What a language is called in the language of the desk; its own name where CLDR does not say."""
    entry, said = current_app.extensions["facts"].languages[language], words()
    if said.locale == SOURCE_LOCALE:
        return str(entry["english"])
    try:
        return Locale.parse(language, sep="-").get_display_name(said.babel) or str(entry["name"])
    except (UnknownLocaleError, ValueError):
        return str(entry["name"])


@lru_cache(maxsize=32)
def _has_catalogue(locale: str) -> bool:
    return (ROOT / "locales" / folder_of(locale) / "LC_MESSAGES" / f"{DOMAIN}.po").exists()


@lru_cache(maxsize=32)
def _words(locale: str) -> Wording:
    """The desk's words, and behind them the person's: labels of the knowledge stand on pages of the desk too."""
    if locale == SOURCE_LOCALE or not _has_catalogue(locale):
        return Wording()
    person = words_of(locale)
    own: gettext.NullTranslations = copy.copy(load(ROOT / "locales", locale, DOMAIN).translations)
    own.add_fallback(person.translations)
    return Wording(locale, own, person.checked)
