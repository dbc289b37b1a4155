"""Writes docs/model_card.md from the data and from fresh evaluations: `python -m tools.model_card`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tools.evaluation_report import ROWS
from tools.examples import read_examples

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "tests" / "held_out"
CARD = ROOT / "docs" / "model_card.md"
ENGLISH = (
    ("en", "ordinary messages"),
    ("en-indirect", "messages written to be indirect, minimising or misspelt"),
)
TEXT = """# Model card: how messages are read

Written by `python -m tools.model_card`. Do not edit by hand.

## What it is for
Reading one message of a person in Sefton who was hurt, scared or targeted: is someone in danger now, what kind of harm
it is, which of the monitored strands it is about, and whether it asks something. It signposts. It decides nothing about
a person.

## What it must not be used for
Grading risk for a case file, choosing who gets help, watching what people write, or deciding whether a crime happened.

## Parts
1. Phrases and danger cues in `knowledge/phrases/` and `knowledge/risk_phrases/`, with no trained part.
2. One table of linear heads a language (`bot/components/heads.py`), trained from `data/nlu/`.
3. For English, an 8-bit sentence encoder (all-MiniLM-L6-v2, tuned with `tools/tune_encoder.py`), in `bot/encoder/en/`.

The two are joined for each message; thresholds stand in `bot/components/reader.py`. Danger goes before everything else,
and a story of more than sixty words is read for danger in parts as well.

## Data
Written for this project in many voices; none is the word of a real person. No native speaker has reviewed the
languages other than English. Style alone (length, punctuation, tense) cannot tell danger from its look-alikes:
`tests/core/test_training_data.py`.

{data}

## Figures
Messages whose writers wrote none of the training data. Shares stand with their 95% Wilson interval and counts. The
thresholds were chosen on the two English files, so their danger figures are a little flattering. Run them again with
`make evaluate INPUT=tests/held_out/en.jsonl OUTPUT=evaluation/en`.

{english}

### The other languages (60 messages each)

{languages}

## Limits
- With sixty messages a language an interval is wide: a recall of 0.83 may be 0.60 or 0.94.
- Hidden danger is missed most: calm farewells in a second language, captors described as hosts, practical questions.
- Two harms in one message crowd each other out; the second may be missing from the first three.
- A strand that is only implied is often not heard; the bot asks, and the person can correct it with one tap.
- A weapon that is denied ("he does not have a knife") and an overdose long past ("when I was sixteen I took all my
  tablets") are still read as danger: it errs towards help.
- Slang changes; the phrases and examples are data, to be corrected by whoever hears better.
"""


def main() -> int:
    """Evaluate and write."""
    english = []
    for name, about in ENGLISH:
        report = evaluated([HELD_OUT / f"{name}.jsonl"])["overall"]
        rows = "\n".join(f"| {label} | {read(report)} |" for label, read in ROWS)
        english.append(f"### {name}.jsonl ({report['items']} {about})\n\n| figure | value |\n|---|---|\n{rows}")
    others = sorted(path for path in HELD_OUT.glob("*.jsonl") if path.stem not in {name for name, _ in ENGLISH})
    CARD.write_text(TEXT.format(data=data(), english="\n\n".join(english), languages=languages(evaluated(others))), encoding="utf-8")
    return 0


def evaluated(files: list[Path]) -> dict[str, Any]:
    """The report of these files together, by language and overall."""
    with tempfile.TemporaryDirectory() as folder:
        joined = Path(folder) / "items.jsonl"
        joined.write_text("".join(path.read_text(encoding="utf-8") for path in files), encoding="utf-8")
        subprocess.run([sys.executable, "-m", "tools.evaluate", str(joined), folder], cwd=ROOT, check=True, capture_output=True)
        return dict(json.loads((Path(folder) / "report.json").read_text(encoding="utf-8")))


def data() -> str:
    """How many examples there are, by language."""
    lines = ["| language | messages | of danger | writers |", "|---|---|---|---|"]
    for entry in YAML(typ="safe").load((ROOT / "knowledge" / "languages.yml").read_text(encoding="utf-8")):
        folder = ROOT / "data" / "nlu" / entry["id"]
        if folder.is_dir():
            examples = read_examples(folder)
            risks = Counter(item.risk for item in examples)
            lines.append(f"| {entry['english']} | {len(examples)} | {risks['now']} | {len({item.writer for item in examples})} |")
    return "\n".join(lines)


def languages(report: dict[str, Any]) -> str:
    """One line a language."""
    lines = ["| language | danger recall | danger precision | issue top-1 | issue top-3 | language named |", "|---|---|---|---|---|---|"]

    def short(found: dict[str, Any]) -> str:
        return "-" if found["value"] is None else f"{found['value']:.2f} ({found['low']:.2f}-{found['high']:.2f})"

    for name, one in sorted(report.items()):
        figures = (one["danger"]["recall"], one["danger"]["precision"], one["issue"]["top1"], one["issue"]["top3"], one["language"])
        lines.append(f"| {name} | {' | '.join(map(short, figures))} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
