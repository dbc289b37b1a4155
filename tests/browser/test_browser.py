"""The pages in a real browser: with scripts and without, leaving, one cookie, weight, target sizes, narrow screens, axe."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect

from tests.browser.looks import a_browser, faults, too_small, too_wide
from tests.browser.outside import Outside
from tests.stack import Stack, another_caller

NEUTRAL = "https://www.bbc.co.uk/weather"
TOLD = "my neighbour in bootle keeps shouting at me because i am polish zebrafinch"
MARK = "zebrafinch"
DANGER = "he is outside my door with a knife"
PAGES = ["/", "/leaving", "/chat", "/summary", "/privacy", "/accessibility", "/nothing-here"]
FIRST_LOAD_BYTES = 40 * 1024
ANSWER_MS = 15_000


@dataclass(frozen=True)
class Machine:
    """A browser, and everything outside of this machine that it can reach."""

    browser: Browser
    outside: Outside


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One browser for all tests of this file; each test opens a context of its own."""
    outside = Outside(tmp_path_factory.mktemp("outside"))
    with a_browser(outside.rules) as browser:
        yield Machine(browser, outside)
    outside.close()


@contextmanager
def a_page(machine: Machine, stack: Stack, **options: Any) -> Iterator[tuple[Page, Outside]]:
    """A fresh visitor's page, and what it asks of other machines from now on."""
    machine.outside.asked.clear()
    context = machine.browser.new_context(base_url=stack.address, ignore_https_errors=True, extra_http_headers=another_caller(), **options)
    page = context.new_page()
    page.set_default_timeout(ANSWER_MS)
    try:
        yield page, machine.outside
    finally:
        context.close()


def tell(page: Page, text: str = TOLD) -> None:
    """Open the chat, say something with the scripts' help and wait for the whole answer."""
    page.goto("/chat")
    page.get_by_label("In your own words").fill(text)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#latest")).to_be_visible(timeout=ANSWER_MS)


def nothing_is_left(stack: Stack, context: BrowserContext, token_before: str) -> None:
    """The server has nothing of the conversation, the browser no cookie, and the old cookie opens nothing."""
    assert context.cookies(stack.address) == []
    assert MARK.encode() not in stack.on_disk()
    context.add_cookies([{"name": "conversation", "value": token_before, "url": stack.address}])
    answered = context.request.get("/chat")
    assert answered.ok
    assert MARK not in answered.text()
    context.clear_cookies()


def cookie_of(context: BrowserContext, stack: Stack) -> str:
    """The value of the one cookie."""
    (cookie,) = context.cookies(stack.address)
    return str(cookie["value"])


# Talking


