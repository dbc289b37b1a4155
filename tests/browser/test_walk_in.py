"""A whole walk-in in a real browser: counted clicks, the papers, the wiped stores; axe, keyboard, narrow screens, no scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import a_browser, faults, too_small, too_wide
from tests.browser.test_browser import ANSWER_MS
from tests.browser.walk_in_desk import DeskServer, a_desk_server, a_volunteer
from tests.builders import ROOT
from tests.stack import Stack, another_caller
from tests.web.console_door import CENTRE, PASSWORD
from web.gateway import words_of

MARK = "zebrafinch"
# Polish: a neighbour hit the person again and shouted "go back to Poland", in Bootle.
TOLD = f"sąsiad znowu mnie pobił i krzyczał wracaj do Polski, w Bootle {MARK}"
NUMBER = "07700 900123"
HELPER = "anthony-walker-foundation"
REPORT = "stop-hate-uk-merseyside"
MOST_CLICKS, MOST_FIELDS = 12, 4
PRINTED = "window.printed = 0; window.print = () => { window.printed += 1; }"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with a_browser() as made:
        yield made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """A desk over HTTP with catalogues for Polish and Arabic."""
    routes = tmp_path_factory.mktemp("routes") / "routes.yml"
    routes.write_text(f"- service: {HELPER}\n  email: calls@example.org\n")
    with a_desk_server(tmp_path_factory.mktemp("root"), REFERRAL_ROUTES=str(routes)) as server:
        server.app.extensions["refer"] = lambda name: None
        yield server


@dataclass
class Hand:
    """A volunteer's hand, which counts what it does."""

    page: Page
    clicks: int = 0
    fields: list[str] = field(default_factory=list)

    def click(self, selector: str) -> None:
        self.clicks += 1
        self.page.locator(selector).click()

    def pick(self, selector: str, value: str) -> None:
        self.clicks += 1
        self.page.locator(selector).select_option(value)

    def write(self, selector: str, text: str) -> None:
        self.fields.append(selector)
        self.page.locator(selector).fill(text)


def walk(hand: Hand, language: str = "pl", told: str = TOLD) -> None:
    """From the desk's first page to the sheet on the printer: an anonymous report to a charity, and a call-back."""
    hand.pick("#language", language)
    hand.click("#start")
    hand.write("#text", told)
    hand.click("#send")
    hand.click("#next")
    hand.click(f"label[for=route-{REPORT}]")
    hand.click(f"label[for=service-{HELPER}]")
    hand.write("#number", NUMBER)
    hand.write("#word", "czapla")
    hand.write("#when", "wczoraj")
    hand.click("#continue")
    hand.click("label[for=all-stop_hate_uk-yes]")
    hand.click("label[for=all-support_service-yes]")
    hand.click("#agreed")
    expect(hand.page.locator("[data-paper=sheet]").first).to_be_visible()


# The whole walk-in, with the engine


def rows(stack: Stack, database: str, table: str) -> list[Any]:
    """The rows of a table; none where nothing has made it yet."""
    engine = sa.create_engine(f"sqlite:///{stack.folder}/{database}.db")
    if table not in sa.inspect(engine).get_table_names():
        return []
    with engine.connect() as connection:
        found = list(connection.execute(sa.text(f"SELECT * FROM {table}")))
    engine.dispose()
    return found


def tables(stack: Stack) -> set[str]:
    engine = sa.create_engine(f"sqlite:///{stack.folder}/web.db")
    found = {name for name in sa.inspect(engine).get_table_names() if rows(stack, "web", name)}
    engine.dispose()
    return found


