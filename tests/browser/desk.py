"""The desk in a real browser, and accounts that are set up before it opens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page

from storage.database import engine_for
from storage.sealing import Keys
from tests.builders import SECRET
from tests.stack import Stack, another_caller
from tests.web.console_door import CENTRE, PASSWORD
from web.console.accounts import Account, Accounts, Role


@dataclass(frozen=True)
class DeskStack:
    """The web process alone, with its stores; the core answers for the engine."""

    stack: Stack
    accounts: Accounts

    @property
    def address(self) -> str:
        return self.stack.address

    def invite(self, name: str, role: Role = "volunteer", centres: tuple[str, ...] = (CENTRE,)) -> str:
        """The address of a set-up link."""
        return f"{self.address}/console/set-up/{self.accounts.invite(name, role, centres)}"

    def code(self, name: str) -> str:
        """A code of this half minute, or of the next where this one was used."""
        account = self.account(name)
        used = self.accounts.last_step(account.id)
        totp = pyotp.TOTP(account.secret)
        return totp.at(max(int(time.time()), (used + 1) * 30))

    def account(self, name: str) -> Account:
        found = self.accounts.by_name(name)
        assert found is not None
        return found


def open_desk(folder: Path) -> DeskStack:
    """Start the web process with empty stores."""
    stack = Stack(folder).start("web")
    return DeskStack(stack, Accounts(engine_for(stack.env["DATABASE_URL"]), Keys.from_text(SECRET)))


@contextmanager
def a_page(browser: Browser, desk: DeskStack, **options: object) -> Iterator[Page]:
    """A page of a new browser on a computer nobody used before."""
    context = browser.new_context(base_url=desk.address, extra_http_headers=another_caller(), **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(15_000)
    try:
        yield page
    finally:
        context.close()


def set_up(page: Page, desk: DeskStack, name: str, role: Role = "volunteer", centres: tuple[str, ...] = (CENTRE,)) -> None:
    """Use a set-up link as its owner would; ends on the desk."""
    page.goto(desk.invite(name, role, centres))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("Code").fill(desk.code(name))
    page.get_by_role("button", name="Finish and sign in").click()
    page.wait_for_url("**/console/")


def sign_in(page: Page, desk: DeskStack, name: str) -> None:
    """Sign in by name, password and code; ends on the desk."""
    page.goto("/console/sign-in")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code").fill(desk.code(name))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")
