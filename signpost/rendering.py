"""A reply fitted to where it is read: as one plain text, and in parts for text messages.

As text messages a reply goes out at most three segments at a time, the most useful first; the person asks for the rest
with a word. What comes first in danger is a message of its own, in one segment, so that it arrives even when a phone
cannot join messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signpost.model import Alert, Block, Option, Question, Routes, ServiceItem, Services, Text
from signpost.plaintext import without_marks
from signpost.segments import cut, plain_marks, segments
from signpost.wording import Wording

MOST_SEGMENTS = 3
# A longer list of choices is not numbered in a text message: the question alone is put, and words answer it.
MOST_NUMBERED = 8


@dataclass(frozen=True)
class Part:
    """What is sent at once: one or two messages, at most three segments together, and the choices that they number."""

    messages: tuple[str, ...]
    options: tuple[Option, ...] = ()

    @property
    def segments(self) -> int:
        """How many segments the messages take together."""
        return sum(segments(message) for message in self.messages)


def plain(blocks: Iterable[Block], _: Wording) -> str:
    """The same reply as one text, most useful first, as a text message would carry it."""
    return "\n\n".join(part for part in (_plain(block, _) for block in blocks) if part)


def _plain(block: Block, _: Wording) -> str:
    if isinstance(block, Alert):
        return "\n".join([block.text, *block.steps])
    if isinstance(block, Text):
        return block.text if block.short is None else block.short
    if isinstance(block, Services):
        return "\n".join(service_line(item) for item in block.items)
    if isinstance(block, Routes):
        lines = [_("Ways to report, or not:")]
        for item in block.items:
            numbers = [contact.value for contact in item.contacts if contact.kind in ("phone", "text")][:1]
            lines.append(f"- {item.name}" + (f": {numbers[0]}" if numbers and numbers[0] not in item.name else ""))
        return "\n".join(lines)
    if isinstance(block, Question):
        return "\n".join([block.text, *(f"{number} {option.label}" for number, option in enumerate(block.options, 1))])
    return ""


def service_line(item: ServiceItem) -> str:
    """A service in one line: name, first contact, whether it is open."""
    contact = next((contact.value for contact in item.contacts), None) or item.reach or ""
    opening = f" ({item.opens_next})" if item.opens_next else ""
    return f"{item.name}: {contact}{opening}" if contact else item.name


def safety_line(text: str, _: Wording) -> str:
    """What is said first in danger, in one segment in every language.

    The text itself where it fits; without its marks (`ż` as `z`, as people text in many languages) where that makes it
    fit; else the shortest line there is.
    """
    short = _("In danger, call 999 now.")
    for line in (text, without_marks(text), short, without_marks(short)):
        line = plain_marks(line)
        if segments(line) == 1:
            return line
    return cut(plain_marks(short), 1)[0]


def text_parts(blocks: Sequence[Block], _: Wording, more: str = "", most: int = MOST_SEGMENTS) -> tuple[Part, ...]:
    """A reply as text messages. The first part is sent now, each further one when the person texts `more`.

    Without a `more` word only the first part is meant to be sent, and nothing points to the others.
    """
    ending = "\n" + _("Text {word} for more.", word=more) if more else ""
    alert = next((block for block in blocks if isinstance(block, Alert)), None)
    pieces = [piece for block in _useful_first(blocks) for piece in _pieces(block, _)]
    if alert is None:
        return _packed(pieces, ending, most)
    line = safety_line(alert.text, _)
    said = plain_marks(alert.text)
    pieces = ([_Piece(said)] if line != said else []) + pieces
    first, *rest = _packed(pieces, ending, most - 1) or (Part(()),)
    return (Part((line, *first.messages), first.options), *rest)


def discreet_parts(blocks: Sequence[Block], _: Wording, more: str = "", most: int = MOST_SEGMENTS) -> tuple[Part, ...]:
    """The reply in numbers alone: no service and no harm is named. Empty when it holds no number.

    For a phone that someone else may look at, when the person chose it.
    """
    ending = "\n" + _("Text {word} for more.", word=more) if more else ""
    pieces = [_Piece(line) for block in blocks if isinstance(block, Services) for item in block.items if (line := _number_line(item, _))]
    pieces = list(dict.fromkeys(pieces))
    if any(isinstance(block, Alert) for block in blocks):
        first, *rest = _packed(pieces, ending, most - 1) or (Part(()),)
        return (Part((safety_line(_("If you are in danger, call 999 now. Get to a safe place if you can."), _), *first.messages)), *rest)
    return _packed(pieces, ending, most)


@dataclass(frozen=True)
class _Piece:
    """Lines that belong together, with the choices they number."""

    text: str
    options: tuple[Option, ...] = ()


def _useful_first(blocks: Sequence[Block]) -> list[Block]:
    """The order for a small screen: beside services, ways to report wait until after the question, which offers them."""
    if not any(isinstance(block, Services) for block in blocks):
        return list(blocks)
    return sorted(blocks, key=lambda block: isinstance(block, Routes))


def _pieces(block: Block, _: Wording) -> list[_Piece]:
    if isinstance(block, Alert):
        return [_Piece(plain_marks("\n".join(block.steps)))] if block.steps else []
    if isinstance(block, Services):
        return [_Piece(plain_marks(service_line(item))) for item in block.items]
    if isinstance(block, Question):
        if len(block.options) > MOST_NUMBERED:
            return [_Piece(plain_marks(block.text))]
        return [_Piece(plain_marks(_plain(block, _)), block.options)]
    said = plain_marks(_plain(block, _))
    return [_Piece(said)] if said else []


def _number_line(item: ServiceItem, _: Wording) -> str:
    number = next((contact for contact in item.contacts if contact.kind in ("phone", "text")), None)
    if number is None:
        return ""
    said = _("Call {number}", number=number.value) if number.kind == "phone" else _("Text {number}", number=number.value)
    return plain_marks(f"{said} ({item.opens_next})" if item.opens_next else said)


def _packed(pieces: Sequence[_Piece], ending: str, most: int) -> tuple[Part, ...]:
    """The pieces in as few parts as hold them. A piece is cut only where it alone is too long for a part."""
    parts: list[Part] = []
    waiting = list(pieces)
    no_options: tuple[Option, ...] = ()
    while waiting:
        text, options = "", no_options
        while waiting:
            piece = waiting[0]
            tried = f"{text}\n{piece.text}" if text else piece.text
            if segments(tried + (ending if len(waiting) > 1 else "")) > most:
                break
            text, options = tried, options or piece.options
            waiting.pop(0)
        if not text:
            # Too long on its own: its beginning goes now. Its choices are offered once all of them were seen.
            piece = waiting.pop(0)
            text, rest = cut(piece.text, most, ending, more_follows=bool(waiting))
            if rest:
                waiting.insert(0, _Piece(rest, piece.options))
            else:
                options = piece.options
        parts.append(Part((text + (ending if waiting else ""),), options))
    return tuple(parts)
