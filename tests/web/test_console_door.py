"""The desk's door: links that work once, a code that works once, waiting, the lock, one sitting at a time, nothing without signing in."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import Rule

from storage.sealing import Keys
from tests.builders import SECRET
from tests.web.console_door import CENTRE, OTHER_CENTRE, PASSWORD, Desk, a_desk, fresh_code, invited, someone
from web.console import accounts as accounts_module
from web.console import people
from web.console.accounts import Accounts, password_problem
from web.console.lockout import FREE_TRIES, LONGEST_WAIT, Lockout, wait_after
from web.console.sittings import IDLE_SECONDS, LONGEST_SECONDS, UNATTENDED_SECONDS, Sittings

OPEN_TO_ALL = {"door.sign_in", "door.set_up", "council.start", "council.back", "static"}


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def pass_(self, seconds: float) -> None:
        self.ahead += seconds


def with_clock(app: Flask) -> Clock:
    """An app whose sittings and waits go by a clock of the test's own."""
    clock = Clock()
    app.extensions["sittings"]._clock = clock
    app.extensions["lockout"]._clock = clock
    return clock


def path_of(rule: Rule) -> str:
    """Some address of a rule."""
    return re.sub(r"<[^>]+>", "1", rule.rule)


def the_routes(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN_TO_ALL]


# Nobody comes in without signing in


def test_the_routes_that_need_nobody_signed_in_are_these_and_no_others():
    assert people.OPEN == OPEN_TO_ALL
    assert len(the_routes(a_desk())) > 12


def test_every_other_route_sends_a_stranger_to_the_door_whatever_the_method():
    app = a_desk()
    for rule in the_routes(app):
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            answered = app.test_client().open(path_of(rule), method=method)
            assert answered.status_code in (303, 404), rule
            assert answered.headers.get("Location", "").startswith("/console/sign-in"), (rule, method)
            assert CENTRE not in answered.get_data(as_text=True)


def test_every_form_of_the_desk_is_refused_without_its_token():
    app = a_desk()
    who = someone(app, role="coordinator")
    before = len(app.extensions["audit"].rows())
    posts = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    assert len(posts) > 8
    for rule in posts:
        for fields in ({}, {"csrf_token": "forged"}):
            answered = who.client.post(path_of(rule), data=fields)
            assert answered.status_code in (303, 404), rule
    assert len(app.extensions["audit"].rows()) == before, "nothing was done"
    assert who.client.get("/").status_code == 200, "and nobody was signed out"


def test_no_page_of_the_desk_is_kept_by_a_browser_and_nothing_is_laid_in_its_storage():
    app = a_desk()
    client = someone(app, role="coordinator").client
    for path in ("/", "/sign-in", "/locked", "/shift", "/static/icon.svg", "/static/built/main.css", "/nothing-here"):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    for script in ("main.js", "walk_in.js"):
        code = (accounts_module.ROOT / "web" / "console" / "scripts" / script).read_text(encoding="utf-8")
        for storage in ("localStorage", "sessionStorage", "indexedDB", "caches.", "document.cookie"):
            assert storage not in code


def test_the_desks_cookie_is_its_own_and_holds_no_name():
    client = someone(a_desk()).client
    cookie = client.get_cookie("desk", path="/console")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/console"
    assert "Marsh" not in cookie.value
    secure = a_desk(PUBLIC_URL="https://signpost.example.org").config
    assert secure["SESSION_COOKIE_SECURE"] is True
    assert secure["SESSION_COOKIE_NAME"] == "__Secure-desk"


def test_a_cookie_signed_with_the_public_apps_key_opens_nothing():
    from flask.sessions import SecureCookieSessionInterface

    app = a_desk()
    who = someone(app)
    with who.client.session_transaction() as session:
        token = session[people.COOKIE_KEY]
    forger = Flask("forger")
    forger.secret_key = Keys.from_text(SECRET).name("cookie", "signing")
    signer = SecureCookieSessionInterface().get_signing_serializer(forger)
    assert signer is not None
    stranger = app.test_client()
    stranger.set_cookie("desk", signer.dumps({people.COOKIE_KEY: token}), path="/console")
    assert stranger.get("/").status_code == 303


# The set-up link


def a_code(app: Flask, name: str = "Ada Marsh") -> str:
    return fresh_code(app, name)


def set_up(app: Flask, link: str, client: Desk | None = None, **fields: str) -> object:
    client = client or app.test_client()
    given = {"password": PASSWORD, "again": PASSWORD, "code": a_code(app), **fields}
    page = f"/set-up/{link}"
    return client.post(page, data={"csrf_token": client.token(page), **given})


