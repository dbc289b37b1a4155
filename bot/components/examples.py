"""The labelled examples, from the metadata of Rasa's own training-data format. Nothing of Rasa is loaded here, so that a
language can be fitted, and an encoder tuned, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasa.shared.nlu.training_data.training_data import TrainingData


@dataclass(frozen=True)
class Example:
    """One labelled message; `writer` names the voice that wrote it, unique within a language. What is told may ask
    something too (`question`): "he is at the door what do I do"."""

    text: str
    language: str
    intent: str
    issues: tuple[str, ...]
    strands: tuple[str, ...]
    risk: str
    cues: tuple[str, ...]
    writer: str
    question: bool = False

    @property
    def asks(self) -> bool:
        """Whether something is asked in it."""
        return self.question or self.intent.startswith("ask_")

    @classmethod
    def of(cls, text: str, intent: str, about: Mapping[str, Any]) -> Example:
        """The example that a message, its intent and its metadata stand for."""
        return cls(
            text=text,
            language=about.get("language", "en"),
            intent=intent,
            issues=tuple(about.get("issues") or ()),
            strands=tuple(about.get("strands") or ()),
            risk=about.get("risk", "none"),
            cues=tuple(about.get("cues") or ()),
            writer=about.get("writer", "unknown"),
            question=bool(about.get("question")),
        )


def by_language(training_data: TrainingData) -> dict[str, list[Example]]:
    """The labelled examples of each language."""
    made: dict[str, list[Example]] = {}
    for message in training_data.intent_examples:
        about = (message.get("metadata") or {}).get("intent") or {}
        if about.get("trained") is not False:
            example = Example.of(message.get("text"), message.get("intent"), about)
            made.setdefault(example.language, []).append(example)
    return made
