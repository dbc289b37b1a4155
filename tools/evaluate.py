"""Scores a labelled file through the trained model (docs/contracts.md has the format of both).

Usage: python -m tools.evaluate INPUT.jsonl OUTPUT_FOLDER

Only the text reaches the model. The file is read line by line, so it may be long.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.without_tensorflow import install

install()

import structlog  # noqa: E402
from tqdm import tqdm  # noqa: E402

from signpost.model import HATE, NO_HARM, STRANDS  # noqa: E402
from tools.train import MODEL  # noqa: E402

BINS = 10


class InputError(Exception):
    """A line of the file cannot be scored; the message names the line and the mend."""


def items(path: Path) -> Iterator[dict[str, Any]]:
    """The items of a file, one at a time.

    Raises:
        InputError: a line is not a JSON object with `text`.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path.name}, line {number}: not JSON. Write one JSON object a line.") from error
            if not isinstance(item, dict) or not isinstance(item.get("text"), str):
                raise InputError(f'{path.name}, line {number}: no "text". Give each object a text.')
            yield {"id": str(number), "labels": {}, **item}


def predictor() -> Any:
    """A function from text to a reading and the milliseconds it took."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    from rasa.core.agent import Agent

    agent = asyncio.run(_load(Agent))
    loop = asyncio.new_event_loop()

    def read(text: str) -> tuple[dict[str, Any], float]:
        began = time.perf_counter()
        found = loop.run_until_complete(agent.parse_message(text.lstrip("/ ") or " "))
        return found["reading"], (time.perf_counter() - began) * 1000

    read("warm up")
    return read


async def _load(agent_type: Any) -> Any:
    return agent_type.load(str(MODEL))


def prediction(item: dict[str, Any], reading: dict[str, Any], milliseconds: float) -> dict[str, Any]:
    """One line of predictions.jsonl."""
    return {
        "id": item["id"],
        "language": reading["language"],
        "intent": "danger" if reading["risk"] == "now" else reading["intent"],
        "is_question": reading["is_question"],
        "issues": [[one["id"], one["score"]] for one in reading["issues"]],
        "strands": [one["id"] for one in reading["strands"]],
        "risk": reading["risk"],
        "cues": list(reading["cues"]),
        "milliseconds": round(milliseconds, 2),
    }


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95% Wilson interval of a share (Wilson 1927); (0, 1) where there is nothing to count."""
    if not total:
        return 0.0, 1.0
    z = 1.959964
    share = hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def share(hits: int, total: int) -> dict[str, Any]:
    """A share with its counts and interval; the share is null where there is nothing to count."""
    low, high = wilson(hits, total)
    return {"value": hits / total if total else None, "hits": hits, "of": total, "low": low, "high": high}


def f1(hit: int, extra: int, missed: int) -> float | None:
    """F1 from counts; None where nothing was there and nothing was said."""
    return 2 * hit / (2 * hit + extra + missed) if hit + extra + missed else None


def merged(issue: str) -> str:
    """Hate crime and hate incident as one."""
    return "hate" if issue in HATE else issue