def a_new_volunteer(page: Page, stack: Stack, name: str) -> None:
    """Make an account by the command, and set it up in the browser."""
    made = subprocess.run(
        [sys.executable, "-m", "web.console.accounts", "--name", name, "--centre", CENTRE],
        cwd=ROOT, env=stack.env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    link = re.search(r"https?://\S+", made.stdout)
    assert link
    page.goto(link.group(0))
    secret = page.locator(".app-secret").inner_text().replace(" ", "").strip()
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    page.locator("main button").last.click()
    expect(page.locator("#start")).to_be_visible()


def test_a_polish_speaker_leaves_with_help_and_nothing_of_them_stays(browser: Browser, stack: Stack):
    context = browser.new_context(base_url=stack.address, extra_http_headers=another_caller(), viewport={"width": 1280, "height": 900})
    context.add_init_script(PRINTED)
    page = context.new_page()
    page.set_default_timeout(ANSWER_MS)
    a_new_volunteer(page, stack, "Ada Marsh")
    # On a crowded machine the engine may be late with its first message of a language.
    stack.forget(stack.say("dzień dobry, sąsiad mnie wyzywa", locale="pl")["conversation"])
    told_before = len(rows(stack, "tracker", "tracker"))
    hand = Hand(page)
    walk(hand)
    hand.click("#print")

    # Within what a first-time volunteer can be asked to do.
    assert page.evaluate("window.printed") == 1
    assert hand.clicks <= MOST_CLICKS, hand.clicks
    assert len(hand.fields) <= MOST_FIELDS, hand.fields
    # The dialog was cancelled: nothing is lost, and it can be printed again.
    page.locator("#print").click()
    assert page.evaluate("window.printed") == 2

    wanted = list(dict.fromkeys((words_of("pl").locale, "en")))
    sheets = page.locator("[data-paper=sheet]")
    assert [sheets.nth(number).get_attribute("lang") for number in range(sheets.count())] == wanted
    english = sheets.last.inner_text()
    for said in ("Anthony Walker Foundation", "0800 138 1625", "Polish interpreter please", "czapla", "Not report"):
        assert said in english, said
    assert NUMBER not in english
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= len(wanted)

    page.goto("/console/walk-in/reports/stop_hate_uk")
    report = page.locator("[data-paper=report]").last.inner_text()
    assert TOLD in report
    assert "No name given" in report
    assert "It keeps happening" in report
    assert NUMBER not in report

    page.goto("/console/walk-in/talk")
    expect(page.locator(".app-said").first).to_contain_text(TOLD)
    assert "key words alone" not in page.content(), "the engine answered"
    assert len(rows(stack, "tracker", "tracker")) == told_before + 1

    page.goto("/console/walk-in/end")
    page.locator("button[value=yes]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("wiped")

    # Back, after the end: nothing.
    for _ in range(3):
        page.go_back()
        assert MARK not in page.content()
        assert NUMBER not in page.content()
    # The stores: counts, audit, the sealed call-back, and the volunteer's own account and sitting.
    assert rows(stack, "web", "desk_walk_in") == []
    assert len(rows(stack, "tracker", "tracker")) == told_before
    desk_tables = {name for name in tables(stack) if name.startswith("desk_")}
    assert desk_tables == {"desk_account", "desk_audit", "desk_audit_head", "desk_count", "desk_referral", "desk_sitting"}
    (referral,) = rows(stack, "web", "desk_referral")
    assert referral.state == "waiting"
    assert referral.sealed
    everything = stack.on_disk()
    for secret in (MARK, NUMBER, "czapla", "wczoraj"):
        assert secret.encode() not in everything, "in a store or a log"
    assert context.storage_state()["origins"] == [], "nothing in the browser's storage"
    context.close()


# Every page of the walk-in, in two languages


PAGES = [
    "home", "talk", "said", "problem", "person", "stop", "choose", "missing", "agree", "sheet", "neutral", "receipt", "diary",
    "report", "end", "ended", "failed", "check", "checked",
]  # fmt: skip


def show(page: Page, desk: DeskServer, state: str, language: str) -> None:
    """Bring the desk into one of the states above."""
    told = {"pl": TOLD, "ar": f"جاري ضربني مرة ثانية لأني مسلم {MARK}"}[language]
    page.goto(f"{desk.address}/")
    if state == "home":
        return
    if state == "check":
        page.goto(f"{desk.address}/receipt")
        return
    if state in ("talk", "problem"):
        page.locator("#language").select_option(language)
        page.locator("#start").click()
        if state == "problem":
            page.locator("#send").click()
            expect(page.get_by_role("alert")).to_be_visible()
        return
    walk(Hand(page), language, told)
    places = {
        "said": "talk", "person": "person", "choose": "choose", "agree": "agree", "neutral": "papers/neutral", "receipt": "papers/receipt",
        "diary": "papers/diary", "report": "reports/support_service", "end": "end",
    }  # fmt: skip
    if state in places:
        page.goto(f"{desk.address}/walk-in/{places[state]}")
    if state == "stop":
        page.goto(f"{desk.address}/walk-in/talk")
        page.locator("button[value=child]").click()
    if state == "missing":
        page.goto(f"{desk.address}/walk-in/choose")
        page.locator("#number").fill("")
        page.locator("#continue").click()
        expect(page.get_by_role("alert")).to_be_visible()
    if state == "checked":
        page.goto(f"{desk.address}/walk-in/papers/receipt")
        code = page.locator(".app-paper__spoken").first.inner_text()
        page.goto(f"{desk.address}/receipt")
        page.locator("#code").fill(code)
        page.locator("main form").last.get_by_role("button").click()
        expect(page.get_by_role("status")).to_be_visible()
    if state in ("ended", "failed"):
        page.goto(f"{desk.address}/walk-in/end")
        page.locator("button[value=yes]").click()
    if state == "failed":
        store = desk.app.extensions["referrals"]
        for item in store.of_centre(CENTRE):
            if item.state == "waiting":
                store.take(item.name)
                store.not_delivered(item.name, 0, "address-refused", again=False)
        page.goto(f"{desk.address}/")
        expect(page.locator("[data-state=failed]").first).to_be_visible()


@pytest.mark.parametrize("state", PAGES)
@pytest.mark.parametrize(("language", "width"), [("pl", 1280), ("ar", 320)])
def test_axe_finds_no_fault_and_nothing_scrolls_sideways(browser: Browser, desk: DeskServer, state: str, language: str, width: int):
    # 320 pixels is what is left of 1,280 at 400% zoom. The pages allow no script but their own; axe is one.
    with a_volunteer(
        browser, desk, f"Ada {state} {width}", bypass_csp=True, viewport={"width": width, "height": 256 if width == 320 else 900}
    ) as (page, _c):
        show(page, desk, state, language)
        assert faults(page) == []
        assert too_wide(page) == []
        assert too_small(page) == []


def test_the_arabic_sheet_runs_from_right_to_left_and_the_numbers_do_not(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Arabic", viewport={"width": 1280, "height": 900}) as (page, _context):
        show(page, desk, "sheet", "ar")
        arabic, english = page.locator("[data-paper=sheet]").nth(0), page.locator("[data-paper=sheet]").nth(1)
        assert (arabic.get_attribute("lang"), arabic.get_attribute("dir")) == ("ar", "rtl")
        assert (english.get_attribute("lang"), english.get_attribute("dir")) == ("en", "ltr")
        page.emulate_media(media="print")
        assert "\u2066" in arabic.locator(".app-contact--phone .app-contact__value").first.inner_text(), "a number is kept left to right"
        assert arabic.evaluate("item => getComputedStyle(item.querySelector('h2')).direction") == "rtl"
        spoken = arabic.locator(".app-paper__spoken")
        assert (spoken.get_attribute("lang"), spoken.get_attribute("dir")) == ("en", "ltr")
        expect(spoken).to_have_text("Arabic interpreter please")


def test_on_paper_there_is_the_sheet_and_nothing_of_the_desk(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Paper", viewport={"width": 1280, "height": 900}) as (page, _context):
        show(page, desk, "sheet", "pl")
        page.emulate_media(media="print")
        expect(page.locator("[data-paper=sheet]")).to_have_count(2)
        for furniture in (".app-header", ".app-steps", ".app-not-printed", "#print"):
            expect(page.locator(furniture).first).to_be_hidden()
        usual = page.locator("[data-paper] .govuk-body").first.evaluate("item => parseFloat(getComputedStyle(item).fontSize)")
        page.goto(f"{desk.address}/walk-in/sheet?large=1")
        large = page.locator("[data-paper] .govuk-body").first.evaluate("item => parseFloat(getComputedStyle(item).fontSize)")
        # 18 points, as large print is (RNIB).
        assert large >= 24 > usual


def test_the_neutral_sheet_leaves_the_browser_no_room_to_print_where_it_came_from(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Neutral", viewport={"width": 1280, "height": 900}) as (page, _context):
        show(page, desk, "neutral", "pl")
        page.emulate_media(media="print")
        said = page.locator("main").inner_text()
        for word in ("hate", "police", "desk", "Anthony", "stophate"):
            assert word.lower() not in said.lower()
        assert page.locator("[data-paper=neutral]").evaluate("item => getComputedStyle(item).page") == "neutral"
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


def test_a_walk_in_needs_no_scripts(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Plain", java_script_enabled=False) as (page, _context):
        page.goto(f"{desk.address}/")
        walk(Hand(page))
        expect(page.locator("#print")).to_be_hidden()
        expect(page.locator("noscript p, p", has_text="use the print command")).to_be_visible()
        page.goto(f"{desk.address}/walk-in/end")
        page.locator("button[value=partly]").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("wiped")


def press_to(page: Page, selector: str, most: int = 90) -> None:
    """Go on with the tabulator until this has the focus, and see that the focus can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def test_a_walk_in_by_keyboard_alone(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Keys", viewport={"width": 1280, "height": 900}) as (page, context):
        context.add_init_script(PRINTED)
        page.goto(f"{desk.address}/")
        press_to(page, "#language")
        page.keyboard.type("Pols")
        expect(page.locator("#language")).to_have_value("pl")
        press_to(page, "#start")
        page.keyboard.press("Enter")
        page.wait_for_url("**/talk")
        press_to(page, "#text")
        page.keyboard.type(TOLD)
        press_to(page, "#send")
        page.keyboard.press("Enter")
        page.wait_for_url("**/talk#latest")
        press_to(page, "#next")
        page.keyboard.press("Enter")
        page.wait_for_url("**/choose")
        press_to(page, f"#route-{REPORT}")
        page.keyboard.press("Space")
        press_to(page, "#service-none")
        page.keyboard.press("ArrowDown")
        expect(page.locator(f"#service-{HELPER}")).to_be_checked()
        press_to(page, "#number")
        page.keyboard.type(NUMBER)
        press_to(page, "#continue")
        page.keyboard.press("Enter")
        page.wait_for_url("**/agree")
        press_to(page, "#all-stop_hate_uk-yes")
        page.keyboard.press("Space")
        press_to(page, "#all-support_service-yes")
        page.keyboard.press("Space")
        press_to(page, "#agreed")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sheet")
        press_to(page, "#print")
        page.keyboard.press("Enter")
        assert page.evaluate("window.printed") == 1
        press_to(page, "#finish")
        page.keyboard.press("Enter")
        page.wait_for_url("**/end")
        press_to(page, "button[value=yes]")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("wiped")


def test_danger_fills_the_screen_and_its_first_words_are_in_view(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Danger", viewport={"width": 1280, "height": 720}) as (page, _context):
        show(page, desk, "talk", "pl")
        page.locator("#text").fill("he is outside the door with a knife")
        page.locator("#send").click()
        expect(page.locator("[data-stop=dangerous]")).to_be_in_viewport()
        expect(page.get_by_role("button", name="Call 999")).to_be_in_viewport()
        expect(page.locator("#text")).to_have_count(0)


def test_nothing_is_stored_in_the_browser_and_nothing_is_asked_of_other_machines(browser: Browser, desk: DeskServer):
    with a_volunteer(browser, desk, "Ada Quiet") as (page, context):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        show(page, desk, "ended", "pl")
        assert context.storage_state()["origins"] == []
        assert [cookie["name"] for cookie in context.cookies()] == ["desk"]
        assert [url for url in asked if not url.startswith(desk.address)] == []
