"""What may be tapped next, and the words that stood on it, read from replies as they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Reply = Sequence[dict[str, Any]]


def options_of(reply: Reply) -> Iterator[dict[str, Any]]:
    """Every option of a reply's questions, each with `id` and `label`."""
    return (option for block in reply if block["type"] == "question" for option in block["options"])


def label_of(choice: str, replies: Sequence[Reply]) -> str | None:
    """The words of the option with this id, as they stood in the latest of the replies (oldest first) that offered it."""
    return next((option["label"] for reply in reversed(replies) for option in options_of(reply) if option["id"] == choice), None)
