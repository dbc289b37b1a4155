"""Labelled examples read from Rasa's training-data files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True)
class Example:
    """One labelled message; `writer` names the voice that wrote it, unique within a language."""

    text: str
    intent: str
    issues: tuple[str, ...]
    strands: tuple[str, ...]
    risk: str
    cues: tuple[str, ...]
    writer: str


def read_examples(folder: Path) -> list[Example]:
    """Every example of every `*.yml` in a folder, in the order of the files."""
    return [example for path in sorted(folder.glob("*.yml")) for example in read_file(path)]


def read_file(path: Path) -> list[Example]:
    """Every example of one file, in order."""
    made = []
    for block in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]:
        about: dict[str, Any] = block.get("metadata") or {}
        for line in block["examples"].splitlines():
            made.append(
                Example(
                    text=line[2:],
                    intent=block["intent"],
                    issues=tuple(about.get("issues") or ()),
                    strands=tuple(about.get("strands") or ()),
                    risk=about.get("risk", "none"),
                    cues=tuple(about.get("cues") or ()),
                    writer=about.get("writer", "unknown"),
                )
            )
    return made
