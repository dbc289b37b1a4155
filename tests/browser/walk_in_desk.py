"""The desk over real HTTP in this process, with the core alone behind it and catalogues for Polish and Arabic."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from tests.browser.made_up import a_root
from tests.web.console_door import a_desk, someone
from web import gateway
from web.console.accounts import Role

LANGUAGES = ("pl", "ar")


class DeskServer:
    """A desk that listens. `address` ends in `/console`."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._server = make_server("127.0.0.1", 0, DispatcherMiddleware(NotFound(), {"/console": app}), threaded=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}/console"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def a_desk_server(folder: Path, **settings: str) -> Iterator[DeskServer]:
    """A desk with every language of the tests, for as long as it is needed."""
    before = gateway.ROOT
    gateway.ROOT = a_root(folder, *LANGUAGES)
    gateway.words_of.cache_clear()
    server = DeskServer(a_desk(**settings))
    try:
        yield server
    finally:
        server.close()
        gateway.ROOT = before
        gateway.words_of.cache_clear()


@contextmanager
def a_volunteer(
    browser: Browser, server: DeskServer, name: str = "Ada Marsh", role: Role = "volunteer", **options: Any
) -> Iterator[tuple[Page, BrowserContext]]:
    """A page of a volunteer who sits at the desk: set up and signed in with the cookie of their own browser."""
    client = someone(server.app, name, role).client
    cookie = client.get_cookie("desk", path="/console") or client.get_cookie("desk")
    assert cookie is not None
    context = browser.new_context(**options)
    context.add_cookies([{"name": "desk", "value": cookie.value, "domain": "127.0.0.1", "path": "/console"}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    try:
        yield page, context
    finally:
        context.close()