def test_a_set_up_link_works_once():
    app = a_desk()
    link = invited(app, "Ada Marsh")
    assert set_up(app, link).status_code == 303
    again = app.test_client().get(f"/set-up/{link}")
    assert again.status_code == 404
    assert "This link does not work" in again.get_data(as_text=True)


def test_two_who_hold_the_page_of_one_link_open_set_up_one_account_once():
    app = a_desk()
    link = invited(app, "Ada Marsh")
    first, second = app.test_client(), app.test_client()
    tokens = [client.token(f"/set-up/{link}") for client in (first, second)]
    answers = [
        client.post(f"/set-up/{link}", data={"csrf_token": token, "password": word, "again": word, "code": a_code(app)})
        for client, token, word in zip((first, second), tokens, (PASSWORD, "another long password"))
    ]
    assert [answer.status_code for answer in answers] == [303, 404]
    assert app.test_client().sign_in("Ada Marsh").status_code == 303


@pytest.mark.parametrize("link", ["forged", "x" * 32, "A" * 500, "..%2f..%2fetc"])
def test_a_forged_link_opens_nothing(link: str):
    app = a_desk()
    invited(app, "Ada Marsh")
    answered = app.test_client().get(f"/set-up/{link}")
    assert answered.status_code in (303, 404)
    assert "Ada" not in answered.get_data(as_text=True)


def test_a_link_is_over_after_two_days(monkeypatch: pytest.MonkeyPatch):
    app = a_desk()
    link = invited(app, "Ada Marsh")
    later = time.time() + accounts_module.LINK_HOURS * 3600 + 1
    monkeypatch.setattr(accounts_module.time, "time", lambda: later)
    assert app.extensions["accounts"].by_link(link) is None


def test_a_new_link_makes_the_old_one_and_the_old_password_worthless():
    app = a_desk()
    someone(app)
    old = invited(app, "Ada Marsh")
    new = invited(app, "ada  MARSH")
    assert app.test_client().get(f"/set-up/{old}").status_code == 404
    assert app.test_client().get(f"/set-up/{new}").status_code == 200
    assert app.test_client().sign_in("Ada Marsh").status_code == 422


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password": "short", "again": "short"}, "12 letters or more"),
        ({"password": "ada marsh 12", "again": "ada marsh 12"}, "Someone could guess that"),
        ({"password": "aaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaa"}, "Someone could guess that"),
        ({"password": "a" * 129, "again": "a" * 129}, "too long"),
        ({"again": "something else entirely"}, "not the same"),
        ({"code": "000000x"}, "code is not right"),
        ({"code": ""}, "Type the code"),
    ],
)
def test_a_wrong_form_leaves_the_link_as_it_was(fields: dict[str, str], said: str):
    app = a_desk()
    link = invited(app, "Ada Marsh")
    answered = set_up(app, link, **fields)
    assert answered.status_code == 422
    assert said in answered.get_data(as_text=True)
    assert set_up(app, link).status_code == 303


def test_codes_of_a_link_cannot_be_guessed_for_ever():
    app = a_desk()
    link = invited(app, "Ada Marsh")
    for _ in range(FREE_TRIES + 1):
        set_up(app, link, code="000000")
    assert "Too many tries" in set_up(app, link).get_data(as_text=True)


@given(st.text(min_size=0, max_size=200))
def test_no_password_that_is_taken_is_short_or_the_name(password: str):
    if password_problem(password, "Ada Marsh") is None:
        assert 12 <= len(password) <= 128
        assert password.casefold() != "ada marsh"


# Signing in


def test_name_password_and_code_open_the_desk_however_the_name_is_written():
    app = a_desk()
    someone(app)
    client = app.test_client()
    assert client.sign_in(" ada  marsh ", code=fresh_code(app, "Ada Marsh")).status_code == 303
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("wrong", ["name", "password", "code", "nothing set up"])
def test_whatever_is_wrong_the_answer_is_the_same(wrong: str):
    app = a_desk()
    someone(app)
    invited(app, "Ben Shore")
    name = {"name": "Nobody Here", "nothing set up": "Ben Shore"}.get(wrong, "Ada Marsh")
    code = "123" if wrong == "code" else fresh_code(app, "Ada Marsh" if wrong != "nothing set up" else "Ben Shore")
    answered = app.test_client().sign_in(name, "not the password" if wrong == "password" else PASSWORD, code)
    assert answered.status_code == 422
    assert "Name, password or code is wrong" in answered.get_data(as_text=True)


