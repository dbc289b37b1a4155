"""Every store on SQLite and on a real PostgreSQL: the same promises on both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from signpost.model import Situation
from storage import rows
from storage.database import engine_for, prepare
from storage.sealing import Keys
from tests.builders import ROOT, SECRET
from web.public.sms_store import SmsStore, Talk
from web.store import Conversation, ConversationStore, new_token

NEW, OLD = "n" * 40, "o" * 40
PHONE = "+447700900123"
MARK = "zebrafinch"


def a_store(address: str, secret: str = SECRET, hours: float = 24) -> ConversationStore:
    return ConversationStore(address, Keys.from_text(secret), hours)


def texts(address: str, secret: str = SECRET) -> SmsStore:
    return SmsStore(engine_for(address), Keys.from_text(secret), 72)


def said(text: str) -> dict[str, Any]:
    return {"you": text}


def everything(address: str) -> list[Any]:
    engine = engine_for(address)
    with engine.connect() as connection:
        return [row for table in rows.tables_of(engine) for row in connection.execute(sa.select(table))]


# The web's conversations.


def test_a_conversation_is_found_by_its_token_until_it_is_erased(address: str):
    store, token = a_store(address), new_token()
    store.keep(Conversation(token, "en", Situation(area="bootle").as_json(), [said(MARK)]))
    found = store.find(token)
    assert found is not None
    assert (found.turns, found.situation["area"]) == ([said(MARK)], "bootle")
    assert MARK not in str(everything(address))
    assert token not in str(everything(address))
    store.erase(token)
    assert store.find(token) is None
    assert everything(address) == []


def test_an_expired_conversation_is_not_found_and_is_swept(address: str):
    store, token = a_store(address, hours=0), new_token()
    store.keep(Conversation(token, turns=[said(MARK)]))
    assert store.find(token) is None
    assert len(everything(address)) == 1
    assert store.erase_expired() == 1
    assert everything(address) == []


def test_of_two_who_read_the_same_conversation_neither_loses_what_was_said(address: str):
    one, other, token = a_store(address), a_store(address), new_token()
    one.keep(Conversation(token, turns=[said("first")], situation=Situation(issues=("asb",), turns=1).as_json()), 1)
    here, there = one.find(token), other.find(token)
    assert here is not None
    assert there is not None
    one.keep(here.with_(turns=[*here.turns, said("here")], situation=Situation(issues=("asb",), area="bootle", turns=2).as_json()), 1)
    other.keep(there.with_(turns=[*there.turns, said("there")], situation=Situation(issues=("fraud",), risk="soon", turns=2).as_json()), 1)
    found = one.find(token)
    assert found is not None
    assert found.turns == [said("first"), said("here"), said("there")]
    situation = Situation.from_json(found.situation)
    assert set(situation.issues) == {"asb", "fraud"}
    assert (situation.area, situation.risk, situation.turns) == ("bootle", "soon", 3)


def test_many_who_write_at_once_all_stand_in_the_conversation(address: str):
    stores, token = [a_store(address) for _ in range(3)], new_token()
    stores[0].keep(Conversation(token, turns=[said("first")]), 1)

    def write(number: int) -> None:
        store = stores[number % 3]
        found = store.find(token)
        assert found is not None
        store.keep(found.with_(turns=[*found.turns, said(str(number))]), 1)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(9)))
    found = stores[0].find(token)
    assert found is not None
    assert sorted(turn["you"] for turn in found.turns) == sorted(["first", *map(str, range(9))])


def test_what_was_said_while_the_store_was_down_joins_what_it_kept(address: str):
    store, token = a_store(address), new_token()
    store.keep(Conversation(token, turns=[said("before")], situation=Situation(strands=("race",), turns=1).as_json()), 1)
    store.keep(Conversation(token, turns=[said("after")], situation=Situation(area="crosby", turns=1).as_json()), 1)
    found = store.find(token)
    assert found is not None
    assert found.turns == [said("before"), said("after")]
    assert Situation.from_json(found.situation).strands == ("race",)


def test_a_row_of_an_older_version_gets_the_columns_that_are_new(address: str):
    engine = engine_for(address)
    kind = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE TABLE conversation (name VARCHAR(64) PRIMARY KEY, sealed {kind} NOT NULL, expires BIGINT NOT NULL)")
        )
    store, token = a_store(address), new_token()
    store.keep(Conversation(token, turns=[said("x")]))
    assert store.find(token) is not None
    a_store(address)


def test_processes_that_start_together_make_the_tables_once(address: str):
    with ThreadPoolExecutor(6) as pool:
        assert len(list(pool.map(lambda _number: a_store(address), range(6)))) == 6


# Keys.


def test_with_a_new_key_older_rows_open_and_are_written_under_the_new_one(address: str):
    token = new_token()
    a_store(address, OLD).keep(Conversation(token, turns=[said("x")]))
    both = a_store(address, f"{NEW},{OLD}")
    found = both.find(token)
    assert found is not None
    both.keep(found)
    assert len(everything(address)) == 1
    assert a_store(address, NEW).find(token) is not None


def test_after_a_rotation_the_old_key_opens_nothing_and_nothing_is_lost(address: str):
    tokens = [new_token() for _ in range(7)]
    for token in tokens:
        a_store(address, OLD).keep(Conversation(token, turns=[said(token)]))
    texts(address, OLD).keep(PHONE, Talk(locale="pl", seen=1.0))
    keys = Keys.from_text(f"{NEW},{OLD}")
    assert rows.seal_anew(engine_for(address), keys) == (8, 0)
    assert rows.seal_anew(engine_for(address), keys) == (0, 0)
    for token in tokens:
        found = a_store(address, f"{NEW},{OLD}").find(token)
        assert found is not None
        assert found.turns == [said(token)]
    assert texts(address, f"{NEW},{OLD}").find(PHONE) == Talk(locale="pl", seen=1.0)
    assert a_store(address, OLD).find(tokens[0]) is None


def test_a_rotation_says_how_many_rows_no_listed_key_opens(address: str):
    a_store(address, OLD).keep(Conversation(new_token()))
    assert rows.seal_anew(engine_for(address), Keys.from_text(NEW)) == (0, 1)


# Texts.


def test_a_delivery_is_answered_once_whichever_process_it_comes_to(address: str):
    stores = [texts(address) for _ in range(3)]

    def take(number: int) -> tuple[bool, str | None]:
        store = stores[number % 3]
        claim = store.claim("SM1", PHONE, 5)
        if claim.mine:
            time.sleep(0.1)
            store.answered("SM1", "the answer")
        return claim.mine, claim.answer

    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(take, range(6)))
    assert [mine for mine, _ in taken].count(True) == 1
    assert {answer for mine, answer in taken if not mine} == {"the answer"}


def test_a_delivery_whose_process_died_is_taken_over_when_the_proxy_sends_it_again(address: str):
    dead, alive = texts(address), texts(address)
    assert dead.claim("SM1", PHONE, 0, "request-7").mine
    assert not alive.claim("SM1", PHONE, 0, "request-8").mine
    assert alive.claim("SM1", PHONE, 0, "request-7").mine


def test_two_texts_of_one_phone_are_answered_one_after_the_other(address: str):
    one, other = texts(address), texts(address)
    assert one.hold(PHONE, 1)
    assert not other.hold(PHONE, 0.1)
    one.release(PHONE)
    assert other.hold(PHONE, 1)


def test_counters_count_every_one_of_many_at_once(address: str):
    stores = [texts(address) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(lambda number: stores[number % 3].count("x", 3600), range(24)))
    assert sorted(counts) == list(range(1, 25))


def test_a_wiped_phone_leaves_no_row_that_names_it(address: str):
    store = texts(address)
    store.keep(PHONE, Talk(seen=1.0))
    store.claim("SM1", PHONE, 0)
    store.put_outbound(PHONE, MARK, "ref-ref-ref")
    name = Keys.from_text(SECRET).name("sms", PHONE)
    assert name in str(everything(address))
    store.erase(PHONE)
    assert name not in str(everything(address))


# The engine's conversations.


@pytest.fixture
def tracker_stores(address: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Makes tracker stores on the same database, as two engines would."""
    from bot.without_tensorflow import install

    install()
    from rasa.shared.core.domain import Domain

    from bot.tracker_store import EncryptedTrackerStore

    monkeypatch.setenv("SECRET_KEY", SECRET)
    domain = Domain.from_dict({"slots": {"situation": {"type": "any", "mappings": [{"type": "custom"}]}}})
    return lambda: EncryptedTrackerStore(domain, host=address)


