"""Both doors as one WSGI application: the public pages at `/`, the volunteers' desk at `/console`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from storage.settings import Settings, from_environment
from web.console.app import ROOT_PATH
from web.console.app import create_app as create_console
from web.public.app import create_app as create_public

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Doors:
    """Each app with its own cookie, keys and templates."""

    def __init__(self, public: Flask, console: Flask) -> None:
        self.public = public
        self.console = console
        self._serve = DispatcherMiddleware(public, {ROOT_PATH: console})

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        return self._serve(environ, start_response)

    def leave_connections(self) -> None:
        """After a fork: database connections of the parent are left alone, and each process opens its own."""
        self.public.extensions["conversations"].store.engine.dispose(close=False)
        self.console.extensions["engine"].dispose(close=False)


def open_doors(settings: Settings | None = None) -> Doors:
    """Both apps of one set of settings."""
    settings = settings or from_environment()
    public = create_public(settings)
    return Doors(public, create_console(settings, public.extensions["gateway"]))
