"""Which fields of the knowledge files are prose, and their extraction for the catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

# Field names whose text a person reads. `label` of an area is a proper name and is not among them (see EXCEPT).
PROSE = (
    "text",
    "sms",
    "says",
    "says_of_others",
    "label",
    "description",
    "counts",
    "caution",
    "who_sees_it",
    "what_happens_next",
    "can_change_mind",
)
PROSE_LISTS = ("advice", "steps")
EXCEPT = ("areas", "neighbours")


def extract(fileobj: BytesIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction interface: (line, function, sentence, comments) for each prose field of a YAML file."""
    content = YAML(typ="rt").load(fileobj.read().decode("utf-8"))
    for line, name, sentence in _walk(content):
        yield line, "_", sentence, [name] if name in ("sms", "label") else []


def extract_for_volunteers(fileobj: BytesIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """The same for what only volunteers read, under the keyword of their catalogue."""
    for line, _name, sentence, comments in extract(fileobj, keywords, comment_tags, options):
        yield line, "desk", sentence, comments


def _walk(node: Any) -> Iterator[tuple[int, str, str]]:
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            # What an entry takes over from another (`<<`) is found where it is written.
            if key in EXCEPT or key == "evidence" or key not in (node.lc.data or {}):
                continue
            line = node.lc.key(key)[0] + 1
            if key in PROSE and isinstance(value, str) and value:
                yield line, key, str(value)
            elif key in PROSE_LISTS and isinstance(value, CommentedSeq):
                for item in value:
                    yield line, key, str(item)
            else:
                yield from _walk(value)
    elif isinstance(node, CommentedSeq):
        for item in node:
            yield from _walk(item)