def turn(store: Any, sender: str, **known: Any) -> Any:
    """One turn: the tracker is read, a slot is set, nothing is written yet."""
    from rasa.shared.core.events import SlotSet

    tracker = asyncio.run(store.get_or_create_tracker(sender, append_action_listen=False))
    tracker.update(SlotSet("situation", known), store.domain)
    return tracker


def remembered(store: Any, sender: str) -> Any:
    tracker = asyncio.run(store.retrieve(sender))
    return tracker and tracker.get_slot("situation")


def test_engines_that_share_a_database_share_the_conversation(tracker_stores: Callable[[], Any], address: str):
    one, other = tracker_stores(), tracker_stores()
    asyncio.run(one.save(turn(one, "sender-1", area=MARK)))
    assert remembered(other, "sender-1") == {"area": MARK}
    assert MARK not in str(everything(address))
    assert "sender-1" not in str(everything(address))
    assert asyncio.run(other.delete("sender-1"))
    assert everything(address) == []


def test_of_two_engines_that_read_the_same_row_the_later_is_refused(tracker_stores: Callable[[], Any]):
    one, other = tracker_stores(), tracker_stores()
    asyncio.run(one.save(turn(one, "s", turns=1)))
    here, there = turn(one, "s", turns=2, who="one"), turn(other, "s", turns=2, who="other")
    asyncio.run(other.save(there))
    asyncio.run(one.save(here))
    assert remembered(one, "s")["who"] == "other"
    asyncio.run(one.save(turn(one, "s", turns=3)))
    assert remembered(other, "s") == {"turns": 3}


