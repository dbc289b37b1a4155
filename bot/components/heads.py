"""Trained linear heads over one language's features: what a person does, which harm, which strand, how dangerous.

One weight table a language, one column a head, so one sparse product reads a message for every head at once. Scores
become probabilities by calibration learnt on messages of writers that the calibrating fit had not seen.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC

from bot.components.examples import Example
from bot.components.features import Vocabulary
from signpost.model import NO_HARM

FOLDS = 3
C = 0.5
# Log-odds of 10,000 to one: no head is trusted further.
MOST_SURE = 9.2
TELL = "tell"


# The groups of heads. `one` means exactly one of its labels is right, `many` that each stands for itself.
GROUPS = {"intent": "one", "issue": "one", "strand": "many", "cue": "many", "now": "many", "soon": "many", "ask": "many"}


def targets(examples: Sequence[Example]) -> dict[str, tuple[list[str], np.ndarray]]:
    """For each group: its labels, and the 0/1 target of every example (row) and label (column)."""
    intents = sorted({item.intent for item in examples})
    issues = sorted({name for item in examples for name in item.issues or (NO_HARM,)})
    strands = sorted({name for item in examples for name in item.strands})
    cues = sorted({name for item in examples for name in item.cues})

    def one_hot(labels: list[str], values: list[tuple[str, ...]]) -> np.ndarray:
        return np.array([[label in value for label in labels] for value in values], bool).reshape(len(values), len(labels))

    made = {
        "intent": (intents, one_hot(intents, [(item.intent,) for item in examples])),
        # The first issue is what the message is about; the others count for the choices shown.
        "issue": (issues, one_hot(issues, [(item.issues or (NO_HARM,))[:1] for item in examples])),
        "strand": (strands, one_hot(strands, [item.strands for item in examples])),
        "cue": (cues, one_hot(cues, [item.cues for item in examples])),
        "now": (["now"], one_hot(["now"], [(item.risk,) for item in examples])),
        "soon": (["soon"], one_hot(["soon"], [("soon" if item.risk == "now" else item.risk,) for item in examples])),
        "ask": (["ask"], np.array([[item.asks] for item in examples], bool)),
    }
    return {name: group for name, group in made.items() if group[0]}


@dataclass(frozen=True)
class Heads:
    """The trained heads of one language. `slices` says which columns of the table belong to a group.

    A weight is one byte, times its column's `step`: a quarter of the size for no measurable loss.
    """

    vocabulary: Vocabulary
    weights: np.ndarray
    steps: np.ndarray
    bias: np.ndarray
    labels: dict[str, list[str]]
    slices: dict[str, tuple[int, int]]
    scales: dict[str, list[list[float]]]

    def scores(self, vectors: sp.csr_matrix) -> dict[str, np.ndarray]:
        """Raw scores by group, one row a message."""
        rows = np.empty((vectors.shape[0], len(self.bias)), np.float32)
        for row, (start, end) in enumerate(zip(vectors.indptr, vectors.indptr[1:])):
            # Only the rows of the table that the message touches are read (from disk, the first time).
            touched = self.weights[vectors.indices[start:end]].astype(np.float32)
            rows[row] = (vectors.data[start:end] @ touched) * self.steps + self.bias
        self._let_go()
        return {name: rows[:, start:end] for name, (start, end) in self.slices.items()}

    def _let_go(self) -> None:
        """Give back the memory of the rows that were read. They stay in the system's cache, which every process shares and
        which goes first when memory is short; kept, they would add up to the whole table of each language."""
        if isinstance(self.weights.base, mmap.mmap):
            self.weights.base.madvise(mmap.MADV_DONTNEED)

    def probabilities(self, raw: sp.csr_matrix) -> dict[str, np.ndarray]:
        """Calibrated probabilities by group, one row a message, one column a label of the group."""
        return {name: self.calibrated(name, found) for name, found in self.scores(self.vocabulary.vectors(raw)).items()}

    def calibrated(self, group: str, scores: np.ndarray) -> np.ndarray:
        """Scores made into probabilities."""
        scale = np.array(self.scales[group], np.float32)
        if GROUPS[group] == "one":
            return softmax(scores * scale[0, 0])
        return sigmoid(scores * scale[:, 0] + scale[:, 1])

    def save(self, folder: Path) -> None:
        """Write the heads into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.vocabulary.save(folder / "vocabulary")
        np.save(folder / "weights.npy", self.weights)
        np.save(folder / "steps.npy", self.steps)
        np.save(folder / "bias.npy", self.bias)
        (folder / "heads.json").write_text(json.dumps({"labels": self.labels, "slices": self.slices, "scales": self.scales}))

    @classmethod
    def load(cls, folder: Path) -> Heads:
        """Read what `save` wrote; the big table is mapped, not loaded."""
        about = json.loads((folder / "heads.json").read_text())
        return cls(
            Vocabulary.load(folder / "vocabulary"),
            np.load(folder / "weights.npy", mmap_mode="r"),
            np.load(folder / "steps.npy"),
            np.load(folder / "bias.npy"),
            about["labels"],
            {name: tuple(span) for name, span in about["slices"].items()},
            about["scales"],
        )


def softmax(scores: np.ndarray) -> np.ndarray:
    """Rows that sum to one."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Each score as a probability of its own."""
    return 1 / (1 + np.exp(-scores))


