"""Every sentence a person reads, in their language.

English (British) sentences are the message ids; a `Wording` gives their translation and puts values into them.
Dates, times and lists follow the locale's own customs (CLDR, by Babel).
"""

from __future__ import annotations

import datetime as dt
import gettext
import re
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from ruamel.yaml import YAML

from signpost.errors import WordingError

SOURCE_LOCALE = "en"
RIGHT_TO_LEFT = ("ar", "ckb", "fa", "ur")
# First-strong isolate and pop: keep a number or postcode left to right inside right-to-left text.
LRI, PDI = "\u2066", "\u2069"


# A number of two or more groups, not isolated yet.
_GROUPED_NUMBER = re.compile(rf"(?<![{LRI}\d])(?<!\d )\+?\d+(?: \d+)+")


def folder_of(locale: str) -> str:
    """The gettext folder of a BCP 47 locale: `zh-Hant` to `zh_Hant`, `en-x-easy` to `en@easy`."""
    return {"en-x-easy": "en@easy"}.get(locale, locale.replace("-", "_"))


@dataclass(frozen=True)
class Wording:
    """One locale's words. Call it with an English sentence and the values to put in."""

    locale: str = SOURCE_LOCALE
    translations: gettext.NullTranslations = field(default_factory=gettext.NullTranslations, compare=False)
    # Whether a person has reviewed every safety sentence. English is the source, and reviewed with the facts.
    checked: bool = True

    def __call__(self, sentence: str, **values: Any) -> str:
        """The sentence in this locale, with `{name}` filled from the values."""
        said = self.translations.gettext(sentence) if sentence else ""
        return self._isolated(said.format(**values) if values else said)

    def count(self, one: str, many: str, number: int, **values: Any) -> str:
        """The sentence in the plural form that the locale uses for this number."""
        return self._isolated(self.translations.ngettext(one, many, number).format(number=number, **values))

    def _isolated(self, said: str) -> str:
        """In right-to-left text the groups of a number would change places (`116 123` as `123 116`): keep each whole."""
        return _GROUPED_NUMBER.sub(f"{LRI}\\g<0>{PDI}", said) if self.dir == "rtl" else said

    def ltr(self, value: str) -> str:
        """A number, code or address that reads from left to right in whatever text it stands."""
        return f"{LRI}{value}{PDI}" if self.dir == "rtl" else value

    @property
    def dir(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.locale.split("-")[0] in RIGHT_TO_LEFT else "ltr"

    @property
    def babel(self) -> Locale:
        """The locale as CLDR knows it."""
        return _babel_locale(self.locale)

    def time(self, value: dt.time) -> str:
        """`8:00am` as this locale writes it."""
        if self.locale.startswith("en"):
            text = value.strftime("%I:%M%p").lstrip("0").lower()
            return text.replace(":00", "")
        return format_time(value, "short", locale=self.babel)

    def day(self, value: dt.date) -> str:
        """The day of the week."""
        return format_date(value, "EEEE", locale=self.babel)

    def date(self, value: dt.date) -> str:
        """Day, month and year."""
        return format_date(value, "long", locale=self.babel)

    def list(self, items: list[str], style: Literal["standard", "or", "unit"] = "standard") -> str:
        """`a, b and c`."""
        return format_list(items, style=style, locale=self.babel)


def load(locales: Path, locale: str, domain: str = "messages") -> Wording:
    """The words of one locale from the `.po` file of a domain. The source locale needs none.

    Raises:
        WordingError: there is no catalogue for the locale or it cannot be read.
    """
    if locale == SOURCE_LOCALE:
        return Wording()
    path = locales / folder_of(locale) / "LC_MESSAGES" / f"{domain}.po"
    try:
        checked = bool(status(locales).get(locale, {}).get("safety_reviewed"))
        return Wording(locale, _translations(path, path.stat().st_mtime_ns), checked)
    except (OSError, ValueError) as error:
        raise WordingError(f"No usable catalogue for {locale}: {path.name} is missing or broken.") from error


def status(locales: Path) -> dict[str, dict[str, bool]]:
    """For each locale with a catalogue: whether it is `complete` (every message translated, none fuzzy, placeholders
    equal) and whether its safety sentences are reviewed by a person (`safety_reviewed`). `make translations` writes it."""
    path = locales / "status.yml"
    return _status(path, path.stat().st_mtime_ns) if path.exists() else {}


def complete(locales: Path) -> frozenset[str]:
    """The locales that may be offered: English, and every complete one."""
    return frozenset({SOURCE_LOCALE, *(locale for locale, about in status(locales).items() if about["complete"])})


@lru_cache(maxsize=4)
def _status(path: Path, _changed: int) -> dict[str, dict[str, bool]]:
    return dict(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {})


@lru_cache(maxsize=64)
def _translations(path: Path, _changed: int) -> gettext.GNUTranslations:
    compiled = path.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime_ns >= _changed:
        with compiled.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    buffer = BytesIO()
    with path.open("rb") as stream:
        write_mo(buffer, read_po(stream))
    buffer.seek(0)
    return gettext.GNUTranslations(buffer)


@lru_cache(maxsize=64)
def _babel_locale(locale: str) -> Locale:
    try:
        return Locale.parse(locale.split("-x-")[0], sep="-") if locale != "en" else Locale.parse("en_GB")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB")