def test_with_scripts_the_answer_lands_in_the_log_and_the_box_keeps_the_focus(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        loads: list[str] = []
        page.goto("/chat")
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        box = page.get_by_label("In your own words")
        box.fill(TOLD)
        box.press("Enter")
        log = page.get_by_role("log")
        expect(log.get_by_role("heading", name="Who can help")).to_be_visible(timeout=ANSWER_MS)
        expect(log).to_contain_text(TOLD)
        expect(log).to_contain_text("Ways to report, or not")
        expect(box).to_be_focused()
        expect(box).to_have_value("")
        assert loads == [], "the page was not loaded again"


def test_shift_and_enter_begins_a_new_line_and_sends_nothing(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        page.goto("/chat")
        box = page.get_by_label("In your own words")
        box.fill("one")
        box.press("Shift+Enter")
        box.press_sequentially("two")
        expect(box).to_have_value("one\ntwo")
        expect(page.locator(".app-turn")).to_have_count(0)


def test_a_choice_is_answered_in_the_log_and_the_old_choices_go(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        tell(page)
        page.locator("#latest").get_by_role("button", name="Talk to a person").click()
        expect(page.locator(".app-turn--reply")).to_have_count(2)
        expect(page.locator("#latest")).to_contain_text("You can talk to a person")
        expect(page.locator(".app-question")).to_have_count(1)
        expect(page.locator("#latest")).to_be_focused()


def test_an_empty_message_is_answered_beside_the_box_which_keeps_the_focus(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        page.goto("/chat")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_contain_text("Type what happened")
        expect(page.get_by_label("In your own words")).to_be_focused()


def test_without_scripts_the_chat_gives_a_full_answer(machine: Machine, stack: Stack):
    with a_page(machine, stack, java_script_enabled=False) as (page, _outside):
        page.goto("/")
        page.get_by_role("button", name="Start now").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("In your own words").fill(TOLD)
        page.get_by_role("button", name="Send").click()
        log = page.get_by_role("log")
        expect(log).to_contain_text(TOLD)
        expect(log.get_by_role("heading", name="Who can help")).to_be_visible()
        expect(log.get_by_role("heading", name="Ways to report, or not")).to_be_visible()
        page.locator("#latest").get_by_role("button", name="Talk to a person").click()
        expect(log).to_contain_text("You can talk to a person")


def test_in_danger_the_emergency_line_is_first_and_can_be_tapped(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        tell(page, DANGER)
        first = page.locator("#latest > *").first
        expect(first).to_have_role("alert")
        expect(first).to_contain_text("999")
        expect(first.get_by_role("button", name="999")).to_have_attribute("href", "tel:999")
        expect(page.locator("#latest .app-question")).to_have_count(0)


def test_forget_me_wipes_what_was_said_from_the_page(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        tell(page)
        page.get_by_role("button", name="Forget me: wipe this chat").click()
        expect(page.get_by_role("log")).to_contain_text("I have wiped this chat")
        expect(page.get_by_text(MARK)).to_have_count(0)


# Leaving


def press_the_button(page: Page) -> None:
    page.locator(".govuk-js-exit-this-page-button").click()


def follow_the_second_link(page: Page) -> None:
    page.locator("body").press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".govuk-js-exit-this-page-skiplink")).to_be_focused()
    page.keyboard.press("Enter")


def press_shift_three_times(page: Page) -> None:
    for _ in range(3):
        page.keyboard.press("Shift")


WAYS_OUT = [press_the_button, follow_the_second_link, press_shift_three_times]


@pytest.mark.parametrize("leave", WAYS_OUT, ids=lambda leave: leave.__name__)
def test_leaving_wipes_the_server_and_ends_on_the_neutral_page(machine: Machine, stack: Stack, leave: Callable[[Page], None]):
    with a_page(machine, stack) as (page, outside):
        tell(page)
        if leave is follow_the_second_link:
            page.reload()
        before = cookie_of(page.context, stack)
        leave(page)
        page.wait_for_url(NEUTRAL)
        assert outside.asked == [NEUTRAL]
        nothing_is_left(stack, page.context, before)


# Tells the test what covers the page at the moment when the overlay is laid over it.
WATCH = """new MutationObserver(() => {
  const overlay = document.querySelector('.govuk-exit-this-page-overlay');
  if (!overlay) return;
  const {width, height} = overlay.getBoundingClientRect();
  const points = [[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]].map(([x, y]) => document.elementFromPoint(innerWidth * x, innerHeight * y));
  covered({whole: width >= innerWidth && height >= innerHeight, everywhere: points.every(point => overlay.contains(point)),
           says: overlay.textContent});
}).observe(document, {subtree: true, childList: true})"""


def test_the_page_is_covered_from_the_moment_of_leaving(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        seen: list[dict[str, Any]] = []
        page.expose_function("covered", lambda what: seen.append(what))
        tell(page)
        page.evaluate(WATCH)
        press_shift_three_times(page)
        page.wait_for_url(NEUTRAL)
        assert seen
        assert seen[0]["whole"]
        assert seen[0]["everywhere"]
        assert all(what["says"] == "Leaving this page" for what in seen if what["says"])


def test_without_scripts_the_button_wipes_the_server_too(machine: Machine, stack: Stack):
    with a_page(machine, stack, java_script_enabled=False) as (page, outside):
        page.goto("/chat")
        page.get_by_label("In your own words").fill(TOLD)
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("log")).to_contain_text(MARK)
        before = cookie_of(page.context, stack)
        press_the_button(page)
        page.wait_for_url(NEUTRAL)
        assert outside.asked == [NEUTRAL]
        nothing_is_left(stack, page.context, before)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_going_back_after_leaving_shows_nothing_that_was_said(machine: Machine, stack: Stack, scripts: bool):
    with a_page(machine, stack, java_script_enabled=scripts) as (page, _outside):
        page.goto("/chat")
        page.get_by_label("In your own words").fill(TOLD)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#latest")).to_be_visible()
        press_the_button(page)
        page.wait_for_url(NEUTRAL)
        for _ in range(3):
            page.go_back()
            if not page.url.startswith(stack.address):
                break
            assert MARK not in page.content()
            assert "Who can help" not in page.content()


def test_two_presses_of_shift_do_not_leave(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, outside):
        tell(page)
        page.keyboard.press("Shift")
        page.keyboard.press("Shift")
        page.keyboard.press("a")
        page.keyboard.press("Shift")
        expect(page.locator("#latest")).to_be_visible()
        assert outside.asked == []


# What the pages ask for and keep


def test_no_page_asks_another_machine_for_anything_and_there_is_one_cookie_at_most(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, outside):
        for address in PAGES:
            page.goto(address)
        tell(page)
        page.goto("/summary")
        assert outside.asked == []
        cookies = page.context.cookies()
        assert len(cookies) == 1
        assert cookies[0]["httpOnly"]
        assert cookies[0]["sameSite"] == "Strict"
        assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_no_page_writes_a_fault_or_a_refused_request_to_the_console(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        for address in PAGES[:-1]:
            page.goto(address)
        tell(page)
        assert wrong == []


@pytest.mark.parametrize("address", ["/", "/chat"])
def test_the_first_load_weighs_at_most_40_kilobytes_compressed(machine: Machine, stack: Stack, address: str):
    with a_page(machine, stack) as (page, _outside):
        got: list[Response] = []
        page.on("response", lambda response: got.append(response))
        page.goto(address, wait_until="networkidle")
        weights = {urlsplit(response.url).path: len(gzip.compress(response.body())) for response in got if response.status == 200}
        # A headless browser shows no tab and may not fetch its icon.
        icon = page.locator('link[rel="icon"]').get_attribute("href") or ""
        weights.setdefault(icon, len(gzip.compress(page.request.get(icon).body())))
        assert {address, "/static/built/main.css", "/static/built/main.js"} <= set(weights)
        assert sum(weights.values()) <= FIRST_LOAD_BYTES, weights


# Hands and eyes


@pytest.mark.parametrize("width", [320, 1280])
def test_every_link_and_button_can_be_hit_and_no_page_scrolls_sideways(machine: Machine, stack: Stack, width: int):
    with a_page(machine, stack, viewport={"width": width, "height": 640}) as (page, _outside):

        def check(what: str) -> None:
            assert too_small(page) == [], what
            assert too_wide(page) == [], what

        for address in PAGES:
            page.goto(address)
            check(address)
        tell(page)
        check("the chat after an answer")
        page.goto("/summary")
        check("the page to keep")
        tell(page, DANGER)
        check("the chat after danger")
        page.get_by_label("In your own words").fill("a" * 400)
        check("a very long word")


def test_at_320_pixels_the_whole_way_can_be_walked_by_keyboard(machine: Machine, stack: Stack):
    with a_page(machine, stack, viewport={"width": 320, "height": 480}) as (page, _outside):
        page.goto("/")
        page.get_by_role("button", name="Start now").press("Enter")
        page.wait_for_url("**/leaving")
        page.get_by_role("button", name="Continue").press("Enter")
        page.wait_for_url("**/chat")
        box = page.get_by_label("In your own words")
        box.focus()
        page.keyboard.type("kids keep egging my windows")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Send")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Who can help")).to_be_visible(timeout=ANSWER_MS)
        expect(box).to_be_focused()


def test_the_page_to_keep_prints_and_copies_and_sends_nothing(machine: Machine, stack: Stack):
    with a_page(machine, stack, permissions=["clipboard-read", "clipboard-write"]) as (page, outside):
        page.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; }")
        tell(page)
        page.get_by_role("link", name="See a page you can print or keep").click()
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        page.get_by_role("button", name="Print this page").click()
        assert page.evaluate("window.printed") == 1
        copy = page.locator("[data-copy]")
        copy.click()
        expect(copy).to_have_text("Copied")
        kept = page.evaluate("navigator.clipboard.readText()")
        assert "Who can help" in kept
        assert re.search(r"0\d{3} ?\d{3} ?\d{4}", kept), "a number to call is in the copy"
        assert MARK not in kept
        # The browser fetches the icon when it likes.
        assert [request.url for request in asked if not request.url.endswith("/icon.svg")] == []
        assert outside.asked == []


def test_without_scripts_the_page_to_keep_shows_no_button_that_does_nothing(machine: Machine, stack: Stack):
    with a_page(machine, stack, java_script_enabled=False) as (page, _outside):
        page.goto("/summary")
        expect(page.locator("[data-print]")).to_be_hidden()
        expect(page.locator("[data-copy]")).to_be_hidden()


def test_on_paper_there_are_the_services_and_no_page_furniture(machine: Machine, stack: Stack):
    with a_page(machine, stack) as (page, _outside):
        tell(page)
        page.goto("/summary")
        page.emulate_media(media="print")
        for part in (".app-header", ".app-footer", ".govuk-exit-this-page", ".app-print"):
            expect(page.locator(part)).to_be_hidden()
        expect(page.get_by_role("heading", name="Who can help")).to_be_visible()


# axe


def show(page: Page, state: str) -> None:
    """Bring the page into one of the states below."""
    if state == "an answer":
        tell(page)
    elif state == "danger":
        tell(page, DANGER)
    elif state == "a page to keep":
        tell(page)
        page.goto("/summary")
    elif state == "an empty message":
        page.goto("/chat")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_be_visible()
    else:
        page.goto(state)


@pytest.mark.parametrize("state", [*PAGES, "an answer", "danger", "a page to keep", "an empty message"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_fault(machine: Machine, stack: Stack, state: str, width: int):
    # The pages allow no script but their own; axe is one, so only here is the policy set aside.
    with a_page(machine, stack, bypass_csp=True, viewport={"width": width, "height": 800}) as (page, _outside):
        show(page, state)
        assert faults(page) == []


def test_the_error_page_without_scripts_marks_the_box_and_says_what_to_do(machine: Machine, stack: Stack):
    with a_page(machine, stack, java_script_enabled=False) as (page, _outside):
        page.goto("/chat")
        page.get_by_role("button", name="Send").click()
        expect(page).to_have_title(re.compile("^Error:"))
        expect(page.get_by_label("In your own words")).to_have_accessible_description(re.compile("Type what happened"))
