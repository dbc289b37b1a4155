"""Makes the public app from settings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flask import Flask, Response, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from storage.settings import Settings, from_environment
from storage.turnstile import Turnstile
from web import logs, metrics, security
from web.doorway import Cookie, doorway, guarded
from web.erasures import Erasures
from web.gateway import Gateway
from web.public import api, chat, health, pages, shedding, sms, texting
from web.public.conversations import Conversations
from web.readiness import Parts
from web.store import ConversationStore

HERE = Path(__file__).resolve().parent
COOKIE = Cookie("__Host-conversation", "conversation", purpose="cookie", same_site="Strict")
LIMITS = "60 per minute; 600 per hour"


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The app. Tests pass a gateway of their own."""
    settings = settings or from_environment()
    app = doorway(__name__, HERE, COOKIE, settings, gateway)
    keys, gateway = app.extensions["keys"], app.extensions["gateway"]
    app.config.update(
        RATELIMIT_HEADERS_ENABLED=True,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(hours=settings.retention_hours_web),
    )
    store = ConversationStore(settings.database_url, keys, settings.retention_hours_web)
    app.extensions["conversations"] = Conversations(
        store, gateway, Erasures.of(settings, store.engine, gateway), Turnstile("web", settings.redis_url)
    )
    app.extensions["readiness"] = Parts(settings, gateway, store.engine)
    shedding.open_door(app)
    csrf, limiter = guarded(app)
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
