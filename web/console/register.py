"""Counts, and nothing else: how many came, about what, in which language, what was done. No names, no text, no rows of people.

Each thing is counted by itself, so that the store cannot say what one person came for. Walk-ins are counted by day, all
else by month.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import sqlalchemy as sa

from signpost.knowledge import Knowledge
from signpost.model import ISSUES, STRANDS
from storage.database import add_to, prepare

Outcome = Literal["information", "report", "referral", "report_and_referral", "emergency", "left"]
Face = Literal["yes", "partly", "no"]
Unmet = Literal["none_open", "none_eligible", "none_in_language"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FACES: tuple[Face, ...] = get_args(Face)
REASONS: tuple[Unmet, ...] = get_args(Unmet)
NONE = "none"

metadata = sa.MetaData()
COUNTS = sa.Table(
    "desk_count",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("centre", sa.String(64), primary_key=True),
    sa.Column("what", sa.String(32), primary_key=True),
    sa.Column("value", sa.String(96), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """One walk-in, as ids. Several strands and issues count once each; `route` is an id of knowledge/routes.yml.

    `language` is the person's (an id of knowledge/languages.yml), `referral` whether a call-back was asked of a service,
    `face` the answer to "Did you get what you needed?" or None where it was not asked or not answered.
    """

    centre: str
    language: str
    outcome: Outcome
    strands: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    route: str | None = None
    referral: bool = False
    face: Face | None = None


@dataclass(frozen=True)
class Count:
    """How often one value was counted at one centre on one day (walk-ins) or in one month (the first stands for it)."""

    day: dt.date
    centre: str
    what: str
    value: str
    number: int


class Register:
    """Counts walk-ins and unmet needs."""

    def __init__(self, engine: sa.engine.Engine, facts: Knowledge) -> None:
        self._engine = engine
        self._facts = facts
        prepare(engine, metadata)

    def count(self, entry: Entry, day: dt.date | None = None) -> None:
        """Count one walk-in.

        Raises:
            ValueError: a value is not an id of the vocabulary or of the knowledge, so it might be someone's words.
        """
        self._check("language", [entry.language], self._facts.languages)
        self._check("strand", entry.strands, STRANDS)
        self._check("issue", entry.issues, ISSUES)
        self._check("route", [entry.route] if entry.route else [], self._facts.routes)
        self._check("outcome", [entry.outcome], OUTCOMES)
        self._check("face", [entry.face] if entry.face else [], FACES)
        day = day or dt.date.today()
        month = day.replace(day=1)
        rows = [(day, "walk_in", "all"), (month, "language", entry.language), (month, "outcome", entry.outcome)]
        rows += [(month, "strand", name) for name in dict.fromkeys(entry.strands or (NONE,))]
        rows += [(month, "issue", name) for name in dict.fromkeys(entry.issues or (NONE,))]
        rows += [(month, "route", entry.route or NONE), (month, "referral", "yes" if entry.referral else "no")]
        rows += [(month, "face", entry.face or NONE)]
        self._add(entry.centre, rows)

    def unmet(
        self,
        centre: str,
        reason: Unmet,
        language: str,
        issues: tuple[str, ...] = (),
        strands: tuple[str, ...] = (),
        day: dt.date | None = None,
    ) -> None:
        """Count a need that no open, eligible, language-capable service could meet.

        Raises:
            ValueError: a value is not an id of the vocabulary or of the knowledge.
        """
        self._check("reason", [reason], REASONS)
        self._check("language", [language], self._facts.languages)
        self._check("issue", issues, ISSUES)
        self._check("strand", strands, STRANDS)
        month = (day or dt.date.today()).replace(day=1)
        rows = [(month, "unmet_all", "all"), (month, "unmet", reason), (month, "unmet_language", language)]
        rows += [(month, "unmet_issue", name) for name in dict.fromkeys(issues)]
        rows += [(month, "unmet_strand", name) for name in dict.fromkeys(strands)]
        self._add(centre, rows)

    def counts(self, begin: dt.date, end: dt.date) -> list[Count]:
        """Every count from `begin` up to but not with `end`, as stored. Not to be shown: see web/console/small_numbers.py."""
        query = sa.select(COUNTS).where(COUNTS.c.day >= begin, COUNTS.c.day < end)
        with self._engine.connect() as connection:
            return [Count(row.day, row.centre, row.what, row.value, row.number) for row in connection.execute(query)]

    @staticmethod
    def _check(what: str, values: Iterable[str], known: Iterable[str]) -> None:
        allowed = set(known)
        for value in values:
            if value not in allowed:
                raise ValueError(f"The register has no such {what}.")

    def _add(self, centre: str, rows: list[tuple[dt.date, str, str]]) -> None:
        with self._engine.begin() as connection:
            # In one order, so that two who count at once never wait for each other.
            for (day, what, value), number in sorted(Counter(rows).items()):
                row = {"day": day, "centre": centre, "what": what, "value": value, "number": number}
                connection.execute(add_to(self._engine, COUNTS, row, "number"))
