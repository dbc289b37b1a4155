"""The documents name what is there, the API document has the code's own shapes, and no file names a workplace."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from signpost import model
from tests.builders import ROOT
from web.public import api

# Made on a machine by the commands, so named in documents and never in the repository.
MADE = (".env", ".venv/", ".state/", "models/", "node_modules/", "web/public/static/built/", "bench/report", "bench/out/", "OUTPUT/")
ENDINGS = "py|yml|yaml|md|toml|json|jsonl|conf|service|txt|in|po|pot|cfg|png|html|scss|js|sh"
TARGET = re.compile(r"(?:`|^\s*|&& |\b[A-Z_]+=\S+ )make ([a-z]+)", re.M)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
TICKED = re.compile(r"`([^`\s]+)`")
# Put together here so that this file does not hold them whole. A path must not be the tail of a web address.
FORBIDDEN = {
    "a path of one machine": [rf"(?<![\w./-])/{room}/" for room in ("wo" + "rk", "ho" + "me", "Us" + "ers", "ro" + "ot")],
    "a package registry": [
        r"py" + r"pi\.org", r"python" + r"hosted\.org", r"npm" + r"js\.", r"yarn" + r"pkg\.com", r"index" + r"[-_]url",
        r"arti" + r"factory", r"gh" + r"cr\.io", r"docker" + r"\.io",
    ],
    "a tool of a workplace": [r"issues" + r" show", r"cla" + r"ude\b", r"anth" + r"ropic", r"co" + r"pilot", r"co-authored" + r"-by"],
}  # fmt: skip
# The words that the encoder was made with are not ours.
WORD_LIST = "bot/encoder/"


@lru_cache(maxsize=1)
def repository() -> frozenset[str]:
    """Every file that is tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return frozenset(name for name in listed if name and (ROOT / name).is_file())


def documents() -> list[str]:
    return sorted(name for name in repository() if name.endswith(".md"))


def exists(named: str, document: str) -> bool:
    """Whether a path, folder or pattern stands in the repository, seen from its root or from the document's folder."""
    if named.startswith(MADE):
        return True
    room = Path(document).parent.as_posix()
    if room != "." and "/" not in named and any(name.startswith(f"{room}/") and name.endswith(f"/{named}") for name in repository()):
        return True
    for base in (ROOT, (ROOT / document).parent):
        path = named.rstrip("/")
        found = list(base.glob(path)) if "*" in path else [(base / path).resolve()]
        for item in found:
            inside = item.relative_to(ROOT).as_posix() if item.is_relative_to(ROOT) else ""
            if inside in repository() or any(name.startswith(f"{inside}/") for name in repository()):
                return True
    return False


def paths_named(text: str) -> set[str]:
    rooms = {name.split("/")[0] for name in repository() if "/" in name}
    named = set(LINK.findall(text))
    for token in TICKED.findall(text):
        path = token.split("::")[0]
        a_path = re.fullmatch(r"[\w@.*/-]+", path) and not path.startswith("/")
        if a_path and (re.search(rf"[\w*]\.(?:{ENDINGS})$", path) or ("/" in path and path.split("/")[0] in rooms)):
            named.add(path)
    return named


@pytest.mark.parametrize("document", documents())
def test_every_file_a_document_names_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    missing = sorted(named for named in paths_named(text) if not exists(named, document))
    assert not missing, f"{document} names what is not there: {missing}"


@pytest.mark.parametrize("document", documents())
def test_every_test_a_document_names_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{document}: {file} has no {name}"


@pytest.mark.parametrize("document", documents())
def test_every_make_target_a_document_names_exists(document):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(TARGET.findall((ROOT / document).read_text(encoding="utf-8")))
    assert named <= targets, f"{document} names targets that the Makefile has not: {sorted(named - targets)}"


def test_the_readers_of_documents_are_not_blind():
    text = "`signpost/turn.py`, `knowledge/places/*/areas.yml`, [x](docs/a.md), `POST /sms`, `text/xml`, `make run`"
    assert paths_named(text) == {"signpost/turn.py", "knowledge/places/*/areas.yml", "docs/a.md"}
    assert TARGET.findall(f"{text}\n\n```\nPORT=1 make test\nmake bench\n```") == ["run", "test", "bench"]
    assert exists("signpost/turn.py", "README.md")
    assert exists("../signpost", "docs/architecture.md")
    assert not exists("signpost/no_such_module.py", "README.md")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_where_or_with_what_it_was_written(what):
    found = []
    pattern = re.compile("|".join(FORBIDDEN[what]), re.I)
    for name in sorted(repository()):
        if name.startswith(WORD_LIST):
            continue
        try:
            text = (ROOT / name).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {hit.group()}" for hit in pattern.finditer(text)]
    assert not found, f"{what}: {found}"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "see /ho" + "me/someone/notes"),
        ("a package registry", "https://py" + "pi.org/simple"),
        ("a tool of a workplace", "Co" + "-authored" + "-By: x"),
    ],
)
def test_the_guard_finds_what_it_looks_for(what, text):
    assert re.search("|".join(FORBIDDEN[what]), text, re.I)
    assert not re.search("|".join(FORBIDDEN[what]), "https://www.example.org/home/help", re.I)


def test_the_example_names_every_setting_that_is_read():
    code = (ROOT / "storage" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"""(?:text|given\.get)\(\s*"([A-Z][A-Z_]+)\"""", code))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^([A-Z_]+)=", example, re.M)
    assert len(read) > 10
    assert sorted(named) == sorted(read)
    explained = set(re.findall(r"`([A-Z_]{4,})`", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    assert read <= explained, f"docs/settings.md does not explain {sorted(read - explained)}"


def test_the_example_holds_no_secret():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name, value in re.findall(r"^([A-Z_]+)=(.*)$", example, re.M):
        if name.endswith(("_KEY", "_SECRET", "_TOKEN", "_SID")):
            assert value == "", name


def _api() -> dict:
    return YAML(typ="safe").load((ROOT / "web" / "public" / "openapi.yml").read_text(encoding="utf-8"))


def test_the_api_document_has_the_vocabulary_of_the_core():
    schemas = _api()["components"]["schemas"]
    assert schemas["Issue"]["enum"] == list(model.ISSUES)
    assert schemas["Strand"]["enum"] == list(model.STRANDS)
    assert schemas["Risk"]["enum"] == list(model.RISKS)
    assert set(schemas["Message"]["properties"]) == api.KNOWN


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ("TextBlock", model.Text),
        ("AlertBlock", model.Alert),
        ("RoutesBlock", model.Routes),
        ("ServicesBlock", model.Services),
        ("QuestionBlock", model.Question),
        ("RouteItem", model.RouteItem),
        ("ServiceItem", model.ServiceItem),
        ("Contact", model.Contact),
    ],
)
def test_the_api_document_has_the_fields_of_each_block(schema, made):
    described = _api()["components"]["schemas"][schema]
    names = {item.name for item in fields(made)}
    assert set(described["properties"]) == names
    assert set(described["required"]) == names


def test_the_licence_and_what_is_said_of_it_agree():
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    assert '"Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"license": "Apache-2.0"' in (ROOT / "package.json").read_text(encoding="utf-8")
