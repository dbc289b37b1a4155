"""Which numbers of a table may be shown, so that no number below five can be read or worked out.

A table is cells by name and sums that tie some of them together (`a total` is the sum of `parts`). Hidden are, first,
all numbers from one to four; then, until nothing hidden can be worked out from what is shown, some larger ones beside
them. The check is linear algebra over the hidden numbers: what cannot be moved at all without a shown number moving is
known, and has to be hidden better. A nought is nobody, so it gives nobody away: it may be worked out.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

# Fewer than this is never shown (the partnership's rule for its register).
SMALLEST = 5
# Elimination is done modulo a large prime: whole numbers of one size, and no rounding.
_PRIME = (1 << 61) - 1


@dataclass(frozen=True)
class Sum:
    """`total` is the sum of `parts`; all are names of cells."""

    total: str
    parts: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Total and parts."""
        return (self.total, *self.parts)


def hidden(cells: Mapping[str, int], sums: Sequence[Sum], precious: Container[str] = ()) -> frozenset[str]:
    """The names of the cells that must not be shown. Those that are precious go last.

    Raises:
        ValueError: a sum does not add up, or names a cell that is not there.
    """
    for one in sums:
        if any(name not in cells for name in one.cells) or cells[one.total] != sum(cells[name] for name in one.parts):
            raise ValueError("A sum does not add up.")
    cells = {name: number for name, number in cells.items() if number > 0}
    sums = [Sum(one.total, tuple(name for name in one.parts if name in cells)) for one in sums if one.total in cells]
    gone = {name for name, number in cells.items() if number < SMALLEST}
    while more := _more(cells, sums, gone, precious):
        gone |= more
    return frozenset(gone)


def _more(cells: Mapping[str, int], sums: Sequence[Sum], gone: set[str], precious: Container[str]) -> set[str]:
    """Cells to hide besides, empty where all that is hidden is safe."""
    for one in sums:
        # What is hidden of a shown total is itself a number, read by taking the rest away.
        rest = [name for name in one.parts if name in gone]
        if one.total not in gone and rest and sum(cells[name] for name in rest) < SMALLEST:
            return {_least(cells, one, gone, precious)}
    known = _worked_out(sums, gone)
    if not known:
        return set()
    near = [one for one in sums if set(one.cells) - gone]
    # Beside what is known if there is anything to hide there, else somewhere on the way to it.
    best = [one for one in near if known & set(one.cells)] or [one for one in near if gone & set(one.cells)]
    return {_least(cells, best[0], gone, precious)}


def _least(cells: Mapping[str, int], one: Sum, gone: set[str], precious: Container[str]) -> str:
    """The cell of a sum that is missed least: the smallest that is shown and not precious."""
    return min((name for name in one.cells if name not in gone), key=lambda name: (name in precious, cells[name], name))


def _worked_out(sums: Sequence[Sum], gone: set[str]) -> set[str]:
    """The hidden cells whose number follows from what is shown."""
    rows = []
    for one in sums:
        row = {name: 1 for name in one.parts if name in gone}
        if one.total in gone:
            row[one.total] = _PRIME - 1
        if row:
            rows.append(row)
    return {next(iter(row)) for row in _reduced(rows) if len(row) == 1}


def _reduced(rows: list[dict[str, int]]) -> list[dict[str, int]]:
    """The rows in reduced echelon form: a cell alone in its row is determined."""
    done: list[tuple[str, dict[str, int]]] = []
    for row in rows:
        row = dict(row)
        for pivot, other in done:
            if pivot in row:
                _take(row, other, row[pivot])
        if not row:
            continue
        pivot = min(row)
        scale = pow(row[pivot], _PRIME - 2, _PRIME)
        row = {name: number * scale % _PRIME for name, number in row.items()}
        for _, other in done:
            if pivot in other:
                _take(other, row, other[pivot])
        done.append((pivot, row))
    return [row for _, row in done]


def _take(row: dict[str, int], other: Mapping[str, int], times: int) -> None:
    """Take a multiple of another row away from this one."""
    for name, number in other.items():
        left = (row.get(name, 0) - times * number) % _PRIME
        if left:
            row[name] = left
        else:
            row.pop(name, None)
