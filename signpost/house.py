"""What every decision needs at hand: the facts, the words and the minute."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from signpost.knowledge import Knowledge
from signpost.wording import Wording


@dataclass(frozen=True)
class House:
    """The facts, one locale's words, and the time (with a time zone). `_` is named as gettext's extractors expect."""

    knowledge: Knowledge
    _: Wording
    now: dt.datetime

    @property
    def today(self) -> dt.date:
        """The date of this turn."""
        return self.now.date()