def test_a_code_that_was_used_does_not_open_the_desk_again():
    app = a_desk()
    someone(app)
    code = fresh_code(app, "Ada Marsh")
    assert app.test_client().sign_in("Ada Marsh", code=code).status_code == 303
    assert app.test_client().sign_in("Ada Marsh", code=code).status_code == 422


def test_the_code_that_finished_the_set_up_is_used_too():
    app = a_desk()
    link = invited(app, "Ada Marsh")
    code = pyotp.TOTP(app.extensions["accounts"].by_name("Ada Marsh").secret).now()
    assert set_up(app, link, code=code).status_code == 303
    assert app.test_client().sign_in("Ada Marsh", code=code).status_code == 422


@pytest.mark.parametrize("name", ["Ada Marsh", "Nobody Here"])
def test_after_some_failures_even_the_right_answer_waits_and_a_name_nobody_has_waits_too(name: str):
    app = a_desk()
    clock = with_clock(app)
    someone(app)
    for _ in range(FREE_TRIES + 1):
        assert app.test_client().sign_in(name, "not the password", "000000").status_code == 422
    code = fresh_code(app, "Ada Marsh")
    answered = app.test_client().sign_in(name, PASSWORD, code)
    assert answered.status_code == 429
    assert "Too many tries" in answered.get_data(as_text=True)
    clock.pass_(wait_after(FREE_TRIES + 1) + 1)
    assert app.test_client().sign_in(name, PASSWORD, code).status_code == (303 if name == "Ada Marsh" else 422)


def test_a_hundred_tries_in_one_moment_are_not_a_hundred_guesses():
    app = a_desk()
    lockout: Lockout = app.extensions["lockout"]
    with ThreadPoolExecutor(12) as pool:
        waits = list(pool.map(lambda _: lockout.wait("ada marsh"), range(100)))
    assert waits.count(0) <= FREE_TRIES + 1
    assert waits.count(0) >= 1


def test_each_failure_makes_the_wait_longer_up_to_a_quarter_of_an_hour():
    waits = [wait_after(failures) for failures in range(60)]
    assert waits[: FREE_TRIES + 1] == [0] * (FREE_TRIES + 1)
    assert waits == sorted(waits)
    assert waits[FREE_TRIES + 1] == 30
    assert waits[-1] == LONGEST_WAIT


def test_a_right_answer_makes_the_failures_before_it_forgotten():
    app = a_desk()
    someone(app)
    for _ in range(FREE_TRIES):
        app.test_client().sign_in("Ada Marsh", "not the password", "000000")
    assert app.test_client().sign_in("Ada Marsh").status_code == 303
    for _ in range(FREE_TRIES):
        assert app.test_client().sign_in("Ada Marsh", "not the password", "000000").status_code == 422


def test_failures_are_forgotten_after_a_day():
    app = a_desk()
    clock = with_clock(app)
    lockout: Lockout = app.extensions["lockout"]
    lockout.wait("ada marsh")
    assert lockout.forget_old() == 0
    clock.pass_(24 * 3600 + 1)
    assert lockout.forget_old() == 1


def test_too_many_tries_from_one_address_are_turned_away():
    app = a_desk(limits=True)
    client = app.test_client()
    token = client.token("/sign-in")
    for number in range(30):
        client.post("/sign-in", data={"csrf_token": token, "name": f"Someone {number}"})
    assert client.post("/sign-in", data={"csrf_token": token, "name": "Someone else"}).status_code == 429


def test_a_file_sent_with_a_form_is_not_looked_at():
    from io import BytesIO

    app = a_desk()
    client = app.test_client()
    token = client.token("/sign-in")
    answered = client.post("/sign-in", data={"csrf_token": token, "name": (BytesIO(b"Ada Marsh"), "name.exe")})
    assert answered.status_code == 422
    assert client.post("/sign-in", data={"csrf_token": token, "file": (BytesIO(b"x" * 100_000), "big")}).status_code in (303, 413)


# One sitting at a time


def token_of(client: Desk) -> str | None:
    with client.session_transaction() as session:
        return session.get(people.COOKIE_KEY)


def test_signing_in_gives_a_new_token_and_a_planted_one_is_worth_nothing():
    app = a_desk()
    someone(app)
    client = app.test_client()
    with client.session_transaction() as session:
        session[people.COOKIE_KEY] = "planted"
        session["left by another"] = "here"
    assert client.get("/").status_code == 303
    client.sign_in("Ada Marsh")
    assert token_of(client) not in (None, "planted")
    with client.session_transaction() as session:
        assert "left by another" not in session


