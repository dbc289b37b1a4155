"""The phrase readers of the engine: the core's, over the knowledge of this machine's place."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bot import paths
from signpost import knowledge
from signpost.reading import Readers


@lru_cache(maxsize=1)
def facts() -> knowledge.Knowledge:
    """The knowledge room, read once in this process."""
    return knowledge.load(paths.KNOWLEDGE, paths.place())


def readers(saved: Path | None = None) -> Readers:
    """Readers of every language, none made yet; from phrases saved in this folder where there are some."""
    return Readers(facts(), saved)
