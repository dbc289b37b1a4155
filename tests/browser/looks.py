"""A Chromium, and what can be measured of a page in it once all of it is there: faults of axe, small targets, sideways scrolling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# No sandbox: a container that runs tests has none to give. The rest keeps the browser from calling home by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# WCAG 2.2, 2.5.8 Target Size (Minimum), in CSS pixels.
SMALLEST_TARGET = 24
_SMALL = """least => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), textarea, select')]
  .filter(one => one.checkVisibility() && !one.classList.contains('govuk-skip-link'))
  .map(one => ({name: (one.innerText || one.name).trim(), box: (one.labels?.[0] ?? one).getBoundingClientRect()}))
  .filter(({box}) => box.width < least || box.height < least)
  .map(({name, box}) => `${name}: ${box.width.toFixed(1)} x ${box.height.toFixed(1)}`)"""
_WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? []
  : ['the page', ...[...document.querySelectorAll('body *')]
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1)
  .map(one => `${one.tagName}.${one.className}`)]"""

_LEFT = """() => document.documentElement.dir !== 'rtl' ? [] : [...document.querySelectorAll('body *')]
  .filter(one => one.checkVisibility() && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(one => ({one, style: getComputedStyle(one)}))
  .filter(({style}) => style.direction === 'rtl' && style.textAlign === 'left')
  .map(({one}) => `${one.tagName}.${one.className}`)"""


@contextmanager
def a_browser(*more: str) -> Iterator[Browser]:
    """A Chromium, with these arguments too."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        yield browser
        browser.close()


def whole(page: Page) -> Page:
    """The page once its styles are there: a press returns as soon as the next page begins, and without styles all is small and wide."""
    page.wait_for_load_state("load")
    return page


def faults(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    found = Axe().run(whole(page), options={"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]})
    return [
        f"{fault['id']}: {node['target']}: {node['failureSummary']}" for fault in found.response["violations"] for node in fault["nodes"]
    ]


def too_small(page: Page) -> list[str]:
    """Links, buttons and boxes that a finger may miss."""
    found: list[str] = whole(page).evaluate(_SMALL, SMALLEST_TARGET)
    return found


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways; nothing where it does not."""
    found: list[str] = whole(page).evaluate(_WIDE)
    return found


def at_the_left(page: Page) -> list[str]:
    """What begins at the left though it is written from the right; nothing on a page that is written from the left."""
    found: list[str] = whole(page).evaluate(_LEFT)
    return found