def test_a_second_sign_in_ends_the_first_and_what_was_open_in_it():
    app = a_desk()
    ended: list[str] = []
    app.extensions["sittings"].when_ended(ended.append)
    first = someone(app).client
    sitting = app.extensions["sittings"].find(token_of(first))
    second = app.test_client()
    second.sign_in("Ada Marsh")
    assert second.get("/").status_code == 200
    answered = first.get("/")
    assert answered.status_code == 303
    assert "ended" in answered.headers["Location"]
    assert ended == [sitting.name]


def test_another_who_signs_in_at_the_same_desk_ends_the_sitting_before():
    app = a_desk()
    ended: list[str] = []
    app.extensions["sittings"].when_ended(ended.append)
    client = someone(app).client
    before = token_of(client)
    someone(app, "Ben Shore")
    client.post("/lock", data={"csrf_token": client.token()})
    page = client.get("/sign-in").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    code = fresh_code(app, "Ben Shore")
    answered = client.post("/sign-in", data={"csrf_token": token, "name": "Ben Shore", "password": PASSWORD, "code": code})
    assert answered.status_code == 303
    assert app.extensions["sittings"].find(before) is None
    assert len(ended) == 2, "Ada's sitting, and Ben's at the other desk"
    assert "Ben Shore" in client.get("/").get_data(as_text=True)


def test_signing_out_ends_the_sitting_on_the_server_too():
    app = a_desk()
    client = someone(app).client
    with client.session_transaction() as session:
        kept = dict(session)
    answered = client.send("/sign-out")
    assert answered.status_code == 303
    assert "storage" in answered.headers["Clear-Site-Data"]
    with client.session_transaction() as session:
        session.update(kept)
    assert client.get("/").status_code == 303


# The lock


def test_after_five_idle_minutes_nothing_is_shown_until_the_password_comes():
    app = a_desk()
    clock = with_clock(app)
    client = someone(app).client
    clock.pass_(IDLE_SECONDS - 5)
    assert client.get("/").status_code == 200
    clock.pass_(IDLE_SECONDS + 1)
    for path in ("/", "/shift", "/nothing-here"):
        answered = client.get(path)
        assert answered.status_code == 303
        assert answered.headers["Location"].endswith("/locked")
    page = client.get("/locked").get_data(as_text=True)
    assert "This desk is locked" in page
    assert "Venus" not in page
    assert client.send("/unlock", "/locked", password="not the password").status_code == 422
    assert client.get("/").status_code == 303
    assert client.send("/unlock", "/locked", password=PASSWORD).status_code == 303
    assert client.get("/").status_code == 200


def test_typing_keeps_the_desk_open():
    app = a_desk()
    clock = with_clock(app)
    client = someone(app).client
    token = client.token()
    for _ in range(4):
        clock.pass_(IDLE_SECONDS - 30)
        assert client.post("/still-here", headers={"X-CSRFToken": token}).status_code == 204
    assert client.get("/").status_code == 200


def test_what_the_browser_fetches_by_itself_does_not_keep_the_desk_open():
    app = a_desk()
    clock = with_clock(app)
    client = someone(app).client
    clock.pass_(IDLE_SECONDS - 5)
    client.get("/static/icon.svg")
    clock.pass_(10)
    assert client.get("/").status_code == 303


def test_the_page_of_the_lock_locks():
    client = someone(a_desk()).client
    assert "This desk is locked" in client.get("/locked").get_data(as_text=True)
    assert client.get("/").headers["Location"].endswith("/locked")


def test_a_locked_desk_is_opened_by_no_form_but_unlock():
    app = a_desk()
    client = someone(app, role="coordinator", centres=(CENTRE, OTHER_CENTRE)).client
    token = client.token()
    client.post("/lock", data={"csrf_token": token})
    for path in ("/centre", "/still-here", "/shift", "/counts", "/record.csv"):
        for method in ("GET", "POST"):
            answered = client.open(path, method=method, data={"csrf_token": token, "centre": OTHER_CENTRE})
            assert answered.headers["Location"].endswith("/locked"), path


def test_unlocking_cannot_be_tried_for_ever():
    app = a_desk()
    client = someone(app).client
    client.get("/locked")
    for _ in range(FREE_TRIES + 1):
        assert client.send("/unlock", "/locked", password="guess").status_code == 422
    assert client.send("/unlock", "/locked", password=PASSWORD).status_code == 429


def test_who_guesses_at_the_sign_in_page_does_not_keep_a_volunteer_from_unlocking():
    app = a_desk()
    client = someone(app).client
    client.get("/locked")
    for _ in range(FREE_TRIES + 2):
        app.test_client().sign_in("Ada Marsh", "guess", "000000")
    assert client.send("/unlock", "/locked", password=PASSWORD).status_code == 303


