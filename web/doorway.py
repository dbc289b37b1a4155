"""What both doors stand on: the public pages and the desk are each an app of its own, made alike.

What differs (the cookie, the pages, how faults are said) is in `web/public/app.py` and `web/console/app.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Flask, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from storage.sealing import Keys
from storage.settings import Settings
from storage.turnstile import REDIS_SECONDS
from web import logs
from web.bodies import WholeBodies
from web.gateway import Gateway, facts_of

SHARED_TEMPLATES = Path(__file__).resolve().parent / "templates"
# The largest thing a person sends is 2,000 characters, up to 8,000 bytes; a form needs little more.
MAX_BODY = 64 * 1024
REDIS_PATIENCE = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}


@dataclass(frozen=True)
class Cookie:
    """The one cookie of a door: its name where people come over HTTPS and where not, and what the key that signs it is made for."""

    secure_name: str
    name: str
    purpose: str
    same_site: str


def doorway(import_name: str, folder: Path, cookie: Cookie, settings: Settings, gateway: Gateway | None = None) -> Flask:
    """An app with the templates and static files of a folder, and `settings`, `keys`, `facts` and `gateway` in its extensions.

    It takes whole bodies alone, believes as many proxies as the settings say, and counts requests (see `guarded`) without
    waiting for a Redis that is silent. A gateway is made where none is given.
    """
    logs.set_up()
    keys = Keys.from_text(settings.secret_key)
    signing, *older = keys.names(cookie.purpose, "signing")
    app = Flask(import_name, template_folder=str(folder / "templates"), static_folder=str(folder / "static"))
    app.config.update(
        SECRET_KEY=signing,
        # A cookie signed with a key that is being changed still opens: nobody is thrown out.
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME=cookie.secure_name if settings.secure else cookie.name,
        SESSION_COOKIE_SAMESITE=cookie.same_site,
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,
        # Behind TLS Flask-WTF would also want a Referer, which the pages tell the browser not to send.
        WTF_CSRF_SSL_STRICT=False,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_SWALLOW_ERRORS=True,
        # Without its Redis each process counts for itself: less strict, never open, and nobody waits for it.
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url),
        RATELIMIT_STORAGE_OPTIONS=REDIS_PATIENCE if settings.redis_url else {},
    )
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder / "templates"), FileSystemLoader(SHARED_TEMPLATES)])
    app.wsgi_app = WholeBodies(app.wsgi_app, MAX_BODY)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    if gateway is None:
        gateway = Gateway(settings.rasa_url, settings.channel_secret, keys, settings.place)
        gateway.warm()
    app.extensions.update(settings=settings, keys=keys, facts=facts_of(settings.place), gateway=gateway)
    return app


def guarded(app: Flask) -> tuple[CSRFProtect, Limiter]:
    """Give every form of an app its token, and the app a limiter that knows who asks by a keyed hash of their address alone."""
    keys: Keys = app.extensions["keys"]
    csrf = CSRFProtect(app)
    limiter = Limiter(lambda: keys.name("client", request.remote_addr or ""), app=app, default_limits=[])
    app.extensions["limit"] = limiter
    return csrf, limiter
