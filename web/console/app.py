"""Makes the desk's app from settings. It is mounted at `/console` (web/doors.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from storage.database import engine_for
from storage.sealing import Keys
from storage.settings import Settings, from_environment
from web import logs, security
from web.console import council, counts, door, home, passed_on, people, shift, walk_in
from web.console.accounts import Accounts
from web.console.audit import Audit
from web.console.lockout import Lockout
from web.console.register import Register
from web.console.sittings import IDLE_SECONDS, Sittings
from web.console.words import desk, words
from web.gateway import Gateway, facts_of, words_of

HERE = Path(__file__).resolve().parent
SHARED_TEMPLATES = HERE.parent / "templates"
ROOT_PATH = "/console"
MAX_BODY = 64 * 1024
# Several volunteers may share one address; who guesses passwords is stopped by web/console/lockout.py as well.
LIMITS = "30 per minute; 300 per hour"


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The app. Tests pass a gateway of their own."""
    settings = settings or from_environment()
    logs.set_up()
    keys = Keys.from_text(settings.secret_key)
    app = Flask(__name__, static_folder=str(HERE / "static"))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), FileSystemLoader(SHARED_TEMPLATES)])
    app.config.update(
        APPLICATION_ROOT=ROOT_PATH,
        SECRET_KEY=keys.name("desk-cookie", "signing"),
        SESSION_COOKIE_NAME="__Secure-desk" if settings.secure else "desk",
        SESSION_COOKIE_PATH=ROOT_PATH,
        # Lax, not Strict: who comes back from the council's sign-in page must bring the cookie. Every form has a token.
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    if gateway is None:
        gateway = Gateway(settings.rasa_url, settings.channel_secret, keys, settings.place)
        gateway.warm()
    engine = engine_for(settings.database_url)
    facts = facts_of(settings.place)
    app.extensions.update(settings=settings, keys=keys, engine=engine, facts=facts, gateway=gateway)
    app.extensions["accounts"] = Accounts(engine, keys)
    app.extensions["sittings"] = Sittings(engine, keys)
    app.extensions["lockout"] = Lockout(engine, keys)
    app.extensions["audit"] = Audit(engine, keys)
    app.extensions["register"] = Register(engine, facts)
    people.require(app)
    passed_on.open_list(app)
    walk_in.open_desk(app)
    CSRFProtect(app)
    limiter = Limiter(lambda: keys.name("client", request.remote_addr or ""), app=app, default_limits=[])
    app.extensions["limit"] = limiter
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
    return {
        "_": words_of("en"),
        "ltr": str,
        "desk": desk,
        "desk_locale": words().locale,
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
