"""A prebuilt sentence encoder behind a small interface: a folder of weights, one for each language that has one.

The folder (`bot/encoder/<language>/`, or one named by the setting ENCODERS) holds `model.onnx`, which takes the token
ids of one sentence and gives the scores of its heads, `tokenizer.json` and `labels.json` (labels and column spans of
each group). A multilingual encoder is dropped in by putting its folder there; where there is none, the linear heads
answer alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

LONGEST = 128
# A story of 2,000 characters has five windows. What has more is made of signs, and is read in so many, spread evenly.
MOST_WINDOWS = 8


class SentenceEncoder:
    """Scores of one message by group, from an ONNX graph on one thread."""

    def __init__(self, folder: Path) -> None:
        # Imported here: a deployment without an encoder needs neither library.
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        about = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self.labels: dict[str, list[str]] = about["labels"]
        self._slices: dict[str, tuple[int, int]] = {name: tuple(span) for name, span in about["slices"].items()}

    def scores(self, text: str) -> dict[str, np.ndarray]:
        """Scores by group. A long message is read in overlapping windows and the highest score of each head stands,
        so that danger in the middle of a story is not averaged away."""
        found = [self._session.run(None, {"ids": np.array([ids], np.int64)})[0] for ids in self._windows(text)]
        best = np.max(found, axis=0)
        return {name: best[start:end] for name, (start, end) in self._slices.items()}

    def _windows(self, text: str) -> list[list[int]]:
        ids = self._tokenizer.encode(text).ids
        if len(ids) <= LONGEST:
            return [ids]
        first, last, inner = ids[0], ids[-1], ids[1:-1]
        size, step = LONGEST - 2, (LONGEST - 2) * 3 // 4
        starts: Sequence[int] = range(0, len(inner) - size // 4, step)
        if len(starts) > MOST_WINDOWS:
            starts = [starts[place * (len(starts) - 1) // (MOST_WINDOWS - 1)] for place in range(MOST_WINDOWS)]
        return [[first, *inner[start : start + size], last] for start in starts]


def load(folder: Path, language: str) -> SentenceEncoder | None:
    """The encoder of a language, or None where there is none."""
    there = folder / language
    return SentenceEncoder(there) if (there / "model.onnx").exists() else None
