"""Numbers below five are neither shown nor to be worked out from what is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.console.small_numbers import SMALLEST, Sum, hidden


def a_line(*parts: int) -> tuple[dict[str, int], list[Sum]]:
    cells = {f"p{place}": number for place, number in enumerate(parts)}
    names = tuple(cells)
    return {**cells, "total": sum(parts)}, [Sum("total", names)]


def shown(cells: dict[str, int], sums: list[Sum]) -> dict[str, int]:
    gone = hidden(cells, sums)
    return {name: number for name, number in cells.items() if number >= SMALLEST and name not in gone}


def test_a_nought_is_nobody_and_hides_nothing():
    assert shown(*a_line(0, 0, 12, 9)) == {"p2": 12, "p3": 9, "total": 21}


def test_numbers_below_five_are_not_shown():
    cells, _ = a_line(0, 1, 4, 5, 20)
    assert shown(cells, []) == {"p3": 5, "p4": 20, "total": 30}


def test_one_small_number_takes_another_with_it():
    assert shown(*a_line(3, 20, 30)) == {"p2": 30, "total": 53}
    assert shown(*a_line(3, 20)) == {"total": 23}


def test_what_is_precious_is_hidden_last():
    cells, sums = a_line(3, 20)
    assert hidden(cells, sums, precious={"p1"}) == {"p0", "total"}


def test_two_small_numbers_may_keep_their_total_when_together_they_are_not_small():
    assert shown(*a_line(3, 4, 20)) == {"p2": 20, "total": 27}
    assert shown(*a_line(1, 2, 20, 30)) == {"p3": 30, "total": 53}


def test_a_total_that_another_table_would_give_away_is_hidden_there_too():
    # One walk-in spoke another language. Whether a referral was made adds up to the same total.
    cells = {"all": 30, "en": 29, "pl": 1, "referral": 20, "no referral": 10}
    sums = [Sum("all", ("en", "pl")), Sum("all", ("referral", "no referral"))]
    left = shown(cells, sums)
    assert not {"all", "en"} <= set(left)
    assert not {"en", "referral", "no referral"} <= set(left)


def test_one_centres_number_is_not_the_difference_of_all_and_the_others():
    cells = {"all": 22, "here": 20, "there": 2}
    left = shown(cells, [Sum("all", ("here", "there"))])
    assert not {"all", "here"} <= set(left)


def test_a_sum_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="add up"):
        hidden({"a": 1, "b": 1}, [Sum("a", ("b", "b"))])


CENTRES, VALUES = st.integers(1, 4), st.integers(1, 5)


@st.composite
def registers(draw: st.DrawFn) -> tuple[dict[str, int], list[Sum]]:
    """Centres by two ways of splitting the same walk-ins, with totals by centre and for all."""
    centres, first, second = draw(CENTRES), draw(VALUES), draw(VALUES)
    cells: dict[str, int] = {}
    sums: list[Sum] = []
    for centre in range(centres):
        split = [draw(st.integers(0, 12)) for _ in range(first)]
        total, other = sum(split), []
        for place in range(second):
            left = total - sum(other)
            other.append(left if place == second - 1 else draw(st.integers(0, left)))
        for way, numbers in (("a", split), ("b", other)):
            cells |= {f"{centre}/{way}{place}": number for place, number in enumerate(numbers)}
            sums.append(Sum(f"{centre}/all", tuple(f"{centre}/{way}{place}" for place in range(len(numbers)))))
        cells[f"{centre}/all"] = total
    kinds = ["all", *(f"a{place}" for place in range(first)), *(f"b{place}" for place in range(second))]
    for kind in kinds:
        parts = tuple(f"{centre}/{kind}" for centre in range(centres))
        cells[f"all/{kind}"] = sum(cells[name] for name in parts)
        sums.append(Sum(f"all/{kind}", parts))
    for way, size in (("a", first), ("b", second)):
        sums.append(Sum("all/all", tuple(f"all/{way}{place}" for place in range(size))))
    return cells, sums


@given(registers())
def test_for_every_small_number_there_is_another_world_that_shows_the_same(made):
    cells, sums = made
    gone = hidden(cells, sums)
    assert all(name in gone for name, number in cells.items() if 0 < number < SMALLEST)
    # Noughts stay noughts in the other world, so that nothing in it is less than none.
    free = sorted(gone)
    assert all(cells[name] for name in free)
    rows = [[(name in one.parts) - (name == one.total) for name in free] for one in sums]
    matrix = np.array(rows, dtype=float).reshape(len(rows), len(free))
    still = np.eye(len(free)) - np.linalg.pinv(matrix) @ matrix
    for place, name in enumerate(free):
        if cells[name] >= SMALLEST:
            continue
        move = still[place]
        assert abs(move[place]) > 1e-6, f"{name} is known to be {cells[name]}"
        other = {**cells, **{one: cells[one] + 0.5 * step / abs(move).max() for one, step in zip(free, move)}}
        assert min(other.values()) >= 0
        assert other[name] != cells[name]
        assert all(abs(other[one.total] - sum(other[part] for part in one.parts)) < 1e-6 for one in sums)


@given(registers())
def test_what_is_left_of_a_shown_total_is_never_a_small_number(made):
    cells, sums = made
    gone = hidden(cells, sums)
    for one in sums:
        rest = [name for name in one.parts if name in gone]
        if one.total not in gone and rest:
            assert sum(cells[name] for name in rest) >= SMALLEST
