"""Which language a message is written in: a small character n-gram model of the bot's own examples.

Every example with marks counts twice, as it stands and folded, because people leave them out. Measured beside packaged
detectors on such messages it is right more often, and it knows Sorani, which most do not.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier

from bot.components.examples import by_language
from signpost.plaintext import clean, without_marks

DETECTED = "detected_language"
BUCKETS = 2**16
# So many longer messages, spread over all writers, tell a language as well as six times as many. A word or two tell little, and
# few messages are so short: each of those counts several times.
ENOUGH, SHORT_WORDS, SHORT_TIMES = 4000, 3, 4
_NUMBERS = re.compile(r"[\d\W_]+")

_characters = HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=BUCKETS, alternate_sign=False, lowercase=True)


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=True)
class LanguageReader(GraphComponent):
    """Puts the likeliest language and how likely it is on each message."""

    def __init__(self, storage: ModelStorage, resource: Resource, labels: list[str], weights: np.ndarray, bias: np.ndarray) -> None:
        self._storage = storage
        self._resource = resource
        self._labels = labels
        self._weights = weights
        self._bias = bias

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> LanguageReader:
        """An untrained reader, which knows English alone."""
        return cls(model_storage, resource, ["en"], np.zeros((BUCKETS, 1), np.float16), np.zeros(1, np.float32))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageReader:
        """The trained reader; its table is mapped from disk."""
        with model_storage.read_from(resource) as folder:
            labels = json.loads((folder / "labels.json").read_text())
            return cls(model_storage, resource, labels, np.load(folder / "weights.npy", mmap_mode="r"), np.load(folder / "bias.npy"))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on examples and their copies without marks."""
        texts, languages = [], []
        for language, examples in by_language(training_data).items():
            written = [example.text for example in examples]
            short = [text for text in written if len(text.split()) <= SHORT_WORDS]
            longer = [text for text in written if len(text.split()) > SHORT_WORDS]
            for example in short * SHORT_TIMES + longer[:: max(1, -(-len(longer) // ENOUGH))]:
                for text in dict.fromkeys((example, without_marks(example))):
                    texts.append(text)
                    languages.append(language)
        self._labels = sorted(set(languages))
        if len(self._labels) > 1:
            # Every language weighs the same, though some have fewer examples.
            model = SGDClassifier(loss="log_loss", alpha=1e-6, class_weight="balanced", max_iter=12, tol=None, random_state=0, n_jobs=-1)
            model.fit(_characters.transform(texts), languages)
            weights, bias = model.coef_, model.intercept_
            if len(self._labels) == 2:
                weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
            self._weights = np.ascontiguousarray(weights.T.astype(np.float16))
            self._bias = bias.astype(np.float32)
        self.persist()
        return self._resource

    def persist(self) -> None:
        """Write the table into the model."""
        with self._storage.write_to(self._resource) as folder:
            np.save(Path(folder) / "weights.npy", self._weights)
            np.save(Path(folder) / "bias.npy", self._bias)
            (Path(folder) / "labels.json").write_text(json.dumps(self._labels))

    def process(self, messages: list[Message]) -> list[Message]:
        """Detect each message's language."""
        for message in messages:
            message.set(DETECTED, self.detect(clean(message.get(TEXT) or "")))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training data names its language."""
        return training_data

    def detect(self, text: str) -> tuple[str, float]:
        """The likeliest language and its share of belief, 0 to 1. Text without letters is anyone's: ("en", 0)."""
        if len(self._labels) == 1 or not _NUMBERS.sub("", text):
            return "en", 0.0
        found = _characters.transform([text])
        scores = found.data @ self._weights[found.indices].astype(np.float32) + self._bias
        powers = np.exp(scores - scores.max())
        best = int(powers.argmax())
        return self._labels[best], float(powers[best] / powers.sum())
