"""The trained reader: heads for each language, joined with danger cues into one reading of a message.

Danger is decided twice, by phrases and by heads, and goes first: a message in danger carries the intent `danger`,
whatever else it says.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import paths
from bot.components import encoder as encoders
from bot.components.examples import by_language
from bot.components.features import counts, marks
from bot.components.fitting import heads_of
from bot.components.heads import GROUPS, MOST_SURE, Heads, log_odds, sigmoid, softmax
from bot.components.observer import CLEAN, LANGUAGE, OBSERVED, PARTS
from bot.components.readers import facts as known
from signpost.language import by_letters, foreign
from signpost.model import Reading, Risk, Scored
from signpost.reading import UNREADABLE, Observed, facts, reading_from, unread, wanted_language
from signpost.risk import Thresholds, decide
from signpost.turn import choice_reading

READING = "reading"
CUE_SURE, CUE_POSSIBLE = 0.4, 0.1
# Turns of talk that tell nothing. Where a message is plainly one of them, danger must be heard more plainly too: "yes please"
# is short, and whoever is in danger writes short messages.
TALK, PLAINLY = frozenset({"agree", "decline", "goodbye", "greet", "more", "not_now", "repeat", "thanks"}), 0.6


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class TrainedReader(GraphComponent):
    """Gives each message its intent and its `reading` (docs/architecture.md has the shape)."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource, heads: dict[str, Heads] | None = None) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._heads = heads or {}
        self._encoders: dict[str, encoders.SentenceEncoder | None] = {}
        self._thresholds = Thresholds(config["danger_alone"], config["danger_with_cue"], config["soon"])
        self._linear_thresholds = Thresholds(config["danger_alone_linear"], config["danger_with_cue_linear"], config["soon"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Thresholds were chosen on held-out writers (docs/model_card.md says on which, and what they cost)."""
        return {
            "danger_alone": 0.15,
            "danger_with_cue": 0.08,
            # Where no encoder gives a second opinion the heads are less sure of danger that they hear.
            "danger_alone_linear": 0.06,
            "danger_with_cue_linear": 0.03,
            "danger_in_talk": 0.5,
            # A part of a story has lost what stands around it ("that is years ago now"): danger must be plainer in it. Where
            # the linear heads put it below `part_doubt` the encoder, which takes most of the time, is not asked: of 573
            # held-out messages of danger that were heard so plainly, the lowest stood at .03.
            "part_caution": 2.5,
            "part_doubt": 0.02,
            "soon": 0.5,
            "strand": 0.45,
            "ask": 0.6,
            "ask_linear": 0.5,
            "sure": 0.4,
            "use_encoder": True,
            "encoder_weight": 0.5,
            "encoder_weight_now": 0.6,
            # Whether something is a question shows in single words and in form, which the linear heads see better.
            "encoder_weight_ask": 0.3,
            "noisy_every": 2,
        }

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TrainedReader:
        """An untrained reader."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TrainedReader:
        """The trained reader from the model; the weight tables are mapped from disk."""
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / "languages.json").read_text())
            heads = {name: Heads.load(folder / name) for name in names}
        made = cls(config, model_storage, resource, heads)
        # The encoder takes a second to start; the first person must not wait for it.
        for name in names:
            made._encoder(name)
        return made

    def train(self, training_data: TrainingData) -> Resource:
        """Fit the heads of every language that has examples."""
        examples = sorted(by_language(training_data).items(), key=lambda item: -len(item[1]))
        every = self._config["noisy_every"]
        made = Parallel(n_jobs=-1)(delayed(heads_of)(language, group, every) for language, group in examples)
        self._heads = {language: heads for (language, _group), heads in zip(examples, made)}
        self.persist()
        return self._resource

    def persist(self) -> None:
        """Write every language's heads into the model."""
        with self._storage.write_to(self._resource) as folder:
            for language, heads in self._heads.items():
                heads.save(Path(folder) / language)
            (Path(folder) / "languages.json").write_text(json.dumps(sorted(self._heads)))

    def process(self, messages: list[Message]) -> list[Message]:
        """Read each message."""
        for message in messages:
            choice = (message.get("metadata") or {}).get("choice")
            reading = choice_reading(choice) if choice else self._read_story(message)
            intent = "danger" if reading.risk == "now" else reading.intent
            message.set(INTENT, {"name": intent, "confidence": reading.confidence}, add_to_output=True)
            message.set(READING, reading.as_json(), add_to_output=True)
            # The person's words serve no later step: what was read of them does.
            message.set(TEXT, message.get(TEXT), add_to_output=True)
        return messages

    def _read_story(self, message: Message) -> Reading:
        """The reading of the whole message; danger in any part of a long story is danger."""
        language = message.get(LANGUAGE)
        whole = self.read(message.get(CLEAN), message.get(OBSERVED), language)
        for text, seen in message.get(PARTS) or ():
            if whole.risk == "now":
                break
            # Of a story in a language that nobody here reads, the sentences in another may be read.
            if whole.intent != UNREADABLE or unread(text, seen, self._heads, foreign(text, known().other_languages)) is None:
                whole = self._with_part(whole, seen, language)
        return whole

    def _with_part(self, whole: Reading, seen: Observed, language: str) -> Reading:
        """The reading of a story when one part of it has been read too, for danger alone."""
        heads = self._heads.get(language)
        if heads is None:
            part = reading_from(seen)
            risk, cues = part.risk, part.cues
        else:
            found = self._probabilities(seen, language, heads, doubt=self._config["part_doubt"])
            usual, caution = self._usual(language), self._config["part_caution"]
            risk, cues = _danger(seen, heads, found, replace(usual, alone=usual.alone * caution, with_cue=usual.with_cue * caution))
        return replace(whole, risk=risk, cues=cues) if risk == "now" else whole

    def read(self, text: str, seen: Observed, language: str) -> Reading:
        """The reading of one message: heads where the language has them, phrases alone where it has none."""
        heads = self._heads.get(language)
        other = foreign(text, known().other_languages)
        if (reading := unread(text, seen, self._heads, other)) is not None:
            return reading
        if heads is None or not text:
            return reading_from(seen, language)
        found = self._probabilities(seen, language, heads)
        labels = heads.labels
        usual = self._usual(language)
        talk = sum(share for label, share in zip(labels["intent"], found["intent"]) if label in TALK)
        held = replace(usual, alone=self._config["danger_in_talk"]) if talk >= PLAINLY else usual
        risk, cues = _danger(seen, heads, found, held)
        asks = bool(found["ask"][0] >= self._config["ask_linear" if self._encoder(language) is None else "ask"])
        intent, confidence = _intent(found["intent"], labels["intent"], asks)
        issues = _ranked(labels["issue"], found["issue"])
        least = self._config["strand"]
        # "No, it was about my disability" is short; a strand it names is meant.
        named = set(seen.best("strands")) if intent.startswith("correct_") else set()
        strands = [item for item in _ranked(labels["strand"], found["strand"]) if item.score >= least or item.id in named]
        return Reading(
            intent=intent,
            confidence=confidence,
            value=wanted_language(intent, seen),
            sure=(issues[0].score if intent == "tell" else confidence) >= self._config["sure"],
            is_question=asks,
            issues=tuple(issues[:5]),
            strands=tuple(strands),
            risk=risk,
            cues=cues,
            # Read with the words of a neighbour, it may still be written in another language.
            language=(by_letters(text, known().languages) if language.startswith("zh") else other) or language,
            **facts(seen),
        )

    def _usual(self, language: str) -> Thresholds:
        return self._linear_thresholds if self._encoder(language) is None else self._thresholds

    def _probabilities(self, seen: Observed, language: str, heads: Heads, doubt: float = 0.0) -> dict[str, np.ndarray]:
        """What the linear heads and the encoder find together, by group; the linear heads alone where there is no encoder,
        or where they think danger less likely than `doubt`."""
        linear = heads.scores(heads.vocabulary.vectors(counts([seen.text], [marks(seen)])))
        found = {name: heads.calibrated(name, scores)[0] for name, scores in linear.items()}
        encoder = self._encoder(language)
        if encoder is None or found["now"][0] < doubt:
            return found
        for name, scores in encoder.scores(seen.text).items():
            if encoder.labels[name] != heads.labels.get(name):
                continue
            share = self._config.get(f"encoder_weight_{name}", self._config["encoder_weight"])
            if GROUPS[name] == "one":
                found[name] = (1 - share) * found[name] + share * softmax(scores[None])[0]
            else:
                # As odds: where one of the two is as good as certain, the other's doubt counts for little.
                found[name] = sigmoid((1 - share) * log_odds(found[name]) + share * np.clip(scores, -MOST_SURE, MOST_SURE))
        return found

    def _encoder(self, language: str) -> encoders.SentenceEncoder | None:
        if not self._config["use_encoder"]:
            return None
        if language not in self._encoders:
            self._encoders[language] = encoders.load(paths.ENCODERS, language)
        return self._encoders[language]


