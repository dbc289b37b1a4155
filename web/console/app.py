"""Makes the desk's app from settings. It is mounted at `/console` (web/doors.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from storage.database import engine_for
from storage.settings import Settings, from_environment
from web import logs, security
from web.console import council, counts, door, home, passed_on, people, shift, walk_in
from web.console.accounts import Accounts
from web.console.audit import Audit
from web.console.lockout import Lockout
from web.console.register import Register
from web.console.sittings import IDLE_SECONDS, Sittings
from web.console.words import desk, languages, words
from web.doorway import Cookie, doorway, guarded
from web.gateway import Gateway

HERE = Path(__file__).resolve().parent
ROOT_PATH = "/console"
# Lax, not Strict: who comes back from the council's sign-in page must bring the cookie. Every form has a token.
COOKIE = Cookie("__Secure-desk", "desk", purpose="desk-cookie", same_site="Lax")
# Several volunteers may share one address; who guesses passwords is stopped by web/console/lockout.py as well.
LIMITS = "30 per minute; 300 per hour"


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The app. Tests pass a gateway of their own."""
    settings = settings or from_environment()
    app = doorway(__name__, HERE, COOKIE, settings, gateway)
    app.config.update(APPLICATION_ROOT=ROOT_PATH, SESSION_COOKIE_PATH=ROOT_PATH)
    keys, engine = app.extensions["keys"], engine_for(settings.database_url)
    app.extensions["engine"] = engine
    app.extensions["accounts"] = Accounts(engine, keys)
    app.extensions["sittings"] = Sittings(engine, keys)
    app.extensions["lockout"] = Lockout(engine, keys)
    app.extensions["audit"] = Audit(engine, keys)
    app.extensions["register"] = Register(engine, app.extensions["facts"])
    people.require(app)
    passed_on.open_list(app)
    walk_in.open_desk(app)
    _, limiter = guarded(app)
    for blueprint in (door.blueprint, home.blueprint, shift.blueprint, counts.blueprint):
        app.register_blueprint(blueprint)
    limiter.limit(LIMITS, methods=["POST"])(door.blueprint)
    council.open_door(app)
    limiter.limit(LIMITS)(council.blueprint)
    security.protect(app, keep_styles=False)
    app.context_processor(_in_every_page)
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    return app


def _in_every_page() -> dict[str, Any]:
    # `_` is what the person reads. The parts that both doors share say their headings with it: here, in the desk's language.
    said = words()
    return {
        "_": said,
        "ltr": said.ltr,
        "desk": desk,
        "desk_words": said,
        "languages_of_desk": languages(),
        "volunteer": g.get("volunteer"),
        "idle_seconds": IDLE_SECONDS,
    }


def _form_expired(_error: CSRFError) -> BaseResponse:
    """A form that is not ours, or of a sitting that is over: nothing is done."""
    logs.log.warning("desk.form_refused")
    return redirect(url_for("home.show" if g.get("volunteer") else "door.sign_in", again=1), 303)


def _http_error(error: HTTPException) -> tuple[str, int] | Response:
    if error.code == 429:
        return _plain(desk("Too many tries from here. Wait a minute, then try again."), 429)
    if error.code == 413:
        return _plain(desk("That is too much to take in at once. Nothing was kept."), 413)
    if error.code in (404, 405, 403):
        return _plain(desk("This page is not here."), error.code)
    return _plain(desk("Something went wrong. Nothing was sent."), error.code or 500)


def _fault(error: Exception) -> tuple[str, int]:
    """Whatever breaks, the volunteer gets a way on; the log gets the kind of fault alone."""
    logs.log.error("desk.fault", kind=type(error).__name__, path=request.url_rule.rule if request.url_rule else "unknown")
    return _plain(desk("Something went wrong. Nothing was sent."), 503)


def _plain(said: str, status: int) -> tuple[str, int]:
    return render_template("desk_error.html", said=said), status
