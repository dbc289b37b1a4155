"""How much a run measures."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Messages to train on, epochs of each trained part of the default pipeline, conversations of five messages to hold,
    how often, and how often each side is started."""

    quick: bool
    sample: int
    epochs: int
    conversations: int
    rounds: int
    starts: int

    @classmethod
    def from_environment(cls) -> Plan:
        """A full run, or with `BENCH_QUICK=1` one that proves that it runs. `BENCH_SAMPLE`, `BENCH_EPOCHS` and
        `BENCH_ROUNDS` change single sizes.

        Raises:
            ValueError: a size is not a number.
        """
        quick = os.environ.get("BENCH_QUICK") == "1"

        def size(name: str, full: int, small: int) -> int:
            return int(os.environ.get(name) or (small if quick else full))

        return cls(
            quick,
            sample=size("BENCH_SAMPLE", 800, 160),
            epochs=size("BENCH_EPOCHS", 20, 2),
            conversations=4 if quick else 40,
            rounds=size("BENCH_ROUNDS", 3, 1),
            starts=1 if quick else 2,
        )
