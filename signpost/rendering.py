"""A reply fitted to where it is read: as one plain text, and in parts for text messages."""

from __future__ import annotations

from collections.abc import Iterable

from signpost.model import Alert, Block, Question, Routes, ServiceItem, Services, Text
from signpost.wording import Wording


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
