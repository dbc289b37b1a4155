"""Two engines, two action servers, two web apps, PostgreSQL, Redis and nginx: one service, whatever of it dies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from signpost.model import Situation
from storage.database import engine_for
from storage.rows import tables_of
from storage.sealing import Keys
from tests.builders import SECRET
from tests.services.cluster import Cluster
from tests.services.faults import ANSWER_WITHIN_SECONDS, FAULTS, FIRST, Fault, someone, suffer
from tests.stack import another_caller
from web.store import Conversation, ConversationStore


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = Cluster()
    try:
        yield running.start()
    finally:
        running.end()


def say(cluster: Cluster, text: str, token: str | None, web: str) -> dict:
    """A message to one web app, past nginx, as its proxy would send it."""
    address = f"http://127.0.0.1:{cluster.ports[web]}/api/v1/messages"
    answered = requests.post(address, json={"text": text, "conversation": token}, headers=another_caller(), timeout=20)
    assert answered.status_code == 200, answered.text
    return answered.json()


def kept(cluster: Cluster, token: str) -> Conversation:
    found = ConversationStore(cluster.database, Keys.from_text(SECRET), 24).find(token)
    assert found is not None
    return found


def said(conversation: Conversation) -> list[str]:
    return [turn["you"] for turn in conversation.turns if "you" in turn]


def test_every_part_says_that_it_is_well(cluster: Cluster):
    assert cluster.parts() == {"engine": "ok", "actions": "ok", "store": "ok", "queue": "ok"}


def test_one_conversation_served_by_servers_in_turn_keeps_its_state_and_its_order(cluster: Cluster):
    texts = [FIRST, "can i report without my name?", "who can help me", "thank you", "what happens next", "how much does it cost"]
    token = None
    answers = []
    for number, text in enumerate(texts):
        answer = say(cluster, text, token, f"web-{number % 2 + 1}")
        token = answer["conversation"]
        answers.append(answer)
    assert not any(answer["degraded"] for answer in answers)
    assert {answer["conversation"] for answer in answers} == {token}
    assert all(answer["understood"]["area"] == "bootle" for answer in answers)
    assert said(kept(cluster, token)) == texts
    assert Situation.from_json(kept(cluster, token).situation).turns == len(texts)
    # Both engines took part.
    for number in (1, 2):
        assert psutil.Process(cluster.processes[f"engine-{number}"].pid).is_running()


def test_messages_of_one_conversation_sent_at_once_are_answered_one_after_the_other(cluster: Cluster):
    token = say(cluster, FIRST, None, "web-1")["conversation"]
    texts = [f"what happens next {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda item: say(cluster, item[1], token, f"web-{item[0] % 2 + 1}"), enumerate(texts)))
    assert {answer["conversation"] for answer in answers} == {token}
    conversation = kept(cluster, token)
    assert sorted(said(conversation)) == sorted([FIRST, *texts])
    # Each message is followed by its own reply.
    assert ["you" in turn for turn in conversation.turns] == [True, False] * 9
    assert Situation.from_json(conversation.situation).turns == 9


def test_an_erasure_at_one_web_app_erases_everywhere(cluster: Cluster):
    token = say(cluster, FIRST, None, "web-1")["conversation"]
    say(cluster, "thank you", token, "web-2")
    keys = Keys.from_text(SECRET)
    names = {keys.name("web", token), keys.name("tracker", keys.name("engine", token))}

    def rows() -> set[str]:
        engine = engine_for(cluster.database)
        with engine.connect() as connection:
            return {row[0] for table in tables_of(engine) for row in connection.execute(table.select())}

    assert names <= rows()
    address = f"http://127.0.0.1:{cluster.ports['web-2']}/api/v1/conversations/{token}"
    assert requests.delete(address, headers=another_caller(), timeout=10).status_code == 204
    assert not names & rows()


def test_no_process_has_a_secret_in_its_title_or_may_leave_a_core(cluster: Cluster):
    for name, process in cluster.processes.items():
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            title = " ".join(one.cmdline())
            assert SECRET not in title, name
            assert "a-channel-secret" not in title, name
            assert one.rlimit(psutil.RLIMIT_CORE)[0] == 0, name


def test_who_watches_from_outside_does_not_get_past_nginx(cluster: Cluster):
    assert someone().get(f"{cluster.address}/metrics", timeout=5).status_code == 404


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.what} {fault.how}".replace(" ", "-"))
def test_whatever_dies_nobody_is_left_without_an_answer_and_nothing_is_lost(cluster: Cluster, fault: Fault):
    found = suffer(cluster, fault)
    assert found.unanswered == []
    assert found.forgotten == 0
    assert found.slowest_seconds <= ANSWER_WITHIN_SECONDS
    assert found.messages > 20
    # Only where the machine that people talk to dies does a message have to be sent again.
    assert found.sent_again == 0 or "nginx" in fault.what


def test_after_all_of_that_no_log_holds_a_word_or_a_number(cluster: Cluster):
    logs = cluster.logs() + Path(cluster.postgresql.folder / "log").read_text() + Path(cluster.redis.folder / "log").read_text()
    assert "engine.silent" in logs, "the logs were read"
    for marked in ("my neighbour", "bootle shouts", "+4477009", "report without my name"):
        assert marked not in logs
