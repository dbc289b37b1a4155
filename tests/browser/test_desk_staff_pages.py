"""The volunteers' own pages in every language the desk can be in: nothing left in English, no fault of axe, nothing too wide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Page, ViewportSize

from signpost.wording import load as load_words
from tests.browser.looks import at_the_left, faults, too_wide
from tests.browser.test_browser import Machine, machine  # noqa: F401
from tests.browser.test_walk_in import Hand, walk
from tests.browser.walk_in_desk import DeskServer, a_volunteer
from tests.builders import ROOT
from tests.web.walk_in import TOLD, a_walk_in_desk

PHONE: ViewportSize = {"width": 320, "height": 700}
SPOKEN = sorted(path.parent.parent.name for path in (ROOT / "locales").glob("*/LC_MESSAGES/console.po"))
BEFORE = ["", "shift", "receipt"]
DURING = [
    "",
    "walk-in/talk",
    "walk-in/choose",
    "walk-in/agree",
    "walk-in/sheet",
    "walk-in/papers/receipt",
    "walk-in/papers/diary",
    "walk-in/end",
]
OF_COORDINATORS = ["counts", "counts/all", "record"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """A desk with every real catalogue, and no engine."""
    server = DeskServer(a_walk_in_desk(tmp_path_factory.mktemp("desk")))
    yield server
    server.close()


@lru_cache(maxsize=1)
def english() -> frozenset[str]:
    """Every sentence of the desk."""
    with (ROOT / "locales/console.pot").open("rb") as stream:
        return frozenset(str(message.id) for message in read_po(stream) if message.id)


def left_in_english(page: Page, folder: str) -> list[str]:
    """Whole pieces of text on the page that are an English sentence of the desk, and not the same word in its language."""
    with (ROOT / "locales" / folder / "LC_MESSAGES/console.po").open("rb") as stream:
        same = {str(message.id) for message in read_po(stream) if message.id and message.id == message.string}
    pieces = page.evaluate(
        """() => {
          const found = [document.title.split(' - ')[0]];
          const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const node = walk.currentNode;
            // A paper in English for the service, beside the one in the language.
            if (node.parentElement.closest('[lang]').lang !== document.documentElement.lang) continue;
            found.push(node.data.trim().replace(/\\s+/g, ' '));
          }
          return found;
        }"""
    )
    return sorted({piece for piece in pieces if piece in english() - same})


def looks_right(page: Page, folder: str, where: str) -> None:
    words = load_words(ROOT / "locales", folder.replace("_", "-"), "console")
    html = page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == (words.locale, words.dir), where
    assert left_in_english(page, folder) == [], where
    assert too_wide(page) == [], where
    assert at_the_left(page) == [], where


@pytest.mark.parametrize("folder", SPOKEN)
def test_a_volunteer_works_in_their_own_language(machine: Machine, desk: DeskServer, folder: str):  # noqa: F811
    locale = folder.replace("_", "-")
    stranger = machine.browser.new_context(viewport=PHONE).new_page()
    stranger.goto(f"{desk.address}/sign-in?lang={locale}")
    looks_right(stranger, folder, "sign-in")
    stranger.context.close()
    with a_volunteer(machine.browser, desk, f"Volunteer of {locale}", viewport=PHONE, bypass_csp=True) as (page, _context):
        page.goto(f"{desk.address}/?lang={locale}")
        for address in BEFORE:
            page.goto(f"{desk.address}/{address}")
            looks_right(page, folder, address)
        page.goto(f"{desk.address}/")
        walk(Hand(page), "pl", TOLD)
        for address in DURING:
            page.goto(f"{desk.address}/{address}")
            looks_right(page, folder, address)
        assert faults(page) == []


@pytest.mark.parametrize("folder", SPOKEN)
def test_a_coordinator_reads_counts_and_record_in_their_own_language(machine: Machine, desk: DeskServer, folder: str):  # noqa: F811
    locale = folder.replace("_", "-")
    with a_volunteer(machine.browser, desk, f"Coordinator of {locale}", "coordinator", viewport=PHONE, bypass_csp=True) as (page, _context):
        page.goto(f"{desk.address}/?lang={locale}")
        for address in OF_COORDINATORS:
            page.goto(f"{desk.address}/{address}")
            looks_right(page, folder, address)
            assert faults(page) == [], address
