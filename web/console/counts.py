"""What coordinators see: the counts of their centres, those of all with trends, unmet needs, and the record of what was done."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, render_template, request

from web.console import audit
from web.console.accounts import Accounts
from web.console.audit import Audit
from web.console.figures import KINDS, Figure, Figures, Quarter
from web.console.plots import Bar, columns
from web.console.register import NONE, Register
from web.console.words import desk, language_name, words

blueprint = Blueprint("counts", __name__)
QUARTERS = 8
ROWS_ON_A_PAGE = 200
# Opened as a formula by spreadsheets.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SECTIONS = ("strand", "issue", "language", "route", "referral", "outcome", "face")
# With so many lines nothing is left out.
_ALL_VALUES = {"referral": 2, "face": 4}
_UNMET = ("unmet", "unmet_issue", "unmet_strand", "unmet_language")
# What is drawn over the quarters, beside the walk-ins.
_TRENDS = (("referral", "yes"), ("face", "yes"), ("unmet_all", "all"))


@dataclass(frozen=True)
class Row:
    """One line of a table, in words."""

    label: str
    said: str


@dataclass(frozen=True)
class Table:
    """One kind of count. What is hidden is one line at the end, whether it is one value or many."""

    title: str
    rows: tuple[Row, ...]


def coordinators(view: Callable[..., Any]) -> Callable[..., Any]:
    """For others the page is not there."""

    @wraps(view)
    def seen(*args: Any, **kwargs: Any) -> Any:
        if not g.volunteer.coordinates:
            abort(404)
        return view(*args, **kwargs)

    return seen


@blueprint.get("/counts")
@coordinators
def own() -> str:
    """The coordinator's own centres, one after another."""
    quarter, figures = _asked()
    audit.record("counts.seen")
    centres = [(centre, _tables(figures, centre)) for centre in g.volunteer.centres]
    return render_template("counts.html", centres=centres, quarter=quarter, **_around(quarter))


@blueprint.get("/counts/all")
@coordinators
def everywhere() -> str:
    """All centres together, with trends and what could not be met."""
    quarter, figures = _asked()
    audit.record("counts.seen")
    series = _series(quarter)
    plots = [(title, columns(_bars(series, what, value), title, f"plot-{what}-{value}")) for what, value, title in _trends(series)]
    unmet = [_table(figures, what, None) for what in _UNMET]
    return render_template("counts_all.html", tables=_tables(figures, None), plots=plots, unmet=unmet, quarter=quarter, **_around(quarter))


@blueprint.get("/counts.csv")
@coordinators
def as_csv() -> Response:
    """The same numbers for a spreadsheet: own centres and all, by quarter, hidden ones left empty."""
    audit.record("counts.exported")
    rows = []
    for figures in _series(_now()):
        for centre in (*g.volunteer.centres, None):
            for what in KINDS:
                for figure in figures.of(what, centre):
                    number = ("at least ", figure.number) if figure.at_least else ("", figure.number)
                    rows.append((str(figures.quarter), centre or "all", what, figure.value, f"{number[0]}{number[1]}"))
    return csv_of(("quarter", "centre", "what", "value", "number"), rows, "counts")


@blueprint.get("/record")
@coordinators
def record() -> str:
    """Who did what kind of thing when, the newest first."""
    kept: Audit = current_app.extensions["audit"]
    audit.record("audit.seen")
    rows = [(row, _names().get(row.actor, row.actor)) for row in kept.rows(_seen_centres(), ROWS_ON_A_PAGE)]
    return render_template("record.html", rows=rows, broken=kept.broken(), said=said_kinds())


@blueprint.get("/record.csv")
@coordinators
def record_csv() -> Response:
    """The whole record of the coordinator's centres."""
    kept: Audit = current_app.extensions["audit"]
    audit.record("audit.exported")
    names = _names()
    rows = [(str(row.number), row.time, row.kind, row.actor, names.get(row.actor, ""), row.centre) for row in kept.rows(_seen_centres())]
    return csv_of(("number", "time_utc", "kind", "account", "name", "centre"), rows, "record")


