"""The phrase readers of the engine: the core's, over the knowledge of this machine's place."""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from spellchecker import SpellChecker

from bot import paths
from bot.components.examples import Example
from signpost import knowledge
from signpost.plaintext import fold
from signpost.reading import Reader, Readers
from signpost.spelling import Words

# Writers of examples that were misspelt on purpose: a slip that many of them make is still a slip.
HURRIED = "thumb-"


@lru_cache(maxsize=1)
def facts() -> knowledge.Knowledge:
    """The knowledge room, read once in this process."""
    return knowledge.load(paths.KNOWLEDGE, paths.place())


def readers(folder: Path | None = None) -> Readers:
    """Readers of every language, none made yet; from phrases that `keep` wrote into this folder where there are some."""
    # Mapped, because Rasa takes the folder away once everything is loaded, and few languages are ever read.
    kept = {path.stem: _mapped(path) for path in folder.glob("*.json")} if folder else {}
    return Readers(facts(), lambda language: json.loads(kept[language][:]) if language in kept else None)


def learnt_reader(language: str, examples: Iterable[Example]) -> Reader:
    """The reader of a language that knows how the words of its examples are spelt, where the language has shorthand and a dictionary."""
    if not (facts().phrases.get(language) or {}).get("shorthand") or language not in SpellChecker.languages():
        return Reader(language, facts())
    dictionary = SpellChecker(language=language).word_frequency.words()
    places = (word for area in facts().areas.values() for name in (area.label, *area.aka) for word in fold(name).split())
    careful = ((item.writer, item.text) for item in examples if not item.writer.startswith(HURRIED))
    words = Words.learnt(careful, {*dictionary, *places})
    return Reader(language, facts(), words=words)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def keep(language: str, examples: Iterable[Example], folder: Path) -> None:
    """Write the phrases of a language, ready to be found, into a folder."""
    (folder / f"{language}.json").write_text(json.dumps(learnt_reader(language, examples).packed()), encoding="utf-8")
