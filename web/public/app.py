"""Makes the public app from settings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flask import Flask, Response, request, session
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from storage.sealing import Keys
from storage.settings import Settings, from_environment
from storage.turnstile import REDIS_SECONDS, Turnstile
from web import logs, metrics, security
from web.erasures import Erasures
from web.gateway import Gateway, facts_of
from web.public import api, chat, health, pages, shedding, sms, texting
from web.public.bodies import WholeBodies
from web.public.conversations import Conversations
from web.readiness import Parts
from web.store import ConversationStore

HERE = Path(__file__).resolve().parent
SHARED_TEMPLATES = HERE.parent / "templates"
# The largest thing a person sends is 2,000 characters, up to 8,000 bytes; a form needs little more.
MAX_BODY = 64 * 1024
LIMITS = "60 per minute; 600 per hour"
REDIS_PATIENCE = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The app. Tests pass a gateway of their own."""
    settings = settings or from_environment()
    logs.set_up()
    keys = Keys.from_text(settings.secret_key)
    app = Flask(__name__, template_folder=str(HERE / "templates"), static_folder=str(HERE / "static"))
    app.config.update(
        SECRET_KEY=keys.name("cookie", "signing"),
        # A cookie signed with a key that is being changed still opens: nobody is thrown out of a chat.
        SECRET_KEY_FALLBACKS=keys.names("cookie", "signing")[1:],
        SESSION_COOKIE_NAME="__Host-conversation" if settings.secure else "conversation",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        # Behind TLS Flask-WTF would also want a Referer, which the pages tell the browser not to send.
        WTF_CSRF_SSL_STRICT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,
        # Without its Redis each process counts for itself: less strict, never open, and nobody waits for it.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
        RATELIMIT_STORAGE_OPTIONS=REDIS_PATIENCE if settings.redis_url else {},
        PERMANENT_SESSION_LIFETIME=dt.timedelta(hours=settings.retention_hours_web),
    )
    app.jinja_loader = ChoiceLoader([FileSystemLoader(HERE / "templates"), FileSystemLoader(SHARED_TEMPLATES)])
    app.wsgi_app = WholeBodies(app.wsgi_app, MAX_BODY)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    if gateway is None:
        gateway = Gateway(settings.rasa_url, settings.channel_secret, keys, settings.place)
        gateway.warm()
    store = ConversationStore(settings.database_url, keys, settings.retention_hours_web)
    app.extensions["settings"] = settings
    app.extensions["keys"] = keys
    app.extensions["facts"] = facts_of(settings.place)
    app.extensions["gateway"] = gateway
    app.extensions["conversations"] = Conversations(
        store, gateway, Erasures.of(settings, store.engine, gateway), Turnstile("web", settings.redis_url)
    )
    app.extensions["readiness"] = Parts(settings, gateway, store.engine)
    shedding.open_door(app)
    csrf = CSRFProtect(app)
    limiter = Limiter(lambda: keys.name("client", request.remote_addr or ""), app=app, default_limits=[], storage_uri=None)
    app.extensions["limit"] = limiter
    for blueprint in (api.blueprint, chat.blueprint, pages.blueprint, health.blueprint, sms.blueprint, texting.blueprint):
        app.register_blueprint(blueprint)
    csrf.exempt(api.blueprint)
    # Twilio signs its requests; it has no cookie to forge.
    csrf.exempt(sms.blueprint)
    sms.open_door(app)
    texting.open_door(app)
    limiter.limit(LIMITS)(api.blueprint)
    limiter.limit(LIMITS, methods=["POST"])(chat.blueprint)
    limiter.limit(texting.LIMITS, methods=["POST"])(texting.blueprint)
    security.protect(app)
    app.register_error_handler(CSRFError, pages.form_expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _fault)
    return app


def _http_error(error: HTTPException) -> Response | tuple[str, int]:
    if error.code == 429:
        metrics.refused.labels("flood").inc()
    if request.path.startswith("/api/"):
        refused = api.problem(error.code or 500, retry_after=getattr(error, "retry_after", None))
        if methods := getattr(error, "valid_methods", None):
            refused.headers["Allow"] = ", ".join(sorted(methods))
        return refused
    if error.code == 429:
        return pages.busy()
    return pages.not_there(error.code or 404)


def _fault(error: Exception) -> Response | tuple[str, int]:
    """Whatever breaks, the person gets the emergency line and a way on; the log gets the kind of fault alone."""
    logs.log.error("web.fault", kind=type(error).__name__, path=request.url_rule.rule if request.url_rule else "unknown")
    metrics.faults.labels("web").inc()
    session.clear()
    if request.path.startswith("/api/"):
        return api.problem(503)
    return pages.not_there(503)
