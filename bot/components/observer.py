"""Reads what phrases show, before any trained part: danger cues, places, ages, who did it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.examples import by_language
from bot.components.language import DETECTED
from bot.components.readers import keep, readers
from signpost.patterns import tokenizer
from signpost.plaintext import clean
from signpost.reading import Readers, parts_of
from signpost.wording import SOURCE_LOCALE

OBSERVED, PARTS, LANGUAGE, CLEAN = "observed", "observed_parts", "language", "clean_text"
# Below the first, or in a message of one or two words, the language in use before is the better guess. Where none was, words that
# English has not need be no more than likely.
SURE_LANGUAGE, LIKELY_LANGUAGE, ENOUGH_WORDS = 0.7, 0.5, 3


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=True)
class Observer(GraphComponent):
    """Puts the phrase hits (`Observed`) and the language on each message, for the parts after it.

    All it learns is how words are spelt. Training writes that and the phrases into the model ready to be used, so that
    nobody who is the first to write in a language waits for them.
    """

    def __init__(self, storage: ModelStorage, resource: Resource, readers: Readers) -> None:
        self._storage = storage
        self._resource = resource
        self._readers = readers

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> Observer:
        """One that reads the phrases from `knowledge/`."""
        return cls(model_storage, resource, readers())

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Observer:
        """One that has the phrases from the model."""
        with model_storage.read_from(resource) as folder:
            made = readers(Path(folder))
            # A tokenizer takes a tenth of a second to start; the first person of a language must not wait for it.
            for path in Path(folder).glob("*.json"):
                tokenizer(path.stem)
        made.of("en")
        return cls(model_storage, resource, made)

    def train(self, training_data: TrainingData) -> Resource:
        """Write the phrases of every language that has examples into the model."""
        examples = sorted(by_language(training_data).items(), key=lambda item: -len(item[1]))
        with self._storage.write_to(self._resource) as folder:
            Parallel(n_jobs=-1)(delayed(keep)(language, group, Path(folder)) for language, group in examples)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Observe each message."""
        for message in messages:
            text = clean(message.get(TEXT) or "")
            reader = self._readers.of(self._language(message, text))
            message.set(CLEAN, text)
            message.set(LANGUAGE, reader.language)
            seen = reader.observe(text)
            message.set(OBSERVED, seen)
            message.set(PARTS, [(part, reader.observe(part, mended=True)) for part in parts_of(seen.text)])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training reads for itself, in each example's own language."""
        return training_data

    def _language(self, message: Message, text: str) -> str | None:
        """The language the message is read in: what it is plainly written in, else the one in use."""
        detected, sure = message.get(DETECTED) or (SOURCE_LOCALE, 0.0)
        about = message.get("metadata") or {}
        before = about.get("situation") or {}
        # A conversation that has not begun has a locale too, but nobody has written in it.
        known = about.get("locale") or (before.get("locale") if before.get("turns") else None)
        # Scripts without spaces have few "words"; there the letters alone are enough.
        if len(text.split()) >= ENOUGH_WORDS or not text.isascii():
            return detected if sure >= SURE_LANGUAGE else known
        if sure >= LIKELY_LANGUAGE and self._readers.of(detected).observe(text).cues.risk == "now":
            # A cry for help, in whatever language ("socorro", though that is a town too).
            return detected
        # "stalker" looks like Turkish, but what English has is English where nothing else is known.
        return known or (detected if sure >= LIKELY_LANGUAGE and not self._readers.of(SOURCE_LOCALE).knows(text) else SOURCE_LOCALE)
