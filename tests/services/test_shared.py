"""What processes share over a real Redis: the order of turns, limits, the queue. And what becomes of each without it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest
import redis

from storage.turnstile import LEASE_SECONDS, Turnstile
from tests.services.servers import Redis
from tests.web.console_door import a_desk
from tests.web.door import a_client
from tests.web.sms_line import PHONE, some_settings
from tests.web.twilio_stub import twilio_stub
from web.jobs import make_jobs
from web.public.sms_store import SmsStore
from web.store import ConversationStore

NAME = "a" * 64


@pytest.fixture
def fresh(redis_server: Redis) -> Iterator[Redis]:
    """Redis with nothing in it, running; running again afterwards."""
    with redis.Redis.from_url(redis_server.url) as asked:
        asked.flushall()
    yield redis_server
    if redis_server.up:
        redis_server.signal(SIGCONT)
    else:
        redis_server.start()


@pytest.fixture(params=["memory", "redis"])
def turnstiles(request: pytest.FixtureRequest) -> list[Turnstile]:
    """Three turnstiles of one conversation: of three processes over Redis, or the one of a single process."""
    if request.param == "memory":
        return [Turnstile("web")] * 3
    url = request.getfixturevalue("fresh").url
    return [Turnstile("web", url) for _ in range(3)]


def test_turns_of_one_conversation_never_overlap(turnstiles: list[Turnstile]):
    inside, most, guard = 0, 0, threading.Lock()

    def turn(number: int) -> bool:
        nonlocal inside, most
        with turnstiles[number % 3].held(NAME, 10) as mine:
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.01)
            with guard:
                inside -= 1
        return mine

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(turn, range(36)))
    assert most == 1


def test_turns_come_in_the_order_in_which_they_were_asked_for(turnstiles: list[Turnstile]):
    for number in range(5):
        turnstiles[number % 3].stand(NAME, str(number))
    served = []
    for _ in range(5):
        (now,) = [str(number) for number in range(5) if str(number) not in served and turnstiles[number % 3].stand(NAME, str(number))]
        served.append(now)
        turnstiles[0].leave(NAME, now)
        turnstiles[int(now) % 3].leave(NAME, now)
    assert served == list("01234")


def test_other_conversations_do_not_wait(turnstiles: list[Turnstile]):
    with turnstiles[0].held(NAME, 1), turnstiles[1].held("b" * 64, 0) as mine:
        assert mine


def test_the_web_app_holds_a_conversation_while_the_engine_does(fresh: Redis):
    with Turnstile("web", fresh.url).held(NAME, 0), Turnstile("engine", fresh.url).held(NAME, 0) as mine:
        assert mine


def test_who_dies_in_a_turn_holds_the_others_up_for_a_lease_and_no_longer(turnstiles: list[Turnstile]):
    assert turnstiles[0].stand(NAME, "dead")
    began = time.monotonic()
    with turnstiles[1].held(NAME, 20) as mine:
        assert mine
    assert LEASE_SECONDS - 0.5 < time.monotonic() - began < LEASE_SECONDS + 1


def test_nobody_waits_longer_than_they_said(turnstiles: list[Turnstile]):
    assert turnstiles[0].stand(NAME, "slow")
    began = time.monotonic()
    with turnstiles[1].held(NAME, 0.2) as mine:
        assert not mine
    assert time.monotonic() - began < 1


def test_no_turn_leaves_anything_behind(fresh: Redis):
    with Turnstile("web", fresh.url).held(NAME, 1), redis.Redis.from_url(fresh.url) as asked:
        assert NAME in str(asked.keys())
    with redis.Redis.from_url(fresh.url) as asked:
        assert asked.keys() == []


@pytest.mark.parametrize("how", ["hung", "down"])
def test_without_redis_turns_are_kept_in_order_within_the_process(fresh: Redis, how: str):
    turnstile = Turnstile("web", fresh.url)
    if how == "hung":
        fresh.signal(SIGSTOP)
    else:
        fresh.stop()
    began = time.monotonic()
    with turnstile.held(NAME, 2) as mine, turnstile.held(NAME, 0.1) as also:
        assert (mine, also) == (True, False)
    assert time.monotonic() - began < 2


def test_engines_take_turns_over_redis(fresh: Redis, monkeypatch: pytest.MonkeyPatch):
    from bot.without_tensorflow import install

    install()
    from bot.lock_store import TurnLockStore

    monkeypatch.setenv("REDIS_URL", fresh.url)
    stores = [TurnLockStore(), TurnLockStore()]
    inside, most = 0, 0

    async def turn(number: int) -> None:
        nonlocal inside, most
        async with stores[number % 2].lock(NAME):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    async def all_turns() -> None:
        await asyncio.gather(*(turn(number) for number in range(12)))

    asyncio.run(all_turns())
    assert most == 1


# Limits.


def test_a_limit_counts_over_all_processes(fresh: Redis):
    clients = [a_client(REDIS_URL=fresh.url) for _ in range(2)]
    statuses = [clients[number % 2].post("/api/v1/messages", json={"text": "hi"}).status_code for number in range(62)]
    assert statuses[:60] == [200] * 60
    assert statuses[60:] == [429] * 2


@pytest.mark.parametrize("how", ["hung", "down"])
def test_without_redis_a_process_goes_on_limiting_by_itself(fresh: Redis, how: str):
    client = a_client(REDIS_URL=fresh.url)
    assert client.post("/api/v1/messages", json={"text": "hi"}).status_code == 200
    if how == "hung":
        fresh.signal(SIGSTOP)
    else:
        fresh.stop()
    slowest = 0.0
    statuses = []
    for _ in range(70):
        began = time.monotonic()
        statuses.append(client.post("/api/v1/messages", json={"text": "hi"}).status_code)
        slowest = max(slowest, time.monotonic() - began)
    assert set(statuses) == {200, 429}
    assert slowest < 3


@pytest.mark.parametrize("how", ["hung", "down"])
def test_without_redis_the_desk_goes_on_limiting_by_itself_and_nobody_waits_for_it(fresh: Redis, how: str):
    client = a_desk(limits=True, REDIS_URL=fresh.url).test_client()
    assert client.sign_in("Nobody Here", code="123456").status_code == 422
    if how == "hung":
        fresh.signal(SIGSTOP)
    else:
        fresh.stop()
    token, slowest, statuses = client.token("/sign-in"), 0.0, []
    for _ in range(40):
        began = time.monotonic()
        fields = {"csrf_token": token, "name": "Nobody Here", "password": "x", "code": "123456"}
        statuses.append(client.post("/sign-in", data=fields).status_code)
        slowest = max(slowest, time.monotonic() - began)
    assert 422 in statuses
    assert 429 in statuses
    assert slowest < 3


# The queue.


def test_a_text_goes_through_the_queue_of_redis(fresh: Redis, tmp_path: Path):
    with twilio_stub() as stub:
        settings = some_settings(tmp_path, redis_url=fresh.url, twilio_api_url=stub.address)
        jobs = make_jobs(settings, tmp_path)
        conversations = ConversationStore(settings.database_url, jobs.keys, 24)
        store = SmsStore(conversations.engine, jobs.keys, 72)
        jobs.deliver(store.put_outbound(PHONE, "Hello.", "ref-ref-ref"))
        with redis.Redis.from_url(fresh.url) as asked:
            held = b"".join(asked.lrange(key, 0, -1)[0] for key in asked.scan_iter() if asked.type(key) == b"list")
        assert PHONE.encode() not in held
        assert b"Hello" not in held
        task = jobs.queue.dequeue()
        assert task is not None
        jobs.queue.execute(task)
    assert len(stub.requests) == 1
