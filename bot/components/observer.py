"""Reads what phrases show, before any trained part: danger cues, places, ages, who did it."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.readers import Readers
from signpost.plaintext import clean

OBSERVED, LANGUAGE, CLEAN = "observed", "language", "clean_text"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class Observer(GraphComponent):
    """Puts the phrase hits (`Observed`) and the language on each message, for the parts after it."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> Observer:
        """Made anew at each start: phrases are read from `knowledge/`, not from the model."""
        readers = Readers()
        # The first person must not wait for the phrases to be read.
        readers.of("en")
        return cls(readers)

    def process(self, messages: list[Message]) -> list[Message]:
        """Observe each message."""
        for message in messages:
            text = clean(message.get(TEXT) or "")
            hint = (message.get("metadata") or {}).get("locale")
            reader = self._readers.of(hint)
            message.set(CLEAN, text)
            message.set(LANGUAGE, reader.language)
            message.set(OBSERVED, reader.observe(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training reads for itself, in each example's own language."""
        return training_data
