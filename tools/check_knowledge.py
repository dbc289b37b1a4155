"""Checks the knowledge room as a keeper would want it told: what is broken, and what is past its review."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import jsonschema
from ruamel.yaml import YAML

from signpost.errors import KnowledgeError
from signpost.knowledge import load, stale_entries

ROOT = Path(__file__).resolve().parent.parent
KNOWLEDGE = ROOT / "knowledge"
SCHEMA = KNOWLEDGE / "schema.yml"


def schema_errors(folder: Path = KNOWLEDGE) -> list[str]:
    """Every entry that does not fit the schema, as file, entry, problem and mend."""
    schema = YAML(typ="safe").load(SCHEMA.read_text(encoding="utf-8"))
    found = []
    for path in sorted(folder.rglob("*.yml")):
        kind = kind_of(path, folder)
        if kind is None:
            continue
        entries = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        validator = jsonschema.Draft202012Validator({**schema["kinds"][kind], "$defs": schema["$defs"]})
        for entry in entries:
            for error in validator.iter_errors(_plain(entry)):
                where = "/".join(str(part) for part in error.absolute_path)
                name = entry.get("id", "?") if isinstance(entry, dict) else "?"
                found.append(f"{path.relative_to(folder)}: {name}: {where or 'the entry'}: {error.message[:200]}")
    return found


def kind_of(path: Path, folder: Path) -> str | None:
    """Which schema a file answers to; None for those that have a shape of their own."""
    if path.name in ("services.yml", "centres.yml"):
        return "service"
    return {
        "issues.yml": "issue",
        "routes.yml": "route",
        "answers.yml": "answer",
        "rights.yml": "right",
        "strands.yml": "strand",
        "safety.yml": "safety",
        "consent.yml": "consent",
        "volunteer_prompts.yml": "prompt",
    }.get(path.name if path.parent == folder else "")


def _plain(value: object) -> object:
    """Dates as text, as JSON Schema knows them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def main() -> int:
    """Print what is wrong (and fail) and what is stale (and warn)."""
    problems = schema_errors()
    try:
        knowledge = load(KNOWLEDGE)
    except KnowledgeError as error:
        problems.append(str(error))
    else:
        for kind, name, due in stale_entries(knowledge, dt.date.today()):
            print(f"warning: {kind}: {name} was due for review on {due}; the service says less of it until someone checks.")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
