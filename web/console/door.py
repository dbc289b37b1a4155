"""Signing in, setting up an account, the lock, signing out."""

from __future__ import annotations

import segno
from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from web.console import audit, people
from web.console.accounts import LONGEST_NAME, SHORTEST_PASSWORD, Account, Accounts, password_problem, plain_name, provisioning_uri
from web.console.audit import Audit
from web.console.lockout import Lockout
from web.console.sittings import Sittings
from web.console.words import desk

blueprint = Blueprint("door", __name__)


def _accounts() -> Accounts:
    return current_app.extensions["accounts"]


def _lockout() -> Lockout:
    return current_app.extensions["lockout"]


def _recorder() -> Audit:
    return current_app.extensions["audit"]


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str | tuple[str, int]:
    """Name, password and code on one page: whichever is wrong, the answer is the same."""
    if request.method == "GET":
        if g.volunteer:
            return redirect(url_for("home.show"), 303)
        said = desk("You are signed out. Sign in to go on.") if request.args.get("ended") else ""
        if request.args.get("again"):
            said = desk("That page was too old. Please do it again.")
        return render_template("sign_in.html", notice=said)
    name = request.form.get("name", "")[: LONGEST_NAME * 2]
    if wait := _lockout().wait(plain_name(name)):
        return _refused(desk("Too many tries. Wait {minutes} min, then try again.", minutes=_minutes(wait)), 429)
    account = _accounts().check(name, request.form.get("password", ""), request.form.get("code", ""))
    if account is None:
        _recorder().record("door.refused", "", "")
        return _refused(desk("Name, password or code is wrong. A code works once: wait for the next one."), 422)
    _lockout().clear(plain_name(name))
    enter(account)
    return redirect(url_for("home.show"), 303)


def enter(account: Account) -> None:
    """Sit an account down at this desk, and write it down."""
    people.sit_down(account)
    audit.record("door.signed_in")


def _refused(said: str, status: int) -> tuple[str, int]:
    return render_template("sign_in.html", problem=said), status


def _minutes(seconds: int) -> int:
    return max(1, -(-seconds // 60))


@blueprint.route("/set-up/<token>", methods=["GET", "POST"])
def set_up(token: str) -> Response | str | tuple[str, int]:
    """The one-time link: choose a password, scan the square, type the first code."""
    account = _accounts().by_link(token) if len(token) <= 64 else None
    if account is None:
        return render_template("set_up_over.html"), 404
    if request.method == "GET":
        return _set_up_page(account, {})
    problems = _set_up_problems(account)
    if not problems:
        if wait := _lockout().wait(f"set-up {account.id}"):
            problems["code"] = desk("Too many tries. Wait {minutes} min, then try again.", minutes=_minutes(wait))
        elif (made := _accounts().set_up(token, request.form["password"], request.form["code"])) is not None:
            _lockout().clear(f"set-up {account.id}")
            _recorder().record("account.set_up", made.id, "")
            enter(made)
            return redirect(url_for("home.show"), 303)
        else:
            problems["code"] = desk("That code is not right. Type the one that the app shows now.")
    return _set_up_page(account, problems), 422


def _set_up_problems(account: Account) -> dict[str, str]:
    password, again = request.form.get("password", ""), request.form.get("again", "")
    known = {
        "short": desk("Use {number} letters or more. Three or four words that do not belong together work well.", number=SHORTEST_PASSWORD),
        "long": desk("That is too long. Use 128 letters or fewer."),
        "name": desk("Someone could guess that. Use words that have nothing to do with your name."),
    }
    if problem := password_problem(password, account.name):
        return {"password": known[problem]}
    if password != again:
        return {"again": desk("The two passwords are not the same.")}
    return {} if request.form.get("code") else {"code": desk("Type the code that the app shows.")}


def _set_up_page(account: Account, problems: dict[str, str]) -> str:
    square = Markup(segno.make(provisioning_uri(account), error="m").svg_inline(scale=5, border=4, svgclass=None, lineclass=None))  # noqa: S704
    typed = " ".join(account.secret[place : place + 4] for place in range(0, len(account.secret), 4))
    return render_template("set_up.html", account=account, square=square, secret=typed, problems=problems, shortest=SHORTEST_PASSWORD)


@blueprint.get("/locked")
def locked() -> Response | str:
    """Nothing of the walk-in is on this page."""
    if g.sitting is None:
        return redirect(url_for("door.sign_in", ended=1), 303)
    # The page's own clock leads here too, and the server may not have counted as far.
    if g.volunteer is not None:
        _lock()
    return _locked_page(_accounts().by_id(g.sitting.account))


def _locked_page(account: Account | None, problem: str = "") -> str:
    with_password = bool(account and account.password)
    return render_template("locked.html", name=account.name if account else "", with_password=with_password, problem=problem)


def _lock() -> None:
    if current_app.extensions["sittings"].lock(g.sitting.name):
        audit.record("door.locked")
    g.volunteer = None


@blueprint.post("/lock")
def lock() -> Response:
    """Lock now."""
    _lock()
    return redirect(url_for("door.locked"), 303)


@blueprint.post("/unlock")
def unlock() -> Response | tuple[str, int]:
    """The same volunteer is back."""
    sittings: Sittings = current_app.extensions["sittings"]
    if g.sitting is None:
        return redirect(url_for("door.sign_in", ended=1), 303)
    account = _accounts().by_id(g.sitting.account)
    if account is None:
        return redirect(url_for("door.sign_in", ended=1), 303)
    # Counted by sitting: who guesses at the sign-in page from elsewhere does not keep this volunteer out.
    tried = f"unlock {g.sitting.name}"
    if wait := _lockout().wait(tried):
        said = desk("Too many tries. Wait {minutes} min, then try again.", minutes=_minutes(wait))
        return _locked_page(account, said), 429
    if not _accounts().password_is(account, request.form.get("password", "")):
        _recorder().record("door.refused", account.id, g.sitting.centre)
        return _locked_page(account, desk("That password is wrong.")), 422
    _lockout().clear(tried)
    sittings.unlock(g.sitting.name)
    _recorder().record("door.unlocked", account.id, g.sitting.centre)
    return redirect(url_for("home.show"), 303)


@blueprint.post("/still-here")
def still_here() -> tuple[str, int]:
    """Someone is typing: the time until the lock begins anew."""
    return "", 204


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the sitting. What was opened in it is erased; the browser is told to forget too."""
    if g.sitting is not None:
        _recorder().record("door.signed_out", g.sitting.account, g.sitting.centre)
    people.stand_up()
    response = redirect(url_for("door.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
