"""Labelled examples read from Rasa's training-data files."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from bot.components.examples import Example


def read_examples(folder: Path) -> list[Example]:
    """Every example of every `*.yml` in a folder, in the order of the files."""
    return [example for path in sorted(folder.glob("*.yml")) for example in read_file(path)]


def read_file(path: Path) -> list[Example]:
    """Every example of one file, in order."""
    blocks = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]
    return [
        Example.of(line[2:], block["intent"], block.get("metadata") or {}) for block in blocks for line in block["examples"].splitlines()
    ]
