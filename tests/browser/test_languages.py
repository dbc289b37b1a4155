"""Every page in every language that is offered: nothing left in English, the right direction, no page wider than the phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pytest
import requests
from babel.messages.pofile import read_po
from playwright.sync_api import Page, expect

from signpost.wording import folder_of
from signpost.wording import load as load_words
from tests.browser.looks import at_the_left, too_wide
from tests.browser.test_browser import ANSWER_MS, Machine, machine  # noqa: F401
from tests.builders import ROOT, the_knowledge
from tests.stack import Stack, another_caller

OFFERED = [name for name, entry in the_knowledge().languages.items() if entry.get("offered") and name != "en"]
PAGES = ["/", "/leaving", "/chat", "/privacy", "/accessibility", "/nothing-here", "/summary"]
TOLD = "my neighbour in bootle keeps shouting at me because i am polish"
DANGER = "he is outside my door with a knife"
_PLACEHOLDER = re.compile(r"\{\w*\}")
# Fewer words than this may be a name, or the same in both languages.
TELLING_WORDS = 3


@lru_cache(maxsize=32)
def translated(locale: str) -> tuple[re.Pattern[str], ...]:
    """The English sentences that have other words in this language, as patterns."""
    with (ROOT / "locales" / folder_of(locale) / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        catalog = read_po(stream)
    safety = {str(entry["text"]) for entry in the_knowledge().safety.values()}
    made = []
    for message in catalog:
        if not message.id or not isinstance(message.id, str) or message.id == message.string or message.id in safety:
            continue
        if len(_PLACEHOLDER.sub("", message.id).split()) >= TELLING_WORDS:
            made.append(re.compile(".{1,80}?".join(re.escape(part.strip()) for part in _PLACEHOLDER.split(message.id) if part.strip())))
    return tuple(made)


def english_left(text: str, locale: str) -> list[str]:
    """Sentences of what is shown that have a translation and stand there in English."""
    if locale.startswith("en"):
        # Easy Read is English: many of its sentences hold one of ours.
        return []
    return [found.group(0) for pattern in translated(locale) if (found := pattern.search(text))]


@contextmanager
def a_phone(machine: Machine, stack: Stack, locale: str, **options: Any) -> Iterator[Page]:  # noqa: F811
    """A narrow page of someone who has chosen this language."""
    context = machine.browser.new_context(
        base_url=stack.address, extra_http_headers=another_caller(), viewport={"width": 320, "height": 700}, **options
    )
    page = context.new_page()
    page.set_default_timeout(ANSWER_MS)
    page.goto(f"/language?lang={locale}")
    try:
        yield page
    finally:
        context.close()


def looks_right(page: Page, locale: str) -> None:
    """The page says which language it is in, reads in the right direction, fits the phone and holds no English."""
    html = page.locator("html")
    assert html.get_attribute("lang") == locale
    assert html.get_attribute("dir") == load_words(ROOT / "locales", locale).dir
    assert too_wide(page) == []
    assert at_the_left(page) == []
    assert english_left(page.locator("body").inner_text(), locale) == []


@pytest.mark.parametrize("locale", OFFERED)
def test_every_page_is_in_the_language_that_was_chosen(machine: Machine, stack: Stack, locale: str):  # noqa: F811
    with a_phone(machine, stack, locale) as page:
        for address in PAGES:
            page.goto(address)
            looks_right(page, locale)


@pytest.mark.parametrize("locale", OFFERED)
def test_a_whole_conversation_is_in_the_language_that_was_chosen(machine: Machine, stack: Stack, locale: str):  # noqa: F811
    with a_phone(machine, stack, locale, java_script_enabled=True) as page:
        page.goto("/chat")
        for said in (TOLD, DANGER):
            before = page.locator(".app-turn--reply").count()
            page.locator("textarea").fill(said)
            page.locator("[data-say] button[type=submit], [data-say] button:not([name])").first.click()
            expect(page.locator(".app-turn--reply")).to_have_count(before + 1, timeout=ANSWER_MS)
        looks_right(page, locale)
        # Beside a translation that no one has checked, the emergency line stands in English too.
        assert any(str(entry["text"]) in page.inner_text("body") for entry in the_knowledge().safety.values())
        page.goto("/summary")
        looks_right(page, locale)


def say(stack: Stack) -> Callable[..., dict[str, Any]]:
    """One message over the JSON API."""

    def one(text: str, conversation: str | None = None, locale: str | None = None) -> dict[str, Any]:
        body = {"text": text, "conversation": conversation, "locale": locale}
        return dict(requests.post(f"{stack.address}/api/v1/messages", json=body, headers=another_caller(), timeout=20).json())

    return one


def test_an_answer_follows_the_language_of_the_message_and_changes_with_it(stack: Stack):
    first = stack.say("sąsiad ciągle na mnie krzyczy bo jestem z Polski")
    assert first["locale"] == "pl"
    second = stack.say("my neighbour shouts at me because I am Polish and I am afraid", first["conversation"])
    assert second["locale"] == "en"
    third = stack.say("po polsku proszę", second["conversation"])
    assert third["locale"] == "pl"


def test_a_language_that_was_asked_for_stays_whatever_the_message_is_written_in(stack: Stack):
    first = say(stack)("my neighbour shouts at me because I am Polish", locale="pl")
    assert first["locale"] == "pl"
    assert say(stack)("he does it every single day at night", first["conversation"])["locale"] == "pl"


def test_a_language_nobody_writes_gets_999_in_it_and_the_words_for_an_interpreter(stack: Stack):
    answer = say(stack)("Мне страшно, мой сосед бьёт меня каждый день, помогите")
    assert "999" in answer["plain"]
    assert "Извините" in answer["plain"]
    assert "Russian interpreter please" in answer["plain"]


@pytest.mark.parametrize("locale", [name for name in OFFERED if load_words(ROOT / "locales", name).dir == "rtl"])
def test_phone_numbers_read_left_to_right_in_right_to_left_words(machine: Machine, stack: Stack, locale: str):  # noqa: F811
    with a_phone(machine, stack, locale) as page:
        page.goto("/chat")
        page.locator("textarea").fill(TOLD)
        page.locator("[data-say] button[type=submit], [data-say] button:not([name])").first.click()
        expect(page.locator("#latest")).to_be_visible(timeout=ANSWER_MS)
        order = page.evaluate(
            """() => {
              const wrong = [];
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) {
                const node = walk.currentNode;
                for (const found of node.data.matchAll(/\\d{2,} \\d{3,}(?: \\d+)*/g)) {
                  const left = (at) => {
                    const range = document.createRange();
                    range.setStart(node, at);
                    range.setEnd(node, at + 1);
                    return range.getBoundingClientRect();
                  };
                  const first = left(found.index), last = left(found.index + found[0].length - 1);
                  if (first.width && Math.abs(first.top - last.top) < 2 && first.left > last.left) wrong.push(found[0]);
                }
              }
              return wrong;
            }"""
        )
        assert order == []
