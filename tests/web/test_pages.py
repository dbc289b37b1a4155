"""The pages without a browser: headers, one cookie, forms that work without scripts, leaving."""

from __future__ import annotations

import pytest

from tests.builders import the_knowledge
from tests.web.door import a_client
from web.gateway import words_of

PAGES = ["/", "/leaving", "/chat", "/summary", "/privacy", "/accessibility"]


@pytest.mark.parametrize("page", [*PAGES, "/nothing-here"])
def test_every_page_carries_the_headers_that_keep_people_safe(page):
    answered = a_client().get(page)
    policy = answered.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    assert answered.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answered.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_another_site_for_anything_or_runs_inline_script(page):
    text = a_client().get(page).get_data(as_text=True)
    assert 'src="http' not in text
    assert " onclick=" not in text
    assert " style=" not in text
    assert "<script>" not in text


def test_one_cookie_that_scripts_cannot_read_and_other_sites_cannot_send():
    client = a_client()
    answered = client.say_in_chat("my neighbour shouts at me")
    cookies = answered.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Strict" in cookies[0]


def test_the_form_works_without_scripts():
    client = a_client()
    assert client.say_in_chat("my husband takes all my money").status_code == 303
    page = client.get("/chat").get_data(as_text=True)
    assert "my husband takes all my money" in page
    assert "Who can help" in page


def test_a_form_without_its_token_changes_nothing_and_loses_nothing():
    client = a_client()
    client.get("/chat")
    answered = client.post("/chat", data={"text": "my husband takes all my money"})
    assert answered.status_code == 303
    assert "my husband takes all my money" in client.get("/chat").get_data(as_text=True)


@pytest.mark.parametrize(("text", "said"), [("", "Type what happened"), ("a" * 2001, "too long")])
def test_an_empty_or_too_long_message_is_answered_kindly_and_kept(text, said):
    answered = a_client().say_in_chat(text)
    assert answered.status_code == 422
    page = answered.get_data(as_text=True)
    assert said in page
    assert text in page


def test_leaving_erases_on_the_server_before_the_neutral_page():
    client = a_client()
    client.say_in_chat("my husband takes all my money")
    with client.session_transaction() as session:
        token = session["conversation"]
    answered = client.get("/exit")
    assert answered.status_code == 303
    assert answered.headers["Location"] == "https://www.bbc.co.uk/weather"
    assert answered.headers["Clear-Site-Data"]
    assert client.application.extensions["conversations"].find(token) is None
    assert "my husband takes all my money" not in client.get("/chat").get_data(as_text=True)


def test_the_summary_holds_what_was_found_and_not_what_was_said():
    client = a_client()
    client.say_in_chat("my husband takes all my money zebrafinch")
    page = client.get("/summary").get_data(as_text=True)
    assert the_knowledge().services["sefton-domestic-abuse-helpline"].name in page
    assert "zebrafinch" not in page


def test_a_page_that_is_not_there_gives_the_emergency_line_and_a_number():
    answered = a_client().get("/nothing-here")
    assert answered.status_code == 404
    assert "999" in answered.get_data(as_text=True)
    assert "0808" in answered.get_data(as_text=True)


WIPED = "Done. I have wiped this chat. Nothing of it is kept here. Your browser may still show that you came to this page."


def test_forget_me_shows_its_own_answer_and_leaves_nothing():
    client = a_client()
    client.say_in_chat("my husband takes all my money")
    answered = client.say_in_chat(choice="forget_me").get_data(as_text=True)
    assert WIPED in answered
    assert "my husband takes all my money" not in answered + client.get("/chat").get_data(as_text=True)


def test_a_page_opened_in_a_language_is_answered_in_it_before_anything_is_said():
    client = a_client()
    client.get("/chat?lang=ar")
    page = client.say_in_chat(choice="forget_me").get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in page
    assert words_of("ar")(WIPED) in page
