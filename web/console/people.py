"""Who sits at the desk in this request. Every route needs someone signed in, save the few named here."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from web.console.accounts import Account, Accounts, Role
from web.console.sittings import Sitting, Sittings
from web.console.words import KEPT_AS

COOKIE_KEY = "desk"
# What the knowledge calls a place where people are helped to report.
CENTRE_KIND = "reporting_centre"
# What can be reached with nobody signed in, and what with the desk locked.
OPEN = frozenset({"door.sign_in", "door.set_up", "council.start", "council.back", "static"})
WHILE_LOCKED = OPEN | {"door.locked", "door.unlock", "door.sign_out"}


@dataclass(frozen=True)
class Volunteer:
    """The volunteer or coordinator of this request (`g.volunteer`). `centre` is where they sit today."""

    id: str
    name: str
    role: Role
    centre: str
    centres: tuple[str, ...]

    @property
    def coordinates(self) -> bool:
        """Whether they may see counts and the record of what was done."""
        return self.role == "coordinator"


def require(app: Flask) -> None:
    """Let nobody in who has not signed in. Sets `g.volunteer` and `g.sitting`, both None where nobody has."""

    @app.before_request
    def _who() -> Response | None:
        g.volunteer = g.sitting = None
        sitting, account = _present()
        g.sitting = sitting
        if sitting is None or account is None:
            return None if request.endpoint in OPEN else _to_the_door()
        sittings: Sittings = current_app.extensions["sittings"]
        if sitting.locked:
            if sittings.lock(sitting.name):
                current_app.extensions["audit"].record("door.locked", account.id, sitting.centre)
            return None if request.endpoint in WHILE_LOCKED else redirect(url_for("door.locked"), 303)
        g.volunteer = Volunteer(account.id, account.name, account.role, sitting.centre, account.centres)
        if request.endpoint != "static":
            sittings.touch(sitting.name)
        return None


def _present() -> tuple[Sitting | None, Account | None]:
    sittings: Sittings = current_app.extensions["sittings"]
    accounts: Accounts = current_app.extensions["accounts"]
    sitting = sittings.find(session.get(COOKIE_KEY))
    account = accounts.by_id(sitting.account) if sitting else None
    if sitting is not None and account is None:
        sittings.end_names([sitting.name])
        return None, None
    return sitting, account


def _to_the_door() -> Response:
    """To the sign-in page. Where a sitting was, it says that it is over."""
    ended = COOKIE_KEY in session
    session.clear()
    return redirect(url_for("door.sign_in", ended=1 if ended else None), 303)


def centres() -> tuple[str, ...]:
    """The ids of every centre of this place."""
    services = current_app.extensions["facts"].services.values()
    return tuple(service.id for service in services if service.kind == CENTRE_KIND)


def sit_down(account: Account) -> None:
    """Sign an account in: a new sitting under a new token, and of what the cookie held before only the language."""
    sittings: Sittings = current_app.extensions["sittings"]
    if (before := sittings.find(session.get(COOKIE_KEY))) is not None:
        sittings.end_names([before.name])
    language = session.get(KEPT_AS)
    session.clear()
    if language:
        session[KEPT_AS] = language
    centre = account.centres[0] if account.centres else ""
    session[COOKIE_KEY] = sittings.begin(account.id, centre)
    g.volunteer = Volunteer(account.id, account.name, account.role, centre, account.centres)


def stand_up() -> None:
    """Sign out: the sitting ends and what was opened in it is erased."""
    if g.sitting is not None:
        current_app.extensions["sittings"].end_names([g.sitting.name])
    session.clear()
