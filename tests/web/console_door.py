"""The desk in this process, and volunteers who sign in at it the way volunteers do."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from storage.settings import from_environment
from tests.builders import SECRET, a_folder
from web.console.accounts import Accounts, Role
from web.console.app import create_app

PASSWORD = "lantern gravel otter seven"
CENTRE = "venus-centre-reporting"
OTHER_CENTRE = "hugh-baird-college-reporting"
SILENT = "http://127.0.0.1:9"


class Desk(FlaskClient):
    """A browser at the desk. Paths begin after `/console`."""

    def token(self, page: str = "/") -> str:
        """The token of the forms of a page."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).get_data(as_text=True))
        assert found, f"{page} has no form"
        return found.group(1)

    def send(self, path: str, page: str = "/", **fields: Any) -> Any:
        """Fill in the form of a page and send it."""
        return self.post(path, data={"csrf_token": self.token(page), **fields})

    def sign_in(self, name: str, password: str = PASSWORD, code: str | None = None) -> Any:
        """Sign in by name, with a fresh code unless one is given."""
        code = code if code is not None else fresh_code(self.application, name)
        return self.send("/sign-in", "/sign-in", name=name, password=password, code=code)


@dataclass(frozen=True)
class Someone:
    """An account that is set up. `client` sits at the desk already."""

    name: str
    id: str
    client: Desk


def a_desk(limits: bool = False, **settings: str) -> Flask:
    """A new desk with empty stores; nobody listens at the engine's address, so the core answers alone."""
    folder = a_folder()
    given = {"SECRET_KEY": SECRET, "CHANNEL_SECRET": "a-channel-secret-for-tests", "RASA_URL": SILENT}
    app = create_app(from_environment({**given, "DATABASE_URL": f"sqlite:///{folder}/web.db", **settings}))
    app.test_client_class = Desk
    app.extensions["limit"].enabled = limits
    app.extensions["folder"] = folder
    return app


def invited(app: Flask, name: str, role: Role = "volunteer", centres: tuple[str, ...] = (CENTRE,), email: str = "") -> str:
    """An account that is not set up yet; the token of its link."""
    accounts: Accounts = app.extensions["accounts"]
    return accounts.invite(name, role, centres, email)


def someone(app: Flask, name: str = "Ada Marsh", role: Role = "volunteer", centres: tuple[str, ...] = (CENTRE,)) -> Someone:
    """Someone who has used their set-up link and sits at the desk."""
    link = invited(app, name, role, centres)
    client = app.test_client()
    assert isinstance(client, Desk)
    account = app.extensions["accounts"].by_name(name)
    code = pyotp.TOTP(account.secret).now()
    answered = client.send(f"/set-up/{link}", f"/set-up/{link}", password=PASSWORD, again=PASSWORD, code=code)
    assert answered.status_code == 303, answered.get_data(as_text=True)
    return Someone(name, account.id, client)


def fresh_code(app: Flask, name: str) -> str:
    """A code that was not used yet: where this half minute's was, the next one's, which a clock may be ahead by."""
    return fresh_code_of(app.extensions["accounts"], name)


def fresh_code_of(accounts: Accounts, name: str) -> str:
    """The same where there are the accounts alone."""
    account = accounts.by_name(name)
    assert account is not None
    totp = pyotp.TOTP(account.secret)
    used = accounts.last_step(account.id)
    return totp.at(max(int(time.time()), (used + 1) * 30))