def test_an_expired_row_of_the_engine_is_not_read_and_does_not_stand_in_the_way(
    tracker_stores: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
):
    store = tracker_stores()
    asyncio.run(store.save(turn(store, "s", turns=1)))
    asyncio.run(store.save(turn(store, "s", turns=2)))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 100 * 3600)
    assert remembered(store, "s") is None
    asyncio.run(store.save(turn(store, "s", turns=1, again=True)))
    assert remembered(store, "s") == {"turns": 1, "again": True}


def test_a_tracker_store_whose_database_is_down_costs_nobody_the_answer(monkeypatch: pytest.MonkeyPatch, tracker_stores: Callable[[], Any]):
    store = tracker_stores()

    def down(*_given: Any, **_named: Any) -> Any:
        raise sa.exc.OperationalError("x", {}, Exception())

    monkeypatch.setattr(store._engine, "connect", down)
    monkeypatch.setattr(store._engine, "begin", down)
    assert remembered(store, "s") is None
    asyncio.run(store.save(turn(store, "s", turns=1)))
    assert not asyncio.run(store.delete("s"))


def test_rasa_opens_the_database_that_the_endpoints_name(address: str, monkeypatch: pytest.MonkeyPatch, tracker_stores: Callable[[], Any]):
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints

    from bot.tracker_store import unwrapped

    for name in ("CHANNEL_SECRET", "ACTIONS_URL"):
        monkeypatch.setenv(name, "not-asked-in-this-test")
    monkeypatch.setenv("TRACKER_URL", address)
    endpoint = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml")).tracker_store
    store = TrackerStore.create(endpoint, tracker_stores().domain)
    asyncio.run(store.save(turn(store, "s", turns=1)))
    assert remembered(tracker_stores(), "s") == {"turns": 1}
    assert asyncio.run(unwrapped(store).delete("s"))


def test_a_table_gets_its_columns_whatever_the_database(address: str):
    metadata = sa.MetaData()
    rows.sealed_table(metadata, "some")
    engine = engine_for(address)
    prepare(engine, metadata)
    assert {table.name for table in rows.tables_of(engine)} == {"some"}
