"""The public app in this process, with the core alone behind it (the engine is silent) and its own store."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from storage.settings import from_environment
from tests.builders import SECRET, a_folder
from web.public.app import create_app


class Door(FlaskClient):
    """A test client that can fill the chat's form."""

    def say_in_chat(self, text: str | None = None, choice: str | None = None, **headers: str) -> Any:
        """Send the form as a browser would, with its token."""
        page = self.get("/chat").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found
        data = {"csrf_token": found.group(1), **({"text": text} if text is not None else {}), **({"choice": choice} if choice else {})}
        return self.post("/chat", data=data, headers=headers)


def an_app(limits: bool = True, **settings: str) -> Any:
    """A new app with an empty store; nobody listens at the engine's address."""
    folder = a_folder()
    given = {"SECRET_KEY": SECRET, "CHANNEL_SECRET": "a-channel-secret-for-tests", "RASA_URL": "http://127.0.0.1:9"}
    app = create_app(from_environment({**given, "DATABASE_URL": f"sqlite:///{folder}/web.db", **settings}))
    app.test_client_class = Door
    app.extensions["limit"].enabled = limits
    return app


def a_client(limits: bool = True, **settings: str) -> Door:
    """A browser at a new app."""
    return an_app(limits, **settings).test_client()
