"""The desk's door and its pages for coordinators in a real browser: keyboard, narrow screens, axe, the lock, going back, storage."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from storage.database import engine_for
from tests.browser.desk import DeskStack, a_page, open_desk, set_up, sign_in
from tests.browser.looks import a_browser, faults, too_small, too_wide
from tests.builders import the_knowledge
from tests.web.console_door import CENTRE, OTHER_CENTRE, PASSWORD
from web.console.figures import Quarter
from web.console.register import Entry, Register

LAST = Quarter.of(dt.date.today()).before(1)
OUTSIDE = ["/console/sign-in", "/console/set-up/forged", "/console/sign-in?ended=1"]
INSIDE = [
    "/console/",
    "/console/counts",
    f"/console/counts/all?quarter={LAST}",
    "/console/record",
    "/console/shift",
    "/console/nothing-here",
    "/console/locked",
]
KEPT = """async () => ({local: localStorage.length, session: sessionStorage.length,
  caches: 'caches' in self ? (await caches.keys()).length : 0,
  databases: (await indexedDB.databases()).length, workers: (await navigator.serviceWorker?.getRegistrations() ?? []).length})"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskStack]:
    """The web process, with last quarter's counts in its register."""
    running = open_desk(tmp_path_factory.mktemp("desk"))
    register = Register(engine_for(running.stack.env["DATABASE_URL"]), the_knowledge())
    for place in range(40):
        strand, centre = ("race", "religion", "race")[place % 3], (CENTRE, CENTRE, OTHER_CENTRE)[place % 3]
        register.count(Entry(centre, ("en", "pl")[place % 2], "report", (strand,), ("hate_crime",), referral=place % 4 == 0), LAST.begin)
    for _ in range(8):
        register.unmet(CENTRE, "none_in_language", "pl", ("forced_marriage",), (), LAST.begin)
    yield running
    running.stack.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with a_browser() as made:
        yield made


def check(page: Page, what: str) -> None:
    assert faults(page) == [], what
    assert too_small(page) == [], what
    assert too_wide(page) == [], what


# 320 CSS pixels are also what is left of a screen of 1,280 at 400%.
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_fault_and_everything_fits_and_can_be_hit(desk: DeskStack, browser: Browser, width: int):
    with a_page(browser, desk, bypass_csp=True, viewport={"width": width, "height": 720}) as page:
        for address in OUTSIDE:
            page.goto(address)
            check(page, address)
        page.goto("/console/sign-in")
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page, "a wrong sign-in")
        page.goto(desk.invite(f"Cora Reed {width}", "coordinator", (CENTRE, OTHER_CENTRE)))
        check(page, "the set-up page")
        page.get_by_role("button", name="Finish and sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page, "the set-up page with a problem")
        set_up(page, desk, f"Cora Reed {width}", "coordinator", (CENTRE, OTHER_CENTRE))
        for address in INSIDE:
            page.goto(address)
            check(page, address)
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page, "a wrong password at the lock")
        page.get_by_label("Password of").fill(PASSWORD)
        page.get_by_role("button", name="Unlock").click()
        page.wait_for_url("**/console/")
        page.goto("/console/shift")
        page.get_by_role("button", name="It has shaken me").click()
        expect(page.get_by_role("heading", name="Who to ring")).to_be_visible()
        check(page, "who to ring")


def test_the_door_can_be_walked_through_by_keyboard_alone(desk: DeskStack, browser: Browser):
    with a_page(browser, desk) as page:
        set_up(page, desk, "Kay Board")
        page.get_by_role("button", name="Sign out").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in")
        page.locator("body").press("Tab")
        expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
        page.get_by_label("Your name").focus()
        for words in ("Kay Board", PASSWORD, desk.code("Kay Board")):
            page.keyboard.type(words)
            page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/")
        page.get_by_role("button", name="Lock").press("Enter")
        page.get_by_label("Password of Kay Board").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/")


def test_after_five_minutes_without_a_hand_the_page_locks_by_itself(desk: DeskStack, browser: Browser):
    with a_page(browser, desk) as page:
        page.clock.install(time=time.time())
        set_up(page, desk, "Ida Idle")
        page.clock.run_for(290_000)
        page.keyboard.press("Shift")
        page.clock.run_for(290_000)
        assert page.url.endswith("/console/"), "a key was pressed"
        page.clock.run_for(12_000)
        page.wait_for_url("**/locked")
        expect(page.get_by_role("heading", name="This desk is locked")).to_be_visible()
        page.goto("/console/")
        assert page.url.endswith("/locked"), "the server has locked too"


def test_without_scripts_the_page_itself_goes_to_the_lock_in_time(desk: DeskStack, browser: Browser):
    with a_page(browser, desk, java_script_enabled=False) as page:
        set_up(page, desk, "Nora Noscript")
        content = page.locator('meta[http-equiv="refresh"]').get_attribute("content")
        assert content == "305;url=/console/locked"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_going_back_after_signing_out_shows_nothing_of_the_desk(desk: DeskStack, browser: Browser, scripts: bool):
    name = f"Bea Back {scripts}"
    with a_page(browser, desk, java_script_enabled=scripts) as page:
        set_up(page, desk, name, "coordinator")
        page.goto("/console/record")
        expect(page.locator("main")).to_contain_text(name)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in")
        for _ in range(3):
            page.go_back()
            page.wait_for_load_state()
            assert name not in page.content()


def test_the_browser_of_a_shared_computer_keeps_one_cookie_and_nothing_else(desk: DeskStack, browser: Browser):
    with a_page(browser, desk) as page:
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        set_up(page, desk, "Cass Cookie", "coordinator")
        for address in INSIDE[:4]:
            page.goto(address)
        assert page.evaluate(KEPT) == {"local": 0, "session": 0, "caches": 0, "databases": 0, "workers": 0}
        assert [cookie["name"] for cookie in page.context.cookies(desk.address + "/console/")] == ["desk"]
        assert page.context.cookies(desk.address + "/") == [], "the public pages never see it"
        assert [url for url in asked if not url.startswith(desk.address)] == []
        assert wrong == []


def test_a_second_browser_ends_the_first(desk: DeskStack, browser: Browser):
    with a_page(browser, desk) as first, a_page(browser, desk) as second:
        set_up(first, desk, "Sam Second")
        sign_in(second, desk, "Sam Second")
        first.reload()
        expect(first.get_by_role("status")).to_contain_text("You are signed out")
        second.reload()
        expect(second.get_by_role("heading", name="The desk")).to_be_visible()


def test_the_public_pages_stand_beside_the_desk(desk: DeskStack, browser: Browser):
    with a_page(browser, desk) as page:
        page.goto("/")
        expect(page.get_by_role("button", name="Start now")).to_be_visible()
        assert page.request.get("/console").status == 200
        assert page.request.get("/console/static/built/main.css").ok
