"""Signing in with a work account, against a real provider over HTTP: who may enter, and every way to cheat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask

from tests.web.console_door import CENTRE, Desk, a_desk, invited, someone
from tests.web.council_provider import CLIENT, SECRET, Provider
from web.console import people

EMAIL = "ada.marsh@example.org"
KNOWN = {"email": EMAIL, "email_verified": True, "name": "Ada Marsh"}
CLAIMED = {"sub": "u-2", "name": "Ben Shore", "roles": ["signpost-volunteer"], "signpost_centres": [CENTRE]}


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.close()


def a_council_desk(provider: Provider) -> Flask:
    app = a_desk(OIDC_ISSUER=provider.issuer, OIDC_CLIENT_ID=CLIENT, OIDC_CLIENT_SECRET=SECRET)
    invited(app, "Ada Marsh", email=EMAIL)
    return app


def to_the_council_and_back(client: Desk) -> Any:
    """What a browser does: to the provider, and back to the desk with what it gave."""
    begun = client.get("/council/start")
    assert begun.status_code == 302, begun.get_data(as_text=True)
    sent = requests.get(begun.headers["Location"], allow_redirects=False, timeout=5)
    return client.get("/council/back?" + urlsplit(sent.headers["Location"]).query)


def test_the_account_made_for_a_confirmed_address_enters(provider: Provider):
    app = a_council_desk(provider)
    provider.claims = KNOWN
    client = app.test_client()
    assert "Sign in with your work account" in client.get("/sign-in").get_data(as_text=True)
    assert to_the_council_and_back(client).headers["Location"] == "/console/"
    assert "Ada Marsh" in client.get("/").get_data(as_text=True)


def test_the_claims_of_a_role_and_a_centre_enter_without_an_account_made_before(provider: Provider):
    app = a_council_desk(provider)
    provider.claims = CLAIMED
    client = app.test_client()
    assert to_the_council_and_back(client).status_code == 303
    page = client.get("/").get_data(as_text=True)
    assert "Ben Shore" in page
    assert client.get("/counts").status_code == 404


def test_a_coordinator_by_claim_sees_the_counts_and_loses_them_with_the_claim(provider: Provider):
    app = a_council_desk(provider)
    provider.claims = {**CLAIMED, "roles": ["other", "signpost-coordinator"]}
    client = app.test_client()
    to_the_council_and_back(client)
    assert client.get("/counts").status_code == 200
    provider.claims = CLAIMED
    to_the_council_and_back(client)
    assert client.get("/counts").status_code == 404
    assert len(app.extensions["accounts"].all()) == 2


@pytest.mark.parametrize(
    "claims",
    [
        {"email": EMAIL},
        {"email": EMAIL, "email_verified": False},
        {"email": EMAIL, "email_verified": "false"},
        {"email": "someone.else@example.org", "email_verified": True},
        {**CLAIMED, "roles": []},
        {**CLAIMED, "roles": "signpost-volunteer"},
        {**CLAIMED, "signpost_centres": ["samaritans"]},
        {**CLAIMED, "signpost_centres": None},
    ],
)
def test_others_of_the_council_do_not_enter(provider: Provider, claims: dict[str, Any]):
    app = a_council_desk(provider)
    provider.claims = claims
    client = app.test_client()
    assert to_the_council_and_back(client).status_code == 403
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "fault",
    [
        "another state",
        "another nonce",
        "another audience",
        "another key",
        "no signature",
        "too old",
        "no new password",
        "no time",
    ],
)
def test_what_is_forged_or_stale_opens_nothing(provider: Provider, fault: str):
    app = a_council_desk(provider)
    provider.claims, provider.fault = KNOWN, fault
    client = app.test_client()
    assert to_the_council_and_back(client).status_code in (403, 422)
    assert client.get("/").status_code == 303


def test_a_provider_with_another_name_than_the_settings_is_not_believed(provider: Provider):
    provider.fault = "another issuer"
    answered = a_council_desk(provider).test_client().get("/council/start")
    assert answered.status_code == 422
    assert "does not answer" in answered.get_data(as_text=True)


def test_an_answer_of_the_provider_is_good_once_and_for_the_browser_that_asked(provider: Provider):
    app = a_council_desk(provider)
    provider.claims = KNOWN
    client = app.test_client()
    begun = client.get("/council/start")
    sent = requests.get(begun.headers["Location"], allow_redirects=False, timeout=5)
    back = "/council/back?" + urlsplit(sent.headers["Location"]).query
    assert app.test_client().get(back).status_code == 422, "another browser"
    assert client.get(back).status_code == 303
    assert app.test_client().get(back).status_code == 422
    assert client.get(back).status_code == 422, "a second time"


def test_the_provider_is_told_to_ask_for_the_password_each_time(provider: Provider):
    provider.claims = KNOWN
    to_the_council_and_back(a_council_desk(provider).test_client())
    (asked,) = provider.seen
    assert asked["prompt"] == "login"
    assert asked["max_age"] == "0"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].endswith("/console/council/back")


def test_a_silent_provider_leaves_the_password_as_the_way_in():
    app = a_desk(OIDC_ISSUER="http://127.0.0.1:9", OIDC_CLIENT_ID=CLIENT, OIDC_CLIENT_SECRET=SECRET)
    answered = app.test_client().get("/council/start")
    assert answered.status_code == 422
    assert "use your password" in answered.get_data(as_text=True)
    someone(app)
    assert app.test_client().sign_in("Ada Marsh").status_code == 303


def test_a_locked_desk_opens_for_the_same_work_account_and_ends_for_another(provider: Provider):
    app = a_council_desk(provider)
    provider.claims = KNOWN
    client = app.test_client()
    to_the_council_and_back(client)
    with client.session_transaction() as session:
        token = session[people.COOKIE_KEY]
    client.get("/locked")
    page = client.get("/locked").get_data(as_text=True)
    assert "Unlock with your work account" in page
    assert 'name="password"' not in page, "there is no password to ask for"
    to_the_council_and_back(client)
    with client.session_transaction() as session:
        assert session[people.COOKIE_KEY] == token, "the same sitting"
    assert client.get("/").status_code == 200
    client.get("/locked")
    provider.claims = CLAIMED
    to_the_council_and_back(client)
    assert app.extensions["sittings"].find(token) is None
    assert "Ben Shore" in client.get("/").get_data(as_text=True)


def test_without_settings_there_is_no_such_way():
    app = a_desk()
    assert "work account" not in app.test_client().get("/sign-in").get_data(as_text=True)
    assert app.test_client().get("/council/start").headers["Location"].startswith("/console/sign-in")
