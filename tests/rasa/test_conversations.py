"""Conversations that a volunteer can read, walked over the running service. tests/conversations/README.md explains them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from signpost.model import block_from_json
from signpost.rendering import text_parts
from signpost.wording import Wording
from tests.builders import ROOT, the_knowledge
from tests.stack import Stack

FOLDER = ROOT / "tests" / "conversations"
FILES = sorted(FOLDER.glob("*/*.yml"))
LEAST = 45
TURN_WORDS = {"say", "choose", "channel", "read", "reply"}
Answer = dict[str, Any]


def as_list(value: Any) -> list[Any]:
    """One thing or a list of things, as a list."""
    return list(value) if isinstance(value, list) else [value]


def names(file: Path) -> str:
    """How a conversation is called in the report."""
    return f"{file.parent.name}/{file.stem}"


def blocks(answer: Answer, kind: str) -> list[dict[str, Any]]:
    """The blocks of one kind in an answer."""
    return [block for block in answer["reply"] if block["type"] == kind]


def ids(answer: Answer, kind: str) -> list[str]:
    """The ids of the services or routes in an answer."""
    return [item["id"] for block in blocks(answer, kind) for item in block["items"]]


def asked(answer: Answer) -> str | None:
    """The id of the question in an answer."""
    return next((block["id"] for block in blocks(answer, "question")), None)


def offered(answer: Answer) -> list[str]:
    """The ids of the choices in an answer."""
    return [option["id"] for block in blocks(answer, "question") for option in block["options"]]


def words(answer: Answer) -> str:
    """Every word of an answer's text blocks and alerts."""
    return "\n".join(block["text"] for block in answer["reply"] if block["type"] in ("text", "alert"))


def segments_of_a_text(answer: Answer) -> int:
    """How many segments the first text message of this answer takes."""
    parts = text_parts([block_from_json(block) for block in answer["reply"]], Wording(), "more")
    return parts[0].segments


def all_of(wanted: Any, got: Iterable[Any]) -> bool:
    return set(as_list(wanted)) <= set(got)


def some_of(wanted: Any, got: Iterable[Any]) -> bool:
    return bool(set(as_list(wanted)) & set(got))


def none_of(wanted: Any, got: Iterable[Any]) -> bool:
    return not some_of(wanted, got)


def one_of(wanted: Any, got: Any) -> bool:
    return got in as_list(wanted)


def begins_with_alert(entries: Any, answer: Answer) -> bool:
    """Whether the answer begins with the alert of one of these entries of knowledge/safety.yml."""
    first = answer["reply"][0]
    return first["type"] == "alert" and first["text"] in [the_knowledge().safety[entry]["text"] for entry in as_list(entries)]


Check = tuple[Callable[[Answer], Any], Callable[[Any, Any], bool]]
# What may be written after `read:` and `reply:`, where it is found in an answer, and how the two are compared.
READ: dict[str, Check] = {
    "issues": (lambda answer: answer["understood"]["issues"], all_of),
    "issues_any": (lambda answer: answer["understood"]["issues"], some_of),
    "not_issues": (lambda answer: answer["understood"]["issues"], none_of),
    "strands": (lambda answer: answer["understood"]["strands"], all_of),
    "not_strands": (lambda answer: answer["understood"]["strands"], none_of),
    "risk": (lambda answer: answer["risk"], one_of),
    "intent": (lambda answer: answer["understood"]["intent"], one_of),
    "area": (lambda answer: answer["understood"]["area"], one_of),
    "locale": (lambda answer: answer["locale"], one_of),
}
REPLY: dict[str, Check] = {
    "services": (lambda answer: ids(answer, "services"), all_of),
    "services_any": (lambda answer: ids(answer, "services"), some_of),
    "not_services": (lambda answer: ids(answer, "services"), none_of),
    "routes": (lambda answer: ids(answer, "routes"), all_of),
    "routes_any": (lambda answer: ids(answer, "routes"), some_of),
    "no_routes": (lambda answer: ids(answer, "routes"), lambda wanted, got: bool(got) is not wanted),
    "question": (asked, one_of),
    "not_question": (asked, lambda wanted, got: got not in as_list(wanted)),
    "no_question": (asked, lambda wanted, got: (got is None) is wanted),
    "question_offers": (offered, all_of),
    "alert": (lambda answer: answer, begins_with_alert),
    "no_alert": (lambda answer: blocks(answer, "alert"), lambda wanted, got: bool(got) is not wanted),
    "says": (words, lambda wanted, got: all(part in got for part in as_list(wanted))),
    "not_says": (words, lambda wanted, got: not any(part in got for part in as_list(wanted))),
    "segments": (segments_of_a_text, lambda wanted, got: 0 < got <= wanted),
}


