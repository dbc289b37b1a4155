"""Counts: ids and nothing else, small numbers in no view, own centres and all, what could not be met, the end of a shift."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from storage.database import engine_for
from tests.builders import the_knowledge
from tests.web.console_door import CENTRE, OTHER_CENTRE, a_desk, someone
from web.console.figures import KINDS, MAY_ADD_UP, PARTS, Figures, Quarter
from web.console.plots import Bar, columns
from web.console.register import COUNTS, OUTCOMES, Count, Entry, Register

THIRD_CENTRE = "fire-station-safe-haven-crosby"
TODAY = dt.date.today()
NOW = Quarter.of(TODAY)
LAST = NOW.before(1)


def an_entry(centre: str = CENTRE, **changes: object) -> Entry:
    return Entry(**{"centre": centre, "language": "en", "outcome": "information", "strands": ("race",), "issues": ("asb",), **changes})


def count(app: Flask, times: int, centre: str = CENTRE, day: dt.date = LAST.begin, **changes: object) -> None:
    for _ in range(times):
        app.extensions["register"].count(an_entry(centre, **changes), day)


def words_of(page: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.get_data(as_text=True)))


# What is kept


@pytest.mark.parametrize(
    "changes",
    [
        {"language": "Polish, from Gdansk"},
        {"strands": ("race", "Mrs Kowalska")},
        {"issues": ("he hit me",)},
        {"route": "Sgt. Smith"},
        {"outcome": "fine"},
        {"face": ":)"},
    ],
)
def test_the_register_takes_no_words(tmp_path, changes: dict[str, object]):
    register = Register(engine_for(f"sqlite:///{tmp_path}/r.db"), the_knowledge())
    with pytest.raises(ValueError, match="no such"):
        register.count(an_entry(**changes))
    assert register.counts(dt.date(2000, 1, 1), dt.date(2100, 1, 1)) == []


def test_the_store_does_not_say_what_the_one_person_of_a_day_came_for(tmp_path):
    register = Register(engine_for(f"sqlite:///{tmp_path}/r.db"), the_knowledge())
    day = dt.date(2026, 8, 19)
    register.count(an_entry(strands=("race", "religion"), issues=(), route="police-101", referral=True, face="partly"), day)
    kept = register.counts(day.replace(day=1), dt.date(2026, 9, 1))
    assert {row.what for row in kept if row.day == day} == {"walk_in"}
    assert {(row.what, row.value) for row in kept if row.day == day.replace(day=1)} == {
        ("language", "en"),
        ("outcome", "information"),
        ("strand", "race"),
        ("strand", "religion"),
        ("issue", "none"),
        ("route", "police-101"),
        ("referral", "yes"),
        ("face", "partly"),
    }
    assert {column.name for column in COUNTS.columns} == {"day", "centre", "what", "value", "number"}


def test_the_same_again_is_one_row_with_a_larger_number(tmp_path):
    register = Register(engine_for(f"sqlite:///{tmp_path}/r.db"), the_knowledge())
    for _ in range(7):
        register.count(an_entry(), LAST.begin)
    assert {row.number for row in register.counts(LAST.begin, LAST.end)} == {7}


# Small numbers


COUNTED = st.lists(
    st.builds(
        Entry,
        centre=st.sampled_from([CENTRE, OTHER_CENTRE, THIRD_CENTRE]),
        language=st.sampled_from(["en", "en", "en", "pl", "ar"]),
        outcome=st.sampled_from(OUTCOMES[:3]),
        strands=st.lists(st.sampled_from(["race", "religion"]), max_size=2, unique=True).map(tuple),
        issues=st.sampled_from([("asb",), ("hate_crime",), ("asb", "hate_crime")]),
        route=st.sampled_from([None, "police-101"]),
        referral=st.booleans(),
        face=st.sampled_from([None, "yes", "no"]),
    ),
    max_size=80,
)


def counts_of(entries: list[Entry], day: dt.date) -> list[Count]:
    """The counts of a register, made without a database."""
    from collections import Counter

    made: Counter[tuple[str, str, str]] = Counter()
    for entry in entries:
        values = [("walk_in", "all"), ("language", entry.language), ("outcome", entry.outcome), ("route", entry.route or "none")]
        values += [("strand", name) for name in entry.strands or ("none",)] + [("issue", name) for name in entry.issues]
        values += [("referral", "yes" if entry.referral else "no"), ("face", entry.face or "none")]
        made.update((entry.centre, what, value) for what, value in values)
    return [Count(day, centre, what, value, number) for (centre, what, value), number in made.items()]


@given(COUNTED, st.booleans())
def test_no_figure_below_five_is_in_any_view_nor_is_the_rest_of_any_sum(entries: list[Entry], over: bool):
    counts = counts_of(entries, LAST.begin)
    figures = Figures(LAST, counts, LAST.end if over else LAST.begin)
    centres = sorted({entry.centre for entry in entries})
    for centre in (None, *centres):
        for what in KINDS:
            for figure in figures.of(what, centre):
                assert figure.number >= 5
                assert over or figure.number % 5 == 0
    if not over:
        return
    for what, whole in {**PARTS, **MAY_ADD_UP}.items():
        for centre in (None, *centres):
            total = figures.one(whole, "all", centre)
            shown = sum(figure.number for figure in figures.of(what, centre))
            true = sum(one.number for one in counts if one.what == what and centre in (None, one.centre))
            if total is not None and true == total.number and shown != true:
                assert true - shown >= 5, f"{what}: the rest is {true - shown}"
    for what in KINDS:
        for figure in figures.of(what):
            rest = figure.number - sum(one.number for name in centres for one in figures.of(what, name) if one.value == figure.value)
            assert rest == 0 or rest >= 5


def test_the_figures_of_all_agree_with_what_was_counted_where_nothing_is_small():
    entries = [an_entry()] * 12 + [an_entry(OTHER_CENTRE, language="pl", outcome="report")] * 9
    figures = Figures(LAST, counts_of(entries, LAST.begin), TODAY)
    assert [(figure.value, figure.number) for figure in figures.of("language")] == [("en", 12), ("pl", 9)]
    assert figures.one("walk_in", "all").number == 21
    assert figures.one("walk_in", "all", CENTRE).number == 12


def test_three_months_that_are_not_over_go_up_in_steps_of_five():
    numbers = []
    for entries in range(4, 17):
        figures = Figures(NOW, counts_of([an_entry()] * entries, TODAY), TODAY)
        figure = figures.one("walk_in", "all")
        numbers.append((figure.number, figure.at_least) if figure else None)
    assert numbers == [None] + [(5, True)] * 5 + [(10, True)] * 5 + [(15, True)] * 2


@given(st.dates(dt.date(2001, 1, 1), dt.date(2999, 12, 31)), st.integers(-40, 40))
def test_quarters_follow_one_another_without_gap(day: dt.date, steps: int):
    quarter = Quarter.of(day)
    assert quarter.begin <= day < quarter.end
    assert quarter.before(-1).begin == quarter.end
    assert quarter.before(steps).before(-steps) == quarter
    assert Quarter.read(str(quarter)) == quarter


@pytest.mark.parametrize("text", ["", "2026", "2026-5", "x-1", "99999-1", "2026-1-1", "２０２６-1", "-1"])
def test_what_is_no_quarter_is_not_read_as_one(text: str):
    assert Quarter.read(text) is None


# The pages


def test_a_coordinator_sees_their_own_centres_and_not_another():
    app = a_desk()
    count(app, 30)
    count(app, 25, OTHER_CENTRE, strands=("disability",))
    cora = someone(app, "Cora Reed", "coordinator", (CENTRE,))
    page = words_of(cora.client.get(f"/counts?quarter={LAST}"))
    assert "Venus Centre" in page
    assert "Hugh Baird" not in page
    assert "race 30" in page
    assert "disability" not in page
    assert "Walk-ins All 30" in page
    exported = cora.client.get("/counts.csv").get_data(as_text=True).lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert {row["centre"] for row in rows} == {CENTRE, "all"}
    assert {row["number"] for row in rows if (row["centre"], row["what"]) == (CENTRE, "walk_in")} == {"30"}


def test_the_page_of_all_centres_has_trends_in_plots_with_their_numbers_in_words():
    app = a_desk()
    count(app, 6, day=LAST.before(1).begin)
    count(app, 14)
    count(app, 3, OTHER_CENTRE)
    page = someone(app, "Cora Reed", "coordinator").client.get(f"/counts/all?quarter={LAST}").get_data(as_text=True)
    assert "<script>" not in page
    assert " style=" not in page
    described = re.findall(r'<title id="plot-walk_in-all-title">([^<]+)</title><desc id="plot-walk_in-all-said">([^<]+)</desc>', page)
    ((title, said),) = described
    assert title == "Walk-ins"
    assert f"{LAST.before(1)}: 6" in said
    assert f"{LAST}: 17" in said
    assert f"{LAST.before(2)}: -" in said


def test_needs_that_nobody_could_meet_are_listed_where_they_are_not_small():
    app = a_desk()
    register: Register = app.extensions["register"]
    for _ in range(9):
        register.unmet(CENTRE, "none_in_language", "pl", ("forced_marriage",), ("race",), LAST.begin)
    for _ in range(2):
        register.unmet(CENTRE, "none_open", "pl", ("cuckooing",), (), LAST.begin)
    page = words_of(someone(app, "Cora Reed", "coordinator").client.get(f"/counts/all?quarter={LAST}"))
    assert "Nobody could help: language Polish 11" in page
    assert "cuckooing" not in page
    assert "No service was open 2" not in page
    assert "No service has their language 9" not in page, "with the total it would give the two away"


def test_an_unmet_need_is_counted_in_ids_alone(tmp_path):
    register = Register(engine_for(f"sqlite:///{tmp_path}/r.db"), the_knowledge())
    with pytest.raises(ValueError, match="no such"):
        register.unmet(CENTRE, "none_open", "pl", ("she needs a doctor",))
    with pytest.raises(ValueError, match="no such"):
        register.unmet(CENTRE, "nobody cared", "pl")  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["1999-1", "nonsense", "9000-4", "<script>"])
def test_three_months_that_are_not_offered_show_those_of_today(asked: str):
    app = a_desk()
    answered = someone(app, "Cora Reed", "coordinator").client.get("/counts", query_string={"quarter": asked})
    assert answered.status_code == 200
    assert f'<option value="{NOW}" selected>' in answered.get_data(as_text=True)


def test_looking_and_exporting_are_written_down():
    app = a_desk()
    cora = someone(app, "Cora Reed", "coordinator")
    for path in ("/counts", "/counts/all", "/counts.csv"):
        cora.client.get(path)
    kinds = [row.kind for row in app.extensions["audit"].rows()][:3]
    assert kinds == ["counts.exported", "counts.seen", "counts.seen"]


def test_a_label_cannot_break_out_of_a_plot():
    drawn = columns([Bar("<b>", 3, '"><script>')], "</title><script>", "x")
    assert "<script>" not in drawn
    assert "<b>" not in drawn


# The end of a shift


def test_the_end_of_a_shift_offers_someone_to_ring_and_keeps_no_answer():
    app = a_desk()
    client = someone(app).client
    pages = [client.send("/shift", "/shift", feeling=feeling).get_data(as_text=True) for feeling in ("fine", "tired", "shaken")]
    samaritans = the_knowledge().services["samaritans"]
    for page in pages:
        assert samaritans.contacts[0].value in page
        assert "Sign out" in page
    assert len(set(pages)) == 3
    rows = app.extensions["audit"].rows()
    assert [row.kind for row in rows][:3] == ["shift.ended"] * 3
    app.extensions["engine"].dispose()
    stored = b"".join(path.read_bytes() for path in app.extensions["folder"].rglob("*") if path.is_file())
    assert b"shaken" not in stored


def test_the_end_of_a_shift_without_an_answer_asks_again():
    client = someone(a_desk()).client
    answered = client.send("/shift", "/shift")
    assert answered.status_code == 422
    assert "Any answer is a good one" in answered.get_data(as_text=True)
