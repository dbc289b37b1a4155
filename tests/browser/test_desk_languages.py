"""What a person sees and takes away at the desk, in every language that is offered: nothing left in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signpost.wording import load as load_words
from tests.browser.looks import at_the_left, too_wide
from tests.browser.test_browser import Machine, machine  # noqa: F401
from tests.browser.test_languages import OFFERED, english_left
from tests.browser.test_walk_in import Hand, walk
from tests.browser.walk_in_desk import DeskServer, a_volunteer
from tests.builders import ROOT
from tests.web.walk_in import TOLD, a_walk_in_desk

# What the person reads, hears read aloud, or takes home. Each page holds at least so much of it, in characters.
FOR_THE_PERSON = {"talk": 100, "person": 100, "agree": 100, "sheet": 400, "papers/neutral": 60, "papers/receipt": 100, "end": 20}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """A desk with every real catalogue, and no engine."""
    server = DeskServer(a_walk_in_desk(tmp_path_factory.mktemp("desk")))
    yield server
    server.close()


@pytest.mark.parametrize("locale", OFFERED)
def test_all_that_a_person_gets_at_the_desk_is_in_their_language(machine: Machine, desk: DeskServer, locale: str):  # noqa: F811
    with a_volunteer(machine.browser, desk, f"Volunteer {locale}") as (page, _context):
        page.goto(desk.address)
        walk(Hand(page), locale, TOLD)
        for name, least in FOR_THE_PERSON.items():
            page.goto(f"{desk.address}/walk-in/{name}")
            theirs = page.locator(f"[lang='{locale}']")
            shown = "\n".join(theirs.nth(number).inner_text() for number in range(theirs.count()))
            assert len(shown) >= least, f"{name}: {len(shown)}"
            assert english_left(shown.replace(TOLD, ""), locale) == [], name
            directions = {theirs.nth(number).get_attribute("dir") or "ltr" for number in range(theirs.count())}
            assert directions == {load_words(ROOT / "locales", locale).dir}, name
            assert too_wide(page) == [], name
            assert at_the_left(page) == [], name