def read_conversation(file: Path) -> list[dict[str, Any]]:
    """The turns of one file.

    Raises:
        AssertionError: the file says something that this walk does not know, which it would pass over in silence.
    """
    turns = YAML(typ="safe").load(file)
    for number, turn in enumerate(turns, 1):
        where = f"{names(file)}, turn {number}"
        assert set(turn) <= TURN_WORDS, f"{where}: not known here: {sorted(set(turn) - TURN_WORDS)}"
        assert ("say" in turn) != ("choose" in turn), f"{where}: write either say or choose"
        assert turn.get("channel", "web") in ("web", "sms"), f"{where}: channel is web or sms"
        for part, known in (("read", READ), ("reply", REPLY)):
            unknown = sorted(set(turn.get(part) or {}) - set(known))
            assert not unknown, f"{where}: {part}: not known here: {unknown}"
    return turns


def brief(answer: Answer) -> str:
    """An answer in a few lines, for the report of a test that fails."""
    lines = {
        "read": {**answer["understood"], "risk": answer["risk"]},
        "services": ids(answer, "services"),
        "routes": ids(answer, "routes"),
        "question": asked(answer),
        "choices": offered(answer),
        "alert": bool(blocks(answer, "alert")),
        "degraded": answer["degraded"],
        "says": words(answer)[:600],
    }
    return "\n".join(f"    {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items())


def faults(turn: dict[str, Any], answer: Answer) -> list[str]:
    """What a turn asks for and the answer does not hold, one line each."""
    found = ["the service answered without its engine (degraded)"] if answer["degraded"] else []
    for part, known in (("read", READ), ("reply", REPLY)):
        for name, wanted in (turn.get(part) or {}).items():
            where, fits = known[name]
            got = where(answer)
            if not fits(wanted, got):
                shown = answer["reply"][0] if name == "alert" else got
                found.append(f"{part}: {name}: wanted {json.dumps(wanted)}, got {json.dumps(shown, ensure_ascii=False)[:300]}")
    return found


@pytest.mark.parametrize("file", FILES, ids=names)
def test_the_conversation_goes_as_written(stack: Stack, file: Path):
    conversation: str | None = None
    for number, turn in enumerate(read_conversation(file), 1):
        said = turn.get("say")
        answer = stack.say(said, conversation) if said is not None else stack.say(conversation=conversation, choice=turn["choose"])
        wrong = faults(turn, answer)
        if wrong:
            line = said if said is not None else f"(chose {turn['choose']})"
            pytest.fail(
                "\n".join([f"{names(file)}, turn {number}: {line}", *(f"  - {fault}" for fault in wrong), "  It answered:", brief(answer)]),
                pytrace=False,
            )
        conversation = answer["conversation"]


def test_there_are_enough_conversations_to_trust():
    assert len(FILES) >= LEAST


@pytest.mark.parametrize("name", ["issues", "strands"])
def test_every_harm_and_every_strand_has_a_conversation(name: str):
    told = {
        item
        for file in FILES
        for turn in read_conversation(file)
        for key in (name, f"{name}_any")
        for item in (turn.get("read") or {}).get(key) or ()
    }
    assert told >= set(getattr(the_knowledge(), name)) - {"other"}


def test_every_service_route_and_alert_that_a_conversation_names_exists():
    facts = the_knowledge()
    known = {"services": facts.services, "routes": facts.routes, "alert": facts.safety}
    for file in FILES:
        for turn in read_conversation(file):
            for name, wanted in (turn.get("reply") or {}).items():
                kind = name.removeprefix("not_").removesuffix("_any")
                if kind in known:
                    assert set(as_list(wanted)) <= set(known[kind]), f"{names(file)}: {name}"


def test_a_check_that_is_not_known_is_an_error_and_not_passed_over(tmp_path: Path):
    file = tmp_path / "en" / "odd.yml"
    file.parent.mkdir()
    file.write_text('- say: "hello"\n  reply: {servces: [a]}\n')
    with pytest.raises(AssertionError, match="servces"):
        read_conversation(file)
