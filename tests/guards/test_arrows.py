"""The arrows between the rooms go one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import ROOT

ROOMS = ("signpost", "bot", "actions", "web", "storage", "tools", "bench")
ALLOWED = {
    "signpost": set(),
    "storage": set(),
    "actions": {"signpost"},
    "bot": {"signpost", "storage"},
    "web": {"signpost", "storage"},
}
# The core knows none of these: no framework, no network, no database.
CORE_MAY_USE = {"babel", "spacy", "marisa_trie", "rapidfuzz", "ruamel", "holidays", "regex"}
FLOORS = [
    {"errors", "model", "plaintext", "spelling"},
    {"knowledge", "wording", "segments"},
    {"patterns", "language", "risk", "reading", "hours", "matching", "house"},
    {"presenting", "saying", "merging", "asking", "choosing", "consent"},
    {"decision", "papers"},
    {"rendering", "carrier"},
    {"turn"},
]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_a_room_imports_only_the_rooms_below_it(room):
    for path in modules(room):
        for name in imports(path):
            top = name.partition(".")[0]
            if top in ROOMS and top != room:
                assert top in ALLOWED[room], f"{path.relative_to(ROOT)} imports {name}"


def test_the_core_uses_no_framework_and_no_clock():
    import sys

    for path in modules("signpost"):
        for name in imports(path):
            top = name.partition(".")[0]
            assert top == "signpost" or top in CORE_MAY_USE or top in sys.stdlib_module_names, f"{path.name} imports {name}"
        text = path.read_text(encoding="utf-8")
        assert ".now(" not in text, path.name
        assert "time.time(" not in text, path.name
        assert "date.today(" not in text, path.name


def test_inside_the_core_lower_floors_do_not_look_up():
    floor_of = {name: number for number, names in enumerate(FLOORS) for name in names}
    for path in modules("signpost"):
        if path.stem == "__init__":
            continue
        assert path.stem in floor_of, f"{path.stem} has no floor: give it one in FLOORS"
        for name in imports(path):
            if name.startswith("signpost."):
                assert floor_of[name.split(".")[1]] <= floor_of[path.stem], f"{path.stem} imports {name}"


def test_only_the_second_floor_opens_files():
    for path in modules("signpost"):
        if path.stem not in FLOORS[1]:
            text = path.read_text(encoding="utf-8")
            assert "open(" not in text.replace("is_open(", "").replace("_open(", ""), path.name
            assert "read_text(" not in text, path.name


def test_only_one_folder_knows_twilio():
    for path in modules("web"):
        if any(name.partition(".")[0] == "twilio" for name in imports(path)):
            assert "twilio" in path.parent.name or path.name == "sms.py", path
