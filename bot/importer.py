"""Reads this project's training data in seconds.

Rasa's own importer parses and schema-checks every file several times over (a minute for some ten thousand examples,
twice a training). The files here are in Rasa's format and a guard test reads them with Rasa's own reader; at training
time each is read once, plainly.
"""

from __future__ import annotations

import functools
import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML


class Example(Message):
    """A labelled example, never changed once it is read.

    Rasa copies and fingerprints its whole training data a dozen times on the way to a model. What does not change needs
    neither more than once: on thirty thousand examples that is a minute of every training.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> Example:
        return self

    def fingerprint(self) -> str:
        """A hash of text and labels, which is all an example holds."""
        return self._fingerprint

    @functools.cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha1(repr(self.data).encode(), usedforsecurity=False).hexdigest()


class SignpostImporter(RasaFileImporter):
    """Rasa's file importer, but for how files are found (by folder) and how examples are read (once)."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        TrainingDataImporter.__init__(self)
        roots = [training_data_paths] if isinstance(training_data_paths, str) else list(training_data_paths or ())
        files = sorted(path for root in roots for path in _yaml_files(Path(root)))
        self._domain_path = domain_path
        self.config_file = config_file
        self._nlu_files = [str(path) for path in files if "nlu" in path.parts]
        self._story_files = [str(path) for path in files if "nlu" not in path.parts]
        self._conversation_test_files = [name for name in self._story_files if YAMLStoryReader.is_test_stories_file(name)]

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Every labelled example, with the metadata of its group."""
        return TrainingData(list(_messages(tuple(self._nlu_files))))


def _yaml_files(root: Path) -> Iterator[Path]:
    return root.rglob("*.yml") if root.is_dir() else iter([root])


@functools.lru_cache(maxsize=4)
def _messages(files: tuple[str, ...]) -> tuple[Message, ...]:
    # No example is ever let go of; looking again and again for some that could be takes a third of the reading.
    gc.disable()
    try:
        return tuple(message for name in files for message in _of_file(Path(name)))
    finally:
        gc.freeze()
        gc.enable()


def _of_file(path: Path) -> Iterator[Message]:
    for block in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]:
        for line in block["examples"].splitlines():
            yield Example.build(line[2:], block["intent"], intent_metadata=block.get("metadata"))
