"""Consent as data: who may get what, since when and until when, and the receipt that the person keeps.

An answer is about one item for one recipient: yes, no or later. Only a yes that is neither past its end nor taken back
lets anything out (`released`); whatever was not asked counts as no. Source: Sefton Hate Crime Strategy 2025-27 (everyone
can say what happens with their report). Which recipients and items there are stands in `knowledge/consent.yml`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeVar

Said = Literal["yes", "no", "later"]
SAID: tuple[Said, ...] = ("yes", "no", "later")
Rules = Mapping[str, Mapping[str, Any]]
Value = TypeVar("Value")


@dataclass(frozen=True)
class Answer:
    """What was said of one item for one recipient. `until` is when a yes ends."""

    recipient: str
    item: str
    said: Said
    until: dt.datetime
    withdrawn: bool = False


@dataclass(frozen=True)
class Consent:
    """Every answer of one person, at most one for each recipient and item: the newest."""

    answers: tuple[Answer, ...] = ()

    def with_answer(self, recipient: str, item: str, said: Said, until: dt.datetime) -> Consent:
        """The consent after this answer; an earlier one to the same question is gone."""
        rest = tuple(answer for answer in self.answers if (answer.recipient, answer.item) != (recipient, item))
        return Consent((*rest, Answer(recipient, item, said, until)))

    def withdrawn(self, recipient: str | None = None, item: str | None = None) -> Consent:
        """The consent after the person took back what they agreed to for this recipient and item (all where None)."""
        return Consent(
            tuple(
                replace(answer, withdrawn=True) if recipient in (None, answer.recipient) and item in (None, answer.item) else answer
                for answer in self.answers
            )
        )

    def live(self, recipient: str, now: dt.datetime) -> frozenset[str]:
        """The items that this recipient may get at this minute."""
        return frozenset(
            answer.item
            for answer in self.answers
            if answer.recipient == recipient and answer.said == "yes" and not answer.withdrawn and now < answer.until
        )

    def said(self, recipient: str, said: Said) -> tuple[str, ...]:
        """The items to which this was said, in the order of the answers; what was taken back counts as no."""
        return tuple(
            answer.item
            for answer in self.answers
            if answer.recipient == recipient and ("no" if answer.withdrawn and answer.said == "yes" else answer.said) == said
        )

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everyone that was asked about, in the order of asking."""
        return tuple(dict.fromkeys(answer.recipient for answer in self.answers))

    def as_json(self) -> list[dict[str, Any]]:
        """Plain values, for a sealed row."""
        return [{**asdict(answer), "until": answer.until.isoformat()} for answer in self.answers]

    @classmethod
    def from_json(cls, data: Iterable[Mapping[str, Any]] | None) -> Consent:
        """The consent that `as_json` came from."""
        return cls(tuple(Answer(**{**item, "until": dt.datetime.fromisoformat(item["until"])}) for item in data or ()))


def released(facts: Mapping[str, Value], consent: Consent, recipient: str, now: dt.datetime) -> dict[str, Value]:
    """Of the facts by item, those that may leave for this recipient at this minute. The only way out of the desk."""
    allowed = consent.live(recipient, now)
    return {item: value for item, value in facts.items() if item in allowed}


def recipients(rules: Rules) -> tuple[str, ...]:
    """Every recipient there is, in the order of the file."""
    return _of_kind(rules, "recipient")


def recipient_of(route: str, rules: Rules) -> str | None:
    """Who gets a report made in this way; None where the person tells them without this desk."""
    return next((name for name in recipients(rules) if route in rules[name]["routes"]), None)


def items(rules: Rules, under_16: bool = False) -> tuple[str, ...]:
    """The items that are asked about; of someone under 16 fewer."""
    return tuple(name for name in _of_kind(rules, "item") if not under_16 or rules[name]["asked_under_16"])


def naming(rules: Rules) -> tuple[str, ...]:
    """The items without which the person stays nameless."""
    return tuple(name for name in _of_kind(rules, "item") if rules[name]["anonymous_without"])


def ends(rules: Rules, recipient: str, now: dt.datetime) -> dt.datetime:
    """When a yes for this recipient ends, said at this minute."""
    return now + dt.timedelta(days=rules[recipient]["days"])


def _of_kind(rules: Rules, kind: str) -> tuple[str, ...]:
    return tuple(name for name, entry in rules.items() if entry["kind"] == kind)


# The receipt: a code that holds what was agreed, so that it can be read back when every store is empty.

_DAY_ZERO = dt.date(2020, 1, 1)
_NONCE = 4
_BODY = 1 + 6 + 2 + _NONCE
SEAL = 7
_VERSION = 1


class ReceiptError(Exception):
    """This code is not one that was given out here. Says nothing of the code."""


@dataclass(frozen=True)
class Receipt:
    """What a person agreed to: pairs of recipient and item, the last day it holds, and a number that makes it the only one."""

    agreed: frozenset[tuple[str, str]]
    until: dt.date
    nonce: bytes

    def live(self, today: dt.date) -> bool:
        """Whether it still holds on this day."""
        return today <= self.until


def receipt_body(receipt: Receipt, rules: Rules) -> bytes:
    """The receipt as bytes, to be sealed. The order of recipients and items in the rules is part of the form."""
    bits = sum(1 << place for place, pair in enumerate(_pairs(rules)) if pair in receipt.agreed)
    days = (receipt.until - _DAY_ZERO).days
    return bytes([_VERSION]) + bits.to_bytes(6, "big") + days.to_bytes(2, "big") + receipt.nonce


def receipt_from_body(body: bytes, rules: Rules) -> Receipt:
    """The receipt that these bytes came from. Whoever calls has checked the seal.

    Raises:
        ReceiptError: they are of another form.
    """
    if len(body) != _BODY or body[0] != _VERSION:
        raise ReceiptError
    bits = int.from_bytes(body[1:7], "big")
    agreed = frozenset(pair for place, pair in enumerate(_pairs(rules)) if bits >> place & 1)
    return Receipt(agreed, _DAY_ZERO + dt.timedelta(days=int.from_bytes(body[7:9], "big")), body[9:])


def receipt_code(body: bytes, seal: bytes) -> str:
    """The code on paper: 32 letters and digits in groups of four, none that is easily taken for another (base 32)."""
    text = base64.b32encode(body + seal[:SEAL]).decode()
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))


def split_code(code: str) -> tuple[bytes, bytes]:
    """The body and the seal of a code as it was typed: spaces, hyphens and case do not matter.

    Raises:
        ReceiptError: it has another length or other signs.
    """
    text = "".join(char for char in code.upper() if char.isalnum())
    # 0, 1 and 8 are not signs of a code; people write them for O, I and B.
    text = text.translate(str.maketrans("018", "OIB"))
    try:
        raw = base64.b32decode(text)
    except (binascii.Error, ValueError):
        raise ReceiptError from None
    if len(raw) != _BODY + SEAL:
        raise ReceiptError
    return raw[:_BODY], raw[_BODY:]


def _pairs(rules: Rules) -> Sequence[tuple[str, str]]:
    return [(recipient, item) for recipient in recipients(rules) for item in _of_kind(rules, "item")]