@pytest.mark.parametrize("seconds", [UNATTENDED_SECONDS + 1, LONGEST_SECONDS + 1])
def test_a_desk_that_nobody_comes_back_to_ends(seconds: int):
    app = a_desk()
    clock = with_clock(app)
    ended: list[str] = []
    app.extensions["sittings"].when_ended(ended.append)
    client = someone(app).client
    clock.pass_(seconds)
    assert "/sign-in" in client.get("/").headers["Location"]
    assert len(ended) == 1


def test_the_sweep_ends_desks_that_nobody_came_back_to():
    app = a_desk()
    clock = with_clock(app)
    sittings: Sittings = app.extensions["sittings"]
    someone(app)
    assert sittings.end_unattended() == 0
    clock.pass_(UNATTENDED_SECONDS + 1)
    assert sittings.end_unattended() == 1


def test_a_removed_account_is_out_at_its_next_click():
    app = a_desk()
    client = someone(app).client
    app.extensions["accounts"].remove("Ada Marsh")
    assert client.get("/").status_code == 303


# Where they sit, and what is kept of them


def test_a_volunteer_sits_at_a_centre_of_their_own_and_at_no_other():
    app = a_desk()
    client = someone(app, centres=(CENTRE, OTHER_CENTRE)).client
    client.send("/centre", centre=OTHER_CENTRE)
    assert app.extensions["sittings"].find(token_of(client)).centre == OTHER_CENTRE
    client.send("/centre", centre="fire-station-safe-haven-crosby")
    assert app.extensions["sittings"].find(token_of(client)).centre == OTHER_CENTRE


def test_the_stores_hold_no_name_no_password_and_no_secret_in_clear():
    app = a_desk()
    link = invited(app, "Ada Marsh", email="ada.marsh@example.org")
    set_up(app, link)
    secret = app.extensions["accounts"].by_name("Ada Marsh").secret
    app.extensions["engine"].dispose()
    stored = b"".join(path.read_bytes() for path in app.extensions["folder"].rglob("*") if path.is_file())
    for word in ("Marsh", "ada.marsh", PASSWORD, secret, link, "argon2"):
        assert word.encode() not in stored


def test_the_second_factor_is_on_the_page_of_the_link_as_a_square_and_in_letters():
    app = a_desk()
    page = app.test_client().get(f"/set-up/{invited(app, 'Ada Marsh')}").get_data(as_text=True)
    secret = app.extensions["accounts"].by_name("Ada Marsh").secret
    assert "<svg" in page
    assert re.search(r"data-secret>([A-Z2-7 ]+)<", page).group(1).replace(" ", "") == secret
    assert " style=" not in page


# The command


def command(monkeypatch: pytest.MonkeyPatch, app: Flask, *arguments: str) -> int:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("DATABASE_URL", app.extensions["settings"].database_url)
    monkeypatch.setenv("PUBLIC_URL", "https://signpost.example.org")
    return accounts_module.main(list(arguments))


def test_the_command_prints_a_link_that_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    app = a_desk()
    assert command(monkeypatch, app, "--name", "Ada Marsh", "--centre", CENTRE) == 0
    printed = capsys.readouterr().out
    found = re.search(r"^https://signpost\.example\.org/console/set-up/(\S+)$", printed, re.M)
    assert found
    assert set_up(app, found.group(1)).status_code == 303


def test_the_command_without_a_centre_lets_them_sit_at_any(monkeypatch: pytest.MonkeyPatch):
    app = a_desk()
    assert command(monkeypatch, app, "--name", "Ada Marsh", "--role", "coordinator") == 0
    accounts: Accounts = app.extensions["accounts"]
    made = accounts.by_name("Ada Marsh")
    assert {CENTRE, OTHER_CENTRE} <= set(made.centres)
    assert made.role == "coordinator"


@pytest.mark.parametrize("arguments", [("--name", "A"), ("--name", "Ada Marsh", "--centre", "no-such"), ("--name", "Nobody", "--remove")])
def test_the_command_says_what_is_wrong_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    app = a_desk()
    assert command(monkeypatch, app, *arguments) == 1
    assert capsys.readouterr().err
    assert app.extensions["accounts"].all() == []


def test_the_command_removes_an_account_and_ends_its_sitting(monkeypatch: pytest.MonkeyPatch):
    app = a_desk()
    client = someone(app).client
    assert command(monkeypatch, app, "--name", "Ada Marsh", "--remove") == 0
    assert client.get("/").status_code == 303
    assert app.test_client().get("/sign-in").status_code == 200
    assert app.extensions["accounts"].by_name("Ada Marsh") is None