def _danger(seen: Observed, heads: Heads, found: dict[str, np.ndarray], held: Thresholds) -> tuple[Risk, tuple[str, ...]]:
    """The risk and the cues that led to it."""
    risk = decide(seen.cues, float(found["now"][0]), float(found["soon"][0]), held)
    return risk, _cues(seen, risk, dict(zip(heads.labels.get("cue", ()), found.get("cue", ()))))


def _intent(found: np.ndarray, labels: Sequence[str], asks: bool) -> tuple[str, float]:
    """The likeliest intent among those that ask, or among those that do not, as the question head says."""
    fits = np.array([label.startswith("ask_") == asks for label in labels])
    weighed = np.where(fits, found, 0.0)
    best = int(weighed.argmax())
    return labels[best], float(weighed[best] / max(weighed.sum(), 1e-9))


def _ranked(labels: Sequence[str], found: np.ndarray) -> list[Scored]:
    order = np.argsort(-found)
    return [Scored(labels[place], round(float(found[place]), 4)) for place in order]


def _cues(seen: Observed, risk: str, likely: dict[str, float]) -> tuple[str, ...]:
    """The cues that led to the risk, likeliest first: those the heads are sure of, and those the phrases show unless
    the heads speak against them."""
    if risk == "none":
        return ()
    sure = sorted((name for name in likely if likely[name] >= CUE_SURE), key=lambda name: -likely[name])
    shown = [name for name in seen.cues.cues if likely.get(name, 1.0) >= CUE_POSSIBLE]
    found = tuple(dict.fromkeys((*sure, *shown)))
    return found or seen.cues.cues or (("danger_now",) if risk == "now" else ())