def csv_of(head: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> Response:
    """A CSV file that no spreadsheet takes for formulas."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(head)
    for row in rows:
        writer.writerow([f"'{value}" if value.startswith(_FORMULA) else value for value in row])
    # With a mark, so that spreadsheets read names with accents.
    response = Response("\ufeff" + stream.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _seen_centres() -> tuple[str, ...]:
    # Rows of no centre are those of the door: links, and tries that were refused.
    return (*g.volunteer.centres, "")


def _names() -> dict[str, str]:
    accounts: Accounts = current_app.extensions["accounts"]
    return {account.id: account.name for account in accounts.all()}


def _now() -> Quarter:
    return Quarter.of(dt.date.today())


def _asked() -> tuple[Quarter, Figures]:
    now = _now()
    quarter = Quarter.read(request.args.get("quarter", "")) or now
    if not now.before(QUARTERS - 1) <= quarter <= now:
        quarter = now
    return quarter, _series(quarter, 1)[0]


def _series(last: Quarter, quarters: int = QUARTERS) -> list[Figures]:
    """The figures of some quarters up to `last`, the earliest first."""
    register: Register = current_app.extensions["register"]
    wanted = [last.before(back) for back in reversed(range(quarters))]
    counts = register.counts(wanted[0].begin, last.end)
    return [Figures(quarter, counts, dt.date.today()) for quarter in wanted]


def _around(quarter: Quarter) -> dict[str, Any]:
    now = _now()
    return {"quarters": [(one, said_quarter(one)) for one in (now.before(back) for back in range(QUARTERS))], "said": said_quarter(quarter)}


def _tables(figures: Figures, centre: str | None) -> list[Table]:
    whole = figures.one("walk_in", "all", centre)
    first = Table(desk("Walk-ins"), (Row(desk("All"), said_number(whole)),))
    return [first, *(_table(figures, what, centre) for what in _SECTIONS)]


def _table(figures: Figures, what: str, centre: str | None) -> Table:
    rows = [Row(said_value(what, figure.value), said_number(figure)) for figure in figures.of(what, centre)]
    if len(rows) < _ALL_VALUES.get(what, len(rows) + 1):
        rows.append(Row(desk("Everything else"), said_number(None)))
    return Table(said_kind(what), tuple(rows))


def _trends(series: Sequence[Figures]) -> list[tuple[str, str, str]]:
    """What is drawn: the walk-ins always, the rest where there is a number to draw."""
    strands = sorted({figure.value for figures in series for figure in figures.of("strand") if figure.value != NONE})
    wanted = [*_TRENDS, *(("strand", value) for value in strands)]
    drawn = [(what, value) for what, value in wanted if any(figures.one(what, value) for figures in series)]
    titles = [(what, value, f"{said_kind(what)}: {said_value(what, value)}") for what, value in drawn]
    return [("walk_in", "all", desk("Walk-ins")), *titles]


def _bars(series: Sequence[Figures], what: str, value: str) -> list[Bar]:
    found = [(figures.quarter, figures.one(what, value)) for figures in series]
    return [Bar(str(quarter), figure.number if figure else None, said_number(figure, short=True)) for quarter, figure in found]


def said_quarter(quarter: Quarter) -> str:
    """`January to March 2026`."""
    names = {1: desk("January to March"), 2: desk("April to June"), 3: desk("July to September"), 4: desk("October to December")}
    return f"{names[quarter.number]} {quarter.year}"


def said_number(figure: Figure | None, short: bool = False) -> str:
    """A number, or that it is not shown."""
    if figure is None:
        return "-" if short else desk("not shown")
    if figure.at_least:
        return f"{figure.number}+" if short else desk("at least {number}", number=figure.number)
    return str(figure.number)


def said_kind(what: str) -> str:
    """The title of one kind of count."""
    return {
        "walk_in": desk("Walk-ins"),
        "strand": desk("Because of"),
        "issue": desk("What happened"),
        "language": desk("Language of the person"),
        "route": desk("Way of reporting"),
        "referral": desk("Call-back asked for"),
        "outcome": desk("How it ended"),
        "face": desk("Did they get what they needed"),
        "unmet": desk("Why nobody could help"),
        "unmet_issue": desk("Nobody could help: what happened"),
        "unmet_strand": desk("Nobody could help: because of"),
        "unmet_language": desk("Nobody could help: language"),
        "unmet_all": desk("Nobody could help"),
    }[what]


def said_value(what: str, value: str) -> str:
    """One value in words: from the knowledge where it is known there."""
    facts = current_app.extensions["facts"]
    what = what.removeprefix("unmet_")
    known = {"strand": facts.strands, "issue": facts.issues, "route": facts.routes, "language": facts.languages}.get(what, {})
    if value in known:
        return language_name(value) if what == "language" else words()(str(known[value].get("term") or known[value].get("label") or value))
    plain: dict[str, str] = {
        "all": desk("All"),
        NONE: desk("None named"),
        "yes": desk("Yes"),
        "no": desk("No"),
        "partly": desk("Partly"),
        "information": desk("Information"),
        "report": desk("Report"),
        "referral": desk("Call-back"),
        "report_and_referral": desk("Report and call-back"),
        "emergency": desk("Emergency"),
        "left": desk("They left"),
        "none_open": desk("No service was open"),
        "none_eligible": desk("No service fits this person"),
        "none_in_language": desk("No service has their language"),
    }
    if what == "face" and value == NONE:
        return desk("Not asked")
    return plain.get(value, value)


def said_kinds() -> dict[str, str]:
    """Every kind of the record in words, for all rows of a page at once."""
    return {
        "account.invited": desk("Invited to the desk"),
        "account.set_up": desk("Account set up"),
        "account.removed": desk("Account removed"),
        "door.signed_in": desk("Signed in"),
        "door.refused": desk("Sign-in refused"),
        "door.locked": desk("Desk locked"),
        "door.unlocked": desk("Desk unlocked"),
        "door.signed_out": desk("Signed out"),
        "door.moved": desk("Moved to another centre"),
        "walk_in.began": desk("Walk-in began"),
        "walk_in.ended": desk("Walk-in ended"),
        "walk_in.left": desk("Walk-in ended before anything was told"),
        "walk_in.danger": desk("Walk-in: someone was in danger"),
        "walk_in.safeguarding": desk("Walk-in: a child or an adult may be at risk"),
        "consent.given": desk("The person agreed to what may be passed on"),
        "consent.refused": desk("The person did not agree to pass anything on"),
        "consent.withdrawn": desk("The person took their agreement back"),
        "receipt.made": desk("Receipt made"),
        "receipt.checked": desk("Receipt checked"),
        "sheet.made": desk("Sheet made"),
        "pack.made": desk("Report made"),
        "diary.made": desk("Diary made"),
        "referral.asked": desk("Call-back asked for"),
        "referral.sent": desk("Call-back sent"),
        "referral.acknowledged": desk("Call-back taken up by the service"),
        "referral.failed": desk("Call-back could not be sent"),
        "referral.withdrawn": desk("Call-back withdrawn"),
        "counts.seen": desk("Counts looked at"),
        "counts.exported": desk("Counts downloaded"),
        "audit.seen": desk("Record looked at"),
        "audit.exported": desk("Record downloaded"),
        "shift.ended": desk("Shift ended"),
    }
