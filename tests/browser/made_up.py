"""Catalogues for a test: the real one where a language has one, else every sentence in made-up words of its script.

So the pages can be looked at in a language before it is written, and a test of how they read does not wait for it.
"""

from __future__ import annotations

import string
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from signpost.wording import folder_of
from tests.builders import ROOT

_LETTERS = {
    "pl": str.maketrans("aceglnosyz", "ąćęǧłńóśýż"),
    "ar": str.maketrans(string.ascii_letters, "ابتثجحخدذرزسشصضطظعغفقكلمنه" * 2),
}


def a_root(folder: Path, *locales: str) -> Path:
    """A folder like the project's own, with the facts, and a catalogue for each of these locales."""
    (folder / "knowledge").symlink_to(ROOT / "knowledge")
    (folder / "locales").mkdir()
    for locale in locales:
        own = folder / "locales" / folder_of(locale) / "LC_MESSAGES"
        real = ROOT / "locales" / folder_of(locale)
        if (real / "LC_MESSAGES" / "messages.po").exists():
            (folder / "locales" / folder_of(locale)).symlink_to(real)
            continue
        own.mkdir(parents=True)
        with (own / "messages.po").open("wb") as stream:
            write_po(stream, _made_up(locale))
    return folder


def _made_up(locale: str) -> Catalog:
    with (ROOT / "locales" / "messages.pot").open("rb") as stream:
        template = read_po(stream)
    made = Catalog(locale=folder_of(locale))
    for message in template:
        if isinstance(message.id, str) and message.id:
            made.add(message.id, _written(message.id, locale))
    return made


def _written(sentence: str, locale: str) -> str:
    """The letters of a sentence changed, its placeholders, numbers and signs kept."""
    parts = []
    for text, name, _spec, _conversion in string.Formatter().parse(sentence):
        parts.append(text.translate(_LETTERS[locale]))
        if name:
            parts.append("{" + name + "}")
    return "".join(parts)
