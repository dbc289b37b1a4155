"""The report of an evaluation: Markdown, JSON and plots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from tools.evaluate import Tally


def write(tallies: dict[str, Tally], folder: Path) -> None:
    """Write `report.json`, `report.md`, `confusion.png`, `reliability.png` and `languages.png`."""
    figures = {name: tally.report() for name, tally in tallies.items()}
    (folder / "report.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    overall = tallies["overall"]
    (folder / "report.md").write_text(_markdown(figures, overall), encoding="utf-8")
    _confusion(overall, folder / "confusion.png")
    _reliability(overall, folder / "reliability.png")
    _languages(figures, folder / "languages.png")


def said_share(found: dict[str, Any]) -> str:
    """A share with its interval and counts, in words."""
    if found["value"] is None:
        return "-"
    return f"{found['value']:.3f} ({found['low']:.3f}-{found['high']:.3f}, {found['hits']} of {found['of']})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


ROWS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("danger recall", lambda one: said_share(one["danger"]["recall"])),
    ("danger precision", lambda one: said_share(one["danger"]["precision"])),
    ("danger false-alarm rate", lambda one: said_share(one["danger"]["false_alarm_rate"])),
    ("issue top-1", lambda one: said_share(one["issue"]["top1"])),
    ("issue top-3", lambda one: said_share(one["issue"]["top3"])),
    ("issue top-1, hate merged", lambda one: said_share(one["issue"]["top1_hate_merged"])),
    ("issue macro-F1", lambda one: _number(one["issue"]["macro_f1"])),
    ("strands micro-F1", lambda one: _number(one["strands"]["micro_f1"])),
    ("strands macro-F1", lambda one: _number(one["strands"]["macro_f1"])),
    ("questions precision", lambda one: said_share(one["questions"]["precision"])),
    ("questions recall", lambda one: said_share(one["questions"]["recall"])),
    ("language", lambda one: said_share(one["language"])),
    ("milliseconds, median", lambda one: _number(one["milliseconds"]["median"])),
    ("milliseconds, 95th", lambda one: _number(one["milliseconds"]["p95"])),
)


def _markdown(figures: dict[str, Any], overall: Tally) -> str:
    lines = ["# Evaluation", "", "Shares with their 95% Wilson interval and counts.", ""]
    for name, one in figures.items():
        lines += [f"## {name} ({one['items']} messages)", "", "| figure | value |", "|---|---|"]
        lines += [f"| {label} | {say(one)} |" for label, say in ROWS]
        lines.append("")
    lines += ["## Confusion (first issue; labelled, then said)", "", "| labelled | said | messages |", "|---|---|---|"]
    wrong = [(pair, count) for pair, count in overall.confusion.most_common() if pair[0] != pair[1]]
    lines += [f"| {wanted} | {said} | {count} |" for (wanted, said), count in wrong]
    return "\n".join(lines) + "\n"


def _confusion(overall: Tally, path: Path) -> None:
    names = sorted({name for pair in overall.confusion for name in pair})
    table = [[overall.confusion[(wanted, said)] for said in names] for wanted in names]
    figure, axes = plt.subplots(figsize=(9, 8))
    if names:
        axes.imshow(table, cmap="Blues")
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        for row, counts in enumerate(table):
            for column, count in enumerate(counts):
                if count:
                    axes.text(column, row, str(count), ha="center", va="center", fontsize=7)
    axes.set_xlabel("said")
    axes.set_ylabel("labelled")
    _save(figure, path)


def _reliability(overall: Tally, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="as sure as right")
    rows = [(total / count, right / count) for count, total, right in overall.reliability.values() if count >= 5]
    if rows:
        axes.plot(*zip(*sorted(rows)), marker="o", label="first issue")
    axes.set_xlabel("how sure it said it was")
    axes.set_ylabel("how often it was right")
    axes.legend()
    _save(figure, path)


def _languages(figures: dict[str, Any], path: Path) -> None:
    names = [name for name in figures if name != "overall"] or ["overall"]
    figure, axes = plt.subplots(figsize=(max(5, len(names)), 4))
    for place, (label, group, figure_name) in enumerate((("danger recall", "danger", "recall"), ("issue top-3", "issue", "top3"))):
        heights = [figures[name][group][figure_name]["value"] or 0 for name in names]
        axes.bar([index + 0.4 * place for index in range(len(names))], heights, 0.38, label=label)
    axes.set_xticks([index + 0.2 for index in range(len(names))], names)
    axes.set_ylim(0, 1)
    axes.legend(loc="lower right")
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