def log_odds(shares: np.ndarray) -> np.ndarray:
    """What `sigmoid` makes shares of, at most `MOST_SURE` either way."""
    certain = 1 / (1 + np.exp(-MOST_SURE))
    held = np.clip(shares, 1 - certain, certain)
    return np.log(held / (1 - held))


def train(raw: sp.csr_matrix, examples: Sequence[Example], copied: Sequence[Example] = ()) -> Heads:
    """Fit every head.

    `raw` holds the counts of `examples` first and then of noisy copies of those in `copied`: these only help to fit, never to
    calibrate.
    """
    vocabulary = Vocabulary.learn(raw)
    # Doubles, because the solver would make them so again for each of a hundred heads.
    vectors = vocabulary.vectors(raw).astype(np.float64)
    count = len(examples)
    writers = np.array([f"{item.language}:{item.writer}" for item in examples])
    columns: list[np.ndarray] = []
    biases: list[float] = []
    labels: dict[str, list[str]] = {}
    slices: dict[str, tuple[int, int]] = {}
    scales: dict[str, list[list[float]]] = {}
    for name, (names, wanted) in targets([*examples, *copied]).items():
        start = len(biases)
        # What a person asks is short and plain, so noise teaches those seventy heads little and would double their time.
        taught = count if name == "intent" else len(wanted)
        for weights, bias in _fit_all(names, vectors[:taught], wanted[:taught]):
            columns.append(weights.astype(np.float32))
            biases.append(bias)
        labels[name], slices[name] = names, (start, len(biases))
        scales[name] = _calibrate(name, names, vectors[:count], wanted[:count], writers)
    # Which question it is, of seventy, is the least delicate of what is read.
    table, steps = _as_bytes(np.array(columns, np.float32).T, slice(*slices["intent"]))
    return Heads(vocabulary, table, steps, np.array(biases, np.float32), labels, slices, scales)


def _as_bytes(table: np.ndarray, coarse: slice) -> tuple[np.ndarray, np.ndarray]:
    """A table of whole numbers from -127 to 127, and what one step is worth in each column.

    In the `coarse` columns a single step is left out: the table packs an eighth smaller, and nothing measurable is lost.
    """
    steps = np.abs(table).max(axis=0) / 127
    steps[steps == 0] = 1.0
    whole = np.rint(table / steps).astype(np.int8)
    whole[:, coarse][np.abs(whole[:, coarse]) == 1] = 0
    return np.ascontiguousarray(whole), steps.astype(np.float32)


def _fit_all(names: Sequence[str], rows: sp.csr_matrix, wanted: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Every column's head. Languages, not heads, are shared among the cores (`reader.TrainedReader.train`).

    Which question it is, is only asked where the head `ask` says that it is one. So the heads of questions, half of all,
    learn nothing from what people tell, and are fitted in a fifth of the time without it.
    """
    if TELL not in names:
        return [_fit(rows, wanted[:, column]) for column in range(len(names))]
    others = ~wanted[:, names.index(TELL)]
    asking, asked = rows[others], wanted[others]
    return [
        _fit(asking, asked[:, column]) if name.startswith("ask_") else _fit(rows, wanted[:, column]) for column, name in enumerate(names)
    ]


def _fit(rows: sp.csr_matrix, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    if chosen.all() or not chosen.any():
        return np.zeros(rows.shape[1]), 1.0 if chosen.any() else -1.0
    model = LinearSVC(C=C, class_weight="balanced", random_state=0, max_iter=2000, tol=0.1).fit(rows, chosen)
    return model.coef_[0], float(model.intercept_[0])


def _calibrate(name: str, names: Sequence[str], clean: sp.csr_matrix, wanted: np.ndarray, writers: np.ndarray) -> list[list[float]]:
    """Scale and shift by group, from scores on writers left out of the fit."""
    groups = min(FOLDS, len(set(writers)))
    if groups < 2:
        return [[2.0, 0.0]] * (1 if GROUPS[name] == "one" else wanted.shape[1])
    # One left-out third is enough to set two numbers a head; all three would triple the training time.
    fitted, held = next(iter(GroupKFold(groups).split(clean, groups=writers)))
    if GROUPS[name] == "one":
        # One number for a whole group is as well learnt from half.
        fitted = fitted[::2]
    heads = _fit_all(names, clean[fitted], wanted[fitted])
    scores = np.column_stack([clean[held] @ weights + bias for weights, bias in heads])
    if GROUPS[name] == "one":
        return [[_temperature(scores, wanted[held].argmax(axis=1)), 0.0]]
    return [_platt(scores[:, column], wanted[held, column]) for column in range(wanted.shape[1])]


def _temperature(scores: np.ndarray, right: np.ndarray) -> float:
    """The factor at which softmax of the scores is most truthful."""
    tried = np.geomspace(0.5, 30, 40)
    losses = [-np.log(softmax(scores * factor)[np.arange(len(right)), right] + 1e-9).mean() for factor in tried]
    return float(tried[int(np.argmin(losses))])


def _platt(scores: np.ndarray, wanted: np.ndarray) -> list[float]:
    """Slope and shift of the logistic curve through the scores."""
    if wanted.all() or not wanted.any():
        return [2.0, 0.0]
    model = LogisticRegression(C=100.0).fit(scores[:, None], wanted)
    return [max(0.1, float(model.coef_[0, 0])), float(model.intercept_[0])]
