"""What each further language costs: training, size, time of an answer, memory, at 1, 4, 8 and 16 of them.

Each step is a model of its own, trained on every message of its languages, in an engine of its own. All are asked the same
English conversations in turns; then each is asked messages in every language it knows, so that nothing of a language waits
unread while memory is weighed.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from bench import ours
from bench.measure import Contender, OurEngine, Traffic, put
from bench.plan import Plan
from bench.sample import SEED, TURNS
from bench.servers import ROOT, Done, fresh
from tools.examples import read_examples

# In the order of how many people in Sefton speak them (Census 2021), English first: the first ones are added first.
ORDER = ("en", "pl", "ro", "pt", "zh-Hant", "ta", "lv", "bg", "ar", "hu", "lt", "fa", "ckb", "uk", "ur", "tr")
STEPS = (1, 4, 8, 16)
QUICK_STEPS = (1, 2)
# The bounds of growth from the first step to the last.
MOST = {"latency_growth": 1.25, "memory_growth": 1.25}


@dataclass
class Step:
    """An engine that knows the first so many languages. `everywhere` is its traffic in all of them."""

    languages: tuple[str, ...]
    training: Done
    model_mb: float
    contender: Contender
    everywhere: Traffic = field(default_factory=Traffic)

    def figures(self) -> dict[str, float]:
        """What this many languages cost."""
        return {
            "locales": len(self.languages),
            "training_seconds": round(self.training.seconds, 1),
            "model_mb": round(self.model_mb, 1),
            "latency_median_ms": round(self.contender.one.percentile_ms(50), 1),
            "latency_median_ms_all_languages": round(self.everywhere.percentile_ms(50), 1),
            "memory_mb": round(self.contender.after_mb),
        }


def measure(plan: Plan, conversations: tuple[tuple[str, ...], ...], actions_port: int) -> list[Step]:
    """One step after another is trained; then all run at once and are asked in turns. Engines are stopped at the end.

    Raises:
        BenchError: a training failed, or an engine did not start or answer.
    """
    steps = [_trained(ORDER[:count], conversations, actions_port) for count in (QUICK_STEPS if plan.quick else STEPS)]
    try:
        for step in steps:
            step.contender.start(1)
        for number in range(plan.rounds):
            for step in steps:
                step.contender.round(number)
        for step in steps:
            step.everywhere = put(step.contender.server, OurEngine, _asked_in(step.languages), "everywhere")
            step.contender.weigh()
    finally:
        for step in steps:
            step.contender.server.stop()
    return steps


def growth(steps: list[Step]) -> dict[str, float]:
    """The last step over the first."""
    first, last = steps[0].contender, steps[-1].contender
    return {
        "latency_growth": round(last.one.percentile_ms(50) / first.one.percentile_ms(50), 3),
        "memory_growth": round(last.after_mb / first.after_mb, 3),
    }


def _trained(languages: tuple[str, ...], conversations: tuple[tuple[str, ...], ...], actions_port: int) -> Step:
    name = f"growth-{len(languages)}"
    folder = fresh(name)
    for language in languages:
        shutil.copytree(ROOT / "data" / "nlu" / language, folder / "data" / "nlu" / language)
    shutil.copytree(ROOT / "data" / "rules", folder / "data" / "rules")
    # On every core, as `make train` does it.
    model, training = ours.train_on(folder, core=None)
    contender = Contender(ours.engine(name, model, actions_port), OurEngine, conversations)
    return Step(languages, training, _megabytes(model), contender)


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20


def _asked_in(languages: tuple[str, ...]) -> list[tuple[str, ...]]:
    """One conversation in each language, of messages drawn from its data."""
    shuffled = random.Random(SEED)
    texts = {language: [item.text for item in read_examples(ROOT / "data" / "nlu" / language)] for language in languages}
    return [tuple(shuffled.sample(told, TURNS)) for told in texts.values()]
