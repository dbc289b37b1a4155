"""The phrase readers of every language, made when first needed."""

from __future__ import annotations

from functools import lru_cache

from bot import paths
from signpost import knowledge
from signpost.reading import Reader


@lru_cache(maxsize=1)
def facts() -> knowledge.Knowledge:
    """The knowledge room, read once in this process."""
    return knowledge.load(paths.KNOWLEDGE, paths.place())


class Readers:
    """One phrase reader a language."""

    def __init__(self) -> None:
        self._made: dict[str, Reader] = {}

    def of(self, language: str | None) -> Reader:
        """The reader of a language; English where there is none for it."""
        name = language if language and language in facts().phrases else "en"
        if name not in self._made:
            self._made[name] = Reader(name, facts())
        return self._made[name]
