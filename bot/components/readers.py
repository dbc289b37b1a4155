"""The phrase readers of the engine: the core's, over the knowledge of this machine's place."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot import paths
from signpost import knowledge
from signpost.reading import Reader, Readers


@lru_cache(maxsize=1)
def facts() -> knowledge.Knowledge:
    """The knowledge room, read once in this process."""
    return knowledge.load(paths.KNOWLEDGE, paths.place())


def readers(folder: Path | None = None) -> Readers:
    """Readers of every language, none made yet; from phrases that `keep` wrote into this folder where there are some."""

    def packed(language: str) -> Any:
        path = folder / f"{language}.json" if folder else None
        return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else None

    return Readers(facts(), packed)


def keep(reader: Reader, folder: Path) -> None:
    """Write the phrases of a language, ready to be found, into a folder."""
    (folder / f"{reader.language}.json").write_text(json.dumps(reader.packed()), encoding="utf-8")