@dataclass
class Tally:
    """Counts over some items."""

    danger: Counter[str] = field(default_factory=Counter)
    issue: Counter[str] = field(default_factory=Counter)
    strand: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in STRANDS})
    question: Counter[str] = field(default_factory=Counter)
    language: Counter[str] = field(default_factory=Counter)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    reliability: dict[int, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0.0, 0]))
    milliseconds: list[float] = field(default_factory=list)
    items: int = 0

    def add(self, item: dict[str, Any], said: dict[str, Any]) -> None:
        """Count one item and what was said of it."""
        labels = item.get("labels") or {}
        self.items += 1
        self.milliseconds.append(said["milliseconds"])
        if labels.get("immediate_danger") is not None or labels.get("self_harm_risk") is not None:
            wanted = bool(labels.get("immediate_danger")) or bool(labels.get("self_harm_risk"))
            self.danger[_cell(wanted, said["risk"] == "now")] += 1
        if labels.get("is_question") is not None:
            self.question[_cell(bool(labels["is_question"]), said["is_question"])] += 1
        if labels.get("strands") is not None:
            wanted_strands = {name for name in labels["strands"] if name != "none"}
            for name in STRANDS:
                self.strand[name][_cell(name in wanted_strands, name in said["strands"])] += 1
        if item.get("language"):
            self.language[_cell(True, said["language"].split("-")[0] == item["language"].split("-")[0])] += 1
        if issue := labels.get("issue"):
            self._issue(issue, labels.get("secondary_issues") or [], said)

    def _issue(self, issue: str, secondary: list[str], said: dict[str, Any]) -> None:
        ranked = [name for name, _ in said["issues"]] or [NO_HARM]
        allowed = {issue, *secondary}
        self.issue["items"] += 1
        self.issue["top1"] += ranked[0] == issue
        self.issue["top1_hate_merged"] += merged(ranked[0]) == merged(issue)
        self.issue["top3"] += any(name in allowed for name in ranked[:3])
        self.confusion[(issue, ranked[0])] += 1
        if said["issues"]:
            score = said["issues"][0][1]
            row = self.reliability[min(BINS - 1, int(score * BINS))]
            row[0] += 1
            row[1] += score
            row[2] += ranked[0] == issue

    def report(self) -> dict[str, Any]:
        """Every figure of these items."""
        danger, question, issue = self.danger, self.question, self.issue
        per_strand = {name: f1(cell["hit"], cell["extra"], cell["missed"]) for name, cell in self.strand.items()}
        total = sum(self.strand.values(), Counter())
        known = [value for value in per_strand.values() if value is not None]
        return {
            "items": self.items,
            "danger": {
                "recall": share(danger["hit"], danger["hit"] + danger["missed"]),
                "precision": share(danger["hit"], danger["hit"] + danger["extra"]),
                "false_alarm_rate": share(danger["extra"], danger["extra"] + danger["right_no"]),
            },
            "issue": {
                "top1": share(issue["top1"], issue["items"]),
                "top3": share(issue["top3"], issue["items"]),
                "top1_hate_merged": share(issue["top1_hate_merged"], issue["items"]),
                "macro_f1": self._macro_f1(),
            },
            "strands": {
                "micro_f1": f1(total["hit"], total["extra"], total["missed"]),
                "macro_f1": sum(known) / len(known) if known else None,
                "each": per_strand,
            },
            "questions": {
                "precision": share(question["hit"], question["hit"] + question["extra"]),
                "recall": share(question["hit"], question["hit"] + question["missed"]),
            },
            "language": share(self.language["hit"], self.language["hit"] + self.language["missed"]),
            "milliseconds": {"median": _quantile(self.milliseconds, 0.5), "p95": _quantile(self.milliseconds, 0.95)},
        }

    def _macro_f1(self) -> float | None:
        names = {wanted for wanted, _ in self.confusion}
        scores = []
        for name in names:
            hit = self.confusion[(name, name)]
            missed = sum(count for (wanted, said), count in self.confusion.items() if wanted == name and said != name)
            extra = sum(count for (wanted, said), count in self.confusion.items() if said == name and wanted != name)
            scores.append(f1(hit, extra, missed) or 0.0)
        return sum(scores) / len(scores) if scores else None


def _cell(wanted: bool, said: bool) -> str:
    return {(True, True): "hit", (True, False): "missed", (False, True): "extra", (False, False): "right_no"}[(wanted, said)]


def _quantile(values: list[float], at: float) -> float | None:
    return sorted(values)[min(len(values) - 1, int(at * len(values)))] if values else None


def score(lines: Iterable[dict[str, Any]], read: Any, predictions: Path) -> dict[str, Tally]:
    """Score items one by one, writing each prediction as it comes. `overall` and one tally a language."""
    tallies: dict[str, Tally] = {"overall": Tally()}
    with predictions.open("w", encoding="utf-8") as out:
        for item in lines:
            said = prediction(item, *read(item["text"]))
            out.write(json.dumps(said, ensure_ascii=False) + "\n")
            tallies["overall"].add(item, said)
            if item.get("language"):
                tallies.setdefault(item["language"], Tally()).add(item, said)
    return tallies


def main(source: Path, folder: Path) -> int:
    """Score a file and write predictions.jsonl, report.json, report.md and the plots."""
    from tools import evaluation_report

    if not source.exists():
        print(f"There is no file {source}.", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as stream:
            count = sum(1 for _ in stream)
        progress = tqdm(items(source), total=count, unit="message", disable=not sys.stderr.isatty())
        tallies = score(progress, predictor(), folder / "predictions.jsonl")
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    evaluation_report.write(tallies, folder)
    print((folder / "report.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("Usage: python -m tools.evaluate INPUT.jsonl OUTPUT_FOLDER")
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
