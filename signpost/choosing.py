"""Which of the numbered choices a text means: its digit in any script, its words, or part of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from signpost.model import Option
from signpost.plaintext import fold

# A digit with what people put around it: "1", "1.", "(2)", "no 3", "option 3", "#4".
_NUMBERED = re.compile(r"\W*(?:(?:no|nr|num|number|option|choice|answer)\W+)?(\d{1,2})\W*\Z")
_WORD = re.compile(r"\w{2,}")
# Of two choices that share words, one must be clearly nearer than the other.
_NEAR_ENOUGH = 0.6


def chosen(text: str, options: Sequence[Option]) -> Option | None:
    """The option that a text stands for, or None where it is none of them or more than one.

    Digits count in every script (`٢`, `۲`, `௨`, `二`, full width); words with or without case and marks. The beginning of
    one option is enough ("ways"), and so are most of its words in any order ("a person to talk to").
    """
    number = number_in(text)
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    said = _bare(text)
    if not said:
        return None
    labels = [_bare(option.label) for option in options]
    exact = [option for option, label in zip(options, labels) if label == said]
    if exact:
        return exact[0]
    begun = [option for option, label in zip(options, labels) if len(said) >= 3 and label.startswith(said)]
    if len(begun) == 1:
        return begun[0]
    return _nearest(said, options, labels)


def number_in(text: str) -> int | None:
    """The number a text consists of (with or without a mark or `option` before it), in any script; None for other texts."""
    text = text.strip()
    if len(text) == 1 and 1 <= (value := unicodedata.numeric(text, 0.0)) <= 10 and value == int(value):
        return int(value)
    plain = "".join(_digit(char) for char in text).casefold()
    found = _NUMBERED.match(plain)
    return int(found.group(1)) if found else None


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def _nearest(said: str, options: Sequence[Option], labels: Sequence[str]) -> Option | None:
    words = set(_WORD.findall(said))
    if not 1 < len(words) <= 8:
        return None
    shares = []
    for option, label in zip(options, labels):
        known = set(_WORD.findall(label))
        common = len(words & known)
        shares.append((common / max(len(known), len(words)) if common > 1 else 0.0, option))
    shares.sort(key=lambda share: -share[0])
    best, second = shares[0], shares[1] if len(shares) > 1 else (0.0, None)
    return best[1] if best[0] >= _NEAR_ENOUGH and best[0] > second[0] else None


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", fold(text)).split())
