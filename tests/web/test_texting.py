"""Text me these details: the form on the page to keep, which sends only what is safe and wanted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.sms_line import an_app
from web.public.outbox import Outbox

TOLD = "my neighbour keeps calling me a paki and spits at my door"
MOBILE = "07400 123456"
GOOD = {"safe": "details", "consent": "yes", "number": MOBILE}


class Browser:
    """A person in the chat who goes on to the page to keep."""

    def __init__(self, folder: Path, told: str | None = TOLD, **settings: object) -> None:
        self.app = an_app(folder, public_url="http://localhost", **settings)
        self.app.extensions["limit"].enabled = False
        self.queued: list[str] = []
        self.store = self.app.extensions["sms"].store
        self.app.extensions["outbox"] = Outbox(self.store, self.queued.append, 100)
        self.client = self.app.test_client()
        if told:
            self.client.post("/chat", data={"csrf_token": self.token("/chat"), "text": told})

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(path).get_data(as_text=True))
        assert found
        return found.group(1)

    def page(self) -> str:
        return self.client.get("/summary").get_data(as_text=True)

    def ask(self, **form: str) -> str:
        answered = self.client.post("/text-me", data={"csrf_token": self.token("/summary"), **form})
        assert answered.status_code == 303
        return self.page()


def test_the_form_asks_if_it_is_safe_and_for_consent(tmp_path: Path):
    page = Browser(tmp_path).page()
    assert "Is it safe to text this phone?" in page
    assert "I want this text sent to this phone" in page
    assert "checked" not in page


def test_without_an_account_there_is_no_form(tmp_path: Path):
    assert "Text me these details" not in Browser(tmp_path, twilio_account_sid="").page()


def test_with_nothing_found_there_is_no_form_and_nothing_is_sent(tmp_path: Path):
    browser = Browser(tmp_path, told=None)
    assert "Text me these details" not in browser.page()
    browser.ask(**GOOD)
    assert browser.queued == []


def test_what_was_found_is_sent_when_it_is_safe_and_wanted(tmp_path: Path):
    browser = Browser(tmp_path)
    assert "it will get one soon" in browser.ask(**GOOD)
    (name,) = browser.queued
    waiting = browser.store.outbound(name)
    assert waiting["to"] == "+447400123456"
    assert "0800 138 1625" in waiting["text"]


def test_numbers_alone_are_sent_when_that_is_asked(tmp_path: Path):
    browser = Browser(tmp_path)
    browser.ask(**{**GOOD, "safe": "numbers"})
    text = browser.store.outbound(browser.queued[0])["text"]
    assert "0800 138 1625" in text
    assert "Hate" not in text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Say first if it is safe"),
        ({"consent": "yes", "number": MOBILE}, "Say first if it is safe"),
        ({**GOOD, "safe": "no"}, "Nothing was sent"),
        ({"safe": "details", "number": MOBILE}, "Tick the box"),
        ({**GOOD, "number": ""}, "Type a UK mobile number"),
        ({**GOOD, "number": "0151 709 6010"}, "Type a UK mobile number"),
        ({**GOOD, "number": "9" * 5000}, "Type a UK mobile number"),
    ],
)
def test_nothing_is_sent_when_anything_is_missing(tmp_path: Path, form: dict[str, str], said: str):
    browser = Browser(tmp_path)
    assert said in browser.ask(**form)
    assert browser.queued == []


def test_the_number_is_in_no_page_and_in_no_cookie(tmp_path: Path):
    browser = Browser(tmp_path)
    page = browser.ask(**{**GOOD, "number": "07400 12345"})
    assert "07400" not in page
    cookie = browser.client.get_cookie("conversation", path="/")
    assert cookie is not None
    assert "07400" not in cookie.decoded_value


def test_what_is_said_does_not_tell_who_stopped_texts(tmp_path: Path):
    browser = Browser(tmp_path)
    first = browser.ask(**GOOD)
    for _try in range(3):
        assert "it will get one soon" in browser.ask(**GOOD)
    assert "it will get one soon" in first
    assert len(browser.queued) == 2


def test_a_form_without_its_token_is_not_taken(tmp_path: Path):
    browser = Browser(tmp_path)
    browser.client.post("/text-me", data=GOOD)
    assert browser.queued == []


def test_one_browser_cannot_send_text_after_text(tmp_path: Path):
    browser = Browser(tmp_path)
    browser.app.extensions["limit"].enabled = True
    token = browser.token("/summary")
    statuses = [browser.client.post("/text-me", data={**GOOD, "csrf_token": token}).status_code for _try in range(7)]
    assert statuses[:5] == [303] * 5
    assert set(statuses[5:]) == {429}
