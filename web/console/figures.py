"""The register as it may be seen: by quarter, by centre and for all, with small numbers hidden (web/console/small_numbers.py).

A quarter that is not over yet is shown in steps of five, so that nobody can count one person by looking twice.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from web.console.register import Count
from web.console.small_numbers import SMALLEST, Sum, hidden

ALL = "all"
# What is split without anything counted twice, and the whole that it adds up to.
PARTS = {"language": "walk_in", "outcome": "walk_in", "referral": "walk_in", "route": "walk_in", "face": "walk_in"}
PARTS |= {"unmet": "unmet_all", "unmet_language": "unmet_all"}
# One person may have told of several. Where each told of one, these add up as well.
MAY_ADD_UP = {"strand": "walk_in", "issue": "walk_in", "unmet_issue": "unmet_all", "unmet_strand": "unmet_all"}
_OF_WALK_INS = ("walk_in", "strand", "issue", "language", "route", "referral", "outcome", "face")
_OF_UNMET = ("unmet_all", "unmet", "unmet_issue", "unmet_strand", "unmet_language")
KINDS = (*_OF_WALK_INS, *_OF_UNMET)


@dataclass(frozen=True, order=True)
class Quarter:
    """Three months of a year; `number` is 1 to 4."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> Quarter:
        """The quarter a day is in."""
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def read(cls, text: str) -> Quarter | None:
        """The quarter of `2026-4`; None where it is not one."""
        year, _, number = text.partition("-")
        if year.isascii() and year.isdigit() and 2000 <= int(year) <= 9000 and number in ("1", "2", "3", "4"):
            return cls(int(year), int(number))
        return None

    @property
    def begin(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.number * 3 - 2, 1)

    @property
    def end(self) -> dt.date:
        """The first day after it."""
        return self.before(-1).begin

    def before(self, quarters: int) -> Quarter:
        """So many quarters earlier (later where negative)."""
        place = self.year * 4 + self.number - 1 - quarters
        return Quarter(place // 4, place % 4 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.number}"


@dataclass(frozen=True)
class Figure:
    """One number that may be shown. `at_least`: the quarter is not over, and it is a step of five."""

    value: str
    number: int
    at_least: bool


class Figures:
    """The figures of one quarter. What is hidden is not in it at all."""

    def __init__(self, quarter: Quarter, counts: Iterable[Count], today: dt.date) -> None:
        self.quarter = quarter
        self._open = today < quarter.end
        cells: dict[tuple[str, str, str], int] = defaultdict(int)
        for count in counts:
            if quarter.begin <= count.day < quarter.end:
                for scope in (f"centre {count.centre}", ALL):
                    cells[scope, count.what, count.value] += count.number
        self._shown = self._may_be_shown(cells)

    def _may_be_shown(self, cells: Mapping[tuple[str, str, str], int]) -> dict[tuple[str, str, str], int]:
        if not cells:
            return {}
        scopes = sorted({scope for scope, _, _ in cells})
        kinds = sorted({(what, value) for _, what, value in cells})
        full = {"|".join((scope, what, value)): cells.get((scope, what, value), 0) for scope in scopes for what, value in kinds}
        sums = [Sum(f"{ALL}|{what}|{value}", tuple(f"{scope}|{what}|{value}" for scope in scopes if scope != ALL)) for what, value in kinds]
        for scope in scopes:
            for what, whole in (PARTS | MAY_ADD_UP).items():
                parts = tuple(f"{scope}|{what}|{value}" for kind, value in kinds if kind == what)
                total = f"{scope}|{whole}|{ALL}"
                if parts and (what in PARTS or sum(full[part] for part in parts) == full[total]):
                    sums.append(Sum(total, parts))
        gone = hidden(full, sums, {f"{ALL}|{whole}|{ALL}" for whole in PARTS.values()})
        return {tuple(name.split("|")): number for name, number in full.items() if number >= SMALLEST and name not in gone}  # type: ignore[misc]

    def of(self, what: str, centre: str | None = None) -> list[Figure]:
        """What may be shown of one kind, the largest first; of one centre, or of all."""
        scope = ALL if centre is None else f"centre {centre}"
        found = [(value, number) for (one, kind, value), number in self._shown.items() if one == scope and kind == what]
        return [self._figure(value, number) for value, number in sorted(found, key=lambda pair: (-pair[1], pair[0]))]

    def one(self, what: str, value: str, centre: str | None = None) -> Figure | None:
        """One number, or None where it may not be shown."""
        return next((figure for figure in self.of(what, centre) if figure.value == value), None)

    def _figure(self, value: str, number: int) -> Figure:
        return Figure(value, number - number % SMALLEST if self._open else number, self._open)
