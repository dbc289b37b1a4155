"""A fixed share of the labelled messages: some to train both sides on, others to ask both sides."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from bench.servers import ROOT
from bot.components.examples import Example
from tools.examples import read_examples

LANGUAGE = "en"
SEED = 20261121
TURNS = 5
# What becomes of the messages the default pipeline's own fallback rejects; ours decides that in the rules' policy.
FALLBACK = ("nlu_fallback", "action_unclear")


@dataclass(frozen=True)
class Sample:
    """`trained_on` is spread over every intent as in the whole data; `conversations` are other messages, in turns."""

    trained_on: tuple[Example, ...]
    conversations: tuple[tuple[str, ...], ...]
    of: int

    @property
    def intents(self) -> int:
        """How many intents there are."""
        return len({item.intent for item in self.trained_on})


def draw(size: int, conversations: int) -> Sample:
    """The same sample each time for the same data: about `size` messages to train on, and conversations to ask."""
    shuffled = random.Random(SEED)
    by_intent: dict[str, list[Example]] = defaultdict(list)
    everything = read_examples(ROOT / "data" / "nlu" / LANGUAGE)
    for example in everything:
        by_intent[example.intent].append(example)
    trained_on: list[Example] = []
    left: list[Example] = []
    for _, examples in sorted(by_intent.items()):
        shuffled.shuffle(examples)
        # Rasa wants two examples of an intent at least.
        share = max(2, round(len(examples) * size / len(everything)))
        trained_on += examples[:share]
        left += examples[share:]
    asked = [item.text for item in shuffled.sample(left, conversations * TURNS)]
    return Sample(tuple(trained_on), tuple(tuple(asked[start : start + TURNS]) for start in range(0, len(asked), TURNS)), len(everything))


def write_examples(path: Path, examples: Sequence[Example], with_labels: bool) -> None:
    """A training file in Rasa's format; with this project's further labels (issues, strands, risk), or with intents alone."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in examples:
        groups[(item.intent, _labels(item) if with_labels else "")].append(item.text)
    lines = ['version: "3.1"', "nlu:"]
    for (intent, labels), texts in sorted(groups.items()):
        lines += [f"- intent: {intent}", *([f"  metadata: {labels}"] if labels else []), "  examples: |"]
        lines += [f"    - {text}" for text in texts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _labels(item: Example) -> str:
    lists = {"issues": item.issues, "strands": item.strands, "cues": item.cues}
    given = [f"{name}: [{', '.join(values)}]" for name, values in lists.items() if values]
    return "{" + ", ".join([f"language: {LANGUAGE}", f"writer: {item.writer}", f"risk: {item.risk}", *given]) + "}"


def transitions() -> list[tuple[str, str]]:
    """Which action answers which intent, as `data/rules/` says."""
    found = []
    for path in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["rules"]:
            asked, done = rule["steps"]
            found += [(item["intent"], done["action"]) for item in asked.get("or", [asked])]
    return found


def write_stories(path: Path) -> None:
    """The same transitions as conversations of several turns: TED learns from stories, not from rules."""
    steps = transitions()
    shuffled = random.Random(SEED)
    chains = []
    for _ in range(2):
        shuffled.shuffle(steps)
        chains += [steps[start : start + TURNS] for start in range(0, len(steps), TURNS)]
    stories = [
        {
            "story": f"conversation {number}",
            "steps": [step for intent, action in chain for step in ({"intent": intent}, {"action": action})],
        }
        for number, chain in enumerate(chains)
    ]
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({"version": "3.1", "stories": stories}, file)


def write_fallback_rule(path: Path) -> None:
    """The rule that answers a message the default pipeline rejected."""
    intent, action = FALLBACK
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(
            {"version": "3.1", "rules": [{"rule": "not understood", "steps": [{"intent": intent}, {"action": action}]}]}, file
        )
