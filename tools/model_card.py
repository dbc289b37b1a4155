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

from tools.evaluate import share
from tools.evaluation_report import ROWS, said_share
from tools.examples import read_examples

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "tests" / "held_out"
CARD = ROOT / "docs" / "model_card.md"
ENGLISH = (
    ("en", "ordinary messages"),
    ("en-texted", "the same messages, rewritten by hand as they come by text: misspelt, shortened, without full stops"),
    ("en-indirect", "messages written to be indirect, minimising or misspelt"),
    ("en-later", "messages by someone who had seen neither the data nor these files; what was missed here said which data to write last"),
    ("en-ordinary", "messages by a second such writer; what was missed here said which data to write last"),
    ("en-unseen", "messages by a third, hidden danger and look-alikes above all; what was missed here said which data to write last"),
    ("en-traits", "messages by a fourth, with more strands; what was missed here said which data to write last"),
    ("en-blind", "messages by a fifth; nobody has read what was missed here"),
)
# What someone may paste to slow the reader down, and how many long stories are made of each file.
ODD = (
    "a" * 2000,
    "?!" * 900,
    "\U0001f600" * 1000,
    "k.n.i.f.e " * 200,
    "he will kill me " * 125,
    "kn\u200bife\u0430 " * 200,
    "1 2 3 " * 330,
)
STORIES, STORY_CHARACTERS = 10, 2000
TEXT = """# Model card: how messages are read

Written by `python -m tools.model_card`. Do not edit by hand.

## What it is for
Reading one message of a person in Sefton who was hurt, scared or targeted: is someone in danger now, what kind of harm
it is, which of the monitored strands it is about, and whether it asks something. It signposts. It decides nothing about
a person.

## What it must not be used for
Grading risk for a case file, choosing who gets help, watching what people write, or deciding whether a crime happened.

## Parts
1. Shorthand and slips of the thumb are written out first, in English (`signpost/spelling.py`). Danger is looked for in
   the message as it came as well.
2. Phrases and danger cues in `knowledge/phrases/` and `knowledge/risk_phrases/`, with no trained part.
3. One table of linear heads a language (`bot/components/heads.py`), trained from `data/nlu/`.
4. For English, an 8-bit sentence encoder (all-MiniLM-L6-v2, tuned with `tools/tune_encoder.py`), in `bot/encoder/en/`.

The last two are joined for each message, as odds; thresholds stand in `bot/components/reader.py`. Danger goes before everything else,
and a story of more than sixty words is read for danger in parts as well.

## Data
Written for this project in many voices; none is the word of a real person. No native speaker has reviewed the
languages other than English. Style alone (length, punctuation, tense) cannot tell danger from its look-alikes:
`tests/core/test_training_data.py`.

{data}

## Figures
Messages whose writers wrote none of the training data. Shares stand with their 95% Wilson interval and counts. They
flatter a little: thresholds were chosen on these files, and after the files of the other languages showed which kinds of
danger were missed (habitual self-harm, a flight tomorrow, workers locked in), more examples of those kinds were written, by
writers who had not seen the files. The last five English files were written by people who had seen nothing, when nearly all of
it was done. Thresholds were chosen with a look at the figures of all five; what was missed in all but the last said what to write
next. Run them again with
`make evaluate INPUT=tests/held_out/en.jsonl OUTPUT=evaluation/en`.

{english}

### The other languages (140 messages each, 63 of them of danger)

{languages}

### The longest messages
{slowest}

## Limits
- With 63 messages of danger a language an interval is wide: a recall of 0.90 may be 0.80 or 0.95. They were written apart
  from the data, but not by native speakers, and are harder than most of what people send: half of them hide the danger.
- Hidden danger is missed most: calm farewells in a second language, captors described as hosts, practical questions.
- Two harms in one message crowd each other out; the second may be missing from the first three.
- A strand that is only implied is often not heard; the bot asks, and the person can correct it with one tap.
- A weapon that is denied ("he does not have a knife") and an overdose long past ("when I was sixteen I took all my
  tablets") are still read as danger: it errs towards help.
- Slips that mean nothing ("sat on my phone", "wrong number") are often read as danger: people in danger write as short.
- Slang changes; the phrases and examples are data, to be corrected by whoever hears better.
"""


def main() -> int:
    """Evaluate and write."""
    english = []
    for name, about in ENGLISH:
        path = HELD_OUT / f"{name}.jsonl"
        report, predictions = evaluated(path.read_text(encoding="utf-8"))
        rows = "\n".join(f"| {label} | {read(report['overall'])} |" for label, read in ROWS)
        rows += f"\n| harmless look-alikes read as danger | {lookalikes(path, predictions)} |"
        english.append(f"### {name}.jsonl ({report['overall']['items']} {about})\n\n| figure | value |\n|---|---|\n{rows}")
    others = sorted(path for path in HELD_OUT.glob("*.jsonl") if path.stem not in {name for name, _ in ENGLISH})
    together = "".join(path.read_text(encoding="utf-8") for path in others)
    CARD.write_text(
        TEXT.format(data=data(), english="\n\n".join(english), languages=languages(evaluated(together)[0]), slowest=slowest()),
        encoding="utf-8",
    )
    return 0


def evaluated(lines: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report on these items, by language and overall, and what was read in each."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "items.jsonl", Path(folder)
        given.write_text(lines, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "tools.evaluate", str(given), folder], cwd=ROOT, check=True, capture_output=True)
        read = [json.loads(line) for line in (found / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
        return dict(json.loads((found / "report.json").read_text(encoding="utf-8"))), read


def lookalikes(path: Path, predictions: list[dict[str, Any]]) -> str:
    """How many messages with words of danger and none behind them are read as danger now."""
    risks = {one["id"]: one["risk"] for one in predictions}
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    alike = [one for one in items if one["kind"] == "lookalike" and one["labels"]["risk"] != "now"]
    return said_share(share(sum(risks[one["id"]] == "now" for one in alike), len(alike)))


def slowest() -> str:
    """How long the longest messages take to read: stories of 2,000 characters in every language, and odd ones."""
    texts = list(ODD)
    for path in sorted(HELD_OUT.glob("*.jsonl")):
        told = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        whole = " ".join(told * STORIES)
        texts += [whole[number * STORY_CHARACTERS : (number + 1) * STORY_CHARACTERS] for number in range(STORIES)]
    spent = sorted(one["milliseconds"] for one in evaluated("\n".join(json.dumps({"text": text}) for text in texts))[1])
    middle, last = spent[len(spent) // 2], spent[-1]
    return (
        f"{len(spent)} messages of up to 2,000 characters, stories in every language and strings meant to slow a reader down: "
        f"{middle:.0f} ms in the middle, {last:.0f} ms at most (bound: 300 ms)."
    )


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
