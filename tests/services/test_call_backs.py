"""Call-backs that people agreed to, while every part that takes, keeps and sends them is broken: each arrives, none as two."""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from storage.database import engine_for
from storage.sealing import Keys
from tests.builders import SECRET
from tests.services.cluster import Cluster
from tests.services.faults import FAULTS, PAUSE_SECONDS, someone
from tests.web.console_door import CENTRE, PASSWORD, fresh_code_of
from tests.web.test_referrals import SECRET as HOOK_SECRET
from tests.web.test_referrals import Hook
from tests.web.walk_in import HELPER, NUMBER, REPORT, YES_TO_ALL
from web.console.accounts import Accounts
from web.console.referrals import REFERRALS, STUCK_SECONDS

VOLUNTEERS = 4
# People come until the worker was killed so often in the middle of sending and all else was broken once, or for so long.
KILLED, LOAD_SECONDS = 4, 400.0
# Long enough to be killed in.
SENDING_SECONDS = 0.5
TRY_SECONDS, ARRIVE_SECONDS = 60.0, 150.0
# Two calls so far apart cannot both fall on a full minute.
AT_ONCE_SECONDS = 10.0


class Receiver(Hook):
    """A service's webhook that knows how many deliveries it is in the middle of."""

    def __init__(self) -> None:
        super().__init__()
        self.wait = SENDING_SECONDS

    def arrived(self) -> dict[str, list[str]]:
        """The deliveries that came, by the words of the person whom they are about."""
        found: dict[str, list[str]] = {}
        for headers, body in list(self.got):
            (words,) = json.loads(body)["facts"]["what_happened"]["own_words"]
            found.setdefault(words, []).append(headers["X-Signpost-Delivery"])
        return found


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def cluster(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    routes = tmp_path_factory.mktemp("routes") / "routes.yml"
    routes.write_text(f"- service: {HELPER}\n  webhook: {receiver.address}\n  secret: {HOOK_SECRET}\n", encoding="utf-8")
    running = Cluster(REFERRAL_ROUTES=str(routes))
    try:
        yield running.start()
    finally:
        running.end()


class Volunteer:
    """Someone at the desk in a browser of their own, who tries again when a page does not come."""

    def __init__(self, cluster: Cluster, accounts: Accounts, name: str) -> None:
        self._desk = f"{cluster.address}/console"
        self._session = someone()
        link = accounts.invite(name, "volunteer", (CENTRE,))
        fields = {"password": PASSWORD, "again": PASSWORD, "code": fresh_code_of(accounts, name)}
        self._send(f"/set-up/{link}", f"/set-up/{link}", **fields)

    def _patiently(self, ask: Callable[[], requests.Response]) -> requests.Response:
        until = time.monotonic() + TRY_SECONDS
        while True:
            try:
                answered = ask()
                # A process that is killed while it sends leaves half a page, which a browser refuses.
                if answered.status_code < 500 and (answered.status_code != 200 or "</html>" in answered.text):
                    return answered
            except requests.ConnectionError:
                pass
            assert time.monotonic() < until, "the desk did not come back"
            time.sleep(0.2)

    def _send(self, path: str, page: str, **fields: Any) -> str:
        """Fill in the form of a page; where it leads."""
        shown = self._patiently(lambda: self._session.get(f"{self._desk}{page}", timeout=15))
        found = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
        assert found, f"{page} has no form: {shown.status_code} {shown.url}"
        given = {"csrf_token": found.group(1), **fields}
        sent = self._patiently(lambda: self._session.post(f"{self._desk}{path}", data=given, timeout=15, allow_redirects=False))
        assert sent.status_code == 303, (path, sent.status_code)
        return sent.headers["Location"]

    def help(self, words: str) -> None:
        """One person: from their first words to the call that they agree to, and the end."""
        self._send("/walk-in/begin", "/", language="en")
        self._send("/walk-in/say", "/walk-in/talk", text=words, who="person")
        self._send("/walk-in/choose", "/walk-in/choose", route=REPORT, service=HELPER, number=NUMBER, word="heron")
        assert self._send("/walk-in/agree", "/walk-in/agree", **YES_TO_ALL).endswith("/walk-in/sheet")
        ended = self._patiently(lambda: self._session.get(f"{self._desk}/walk-in/end", timeout=15))
        assert ended.status_code == 200
        self._end()

    def _end(self) -> None:
        shown = self._patiently(lambda: self._session.get(f"{self._desk}/walk-in/end", timeout=15))
        found = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)
        if found:
            data = {"csrf_token": found.group(1), "face": "yes"}
            self._patiently(lambda: self._session.post(f"{self._desk}/walk-in/end", data=data, timeout=15))


class Killer(threading.Thread):
    """Kills the queue worker in the middle of sending, and then breaks one part after the other, until it is told to stop."""

    def __init__(self, cluster: Cluster, receiver: Receiver) -> None:
        super().__init__(daemon=True)
        self._cluster, self._receiver = cluster, receiver
        self.done = threading.Event()
        self.in_the_middle = 0
        self.broken: set[str] = set()

    @property
    def enough(self) -> bool:
        """Every part was broken once, and the worker often enough in the middle."""
        return self.in_the_middle >= KILLED and len(self.broken) == len(FAULTS)

    def run(self) -> None:
        for fault in itertools.cycle(FAULTS):
            if self.done.is_set():
                return
            self._in_the_middle_of_sending()
            fault.do(self._cluster)
            self.done.wait(fault.seconds)
            fault.undo(self._cluster)
            self._cluster.restart_dead()
            self._cluster.wait_well(60)
            self.broken.add(fault.what)

    def _in_the_middle_of_sending(self) -> None:
        came = len(self._receiver.got)
        until = time.monotonic() + 6
        while len(self._receiver.got) == came and time.monotonic() < until and not self.done.is_set():
            time.sleep(0.01)
        if len(self._receiver.got) > came:
            # What came has not been answered yet.
            self._cluster.kill("jobs")
            self._cluster.restart_dead()
            self.in_the_middle += 1


def states(cluster: Cluster) -> list[tuple[str, bool]]:
    """How far each call-back is, and whether anything of it is left."""
    with engine_for(cluster.database).connect() as connection:
        return [(row.state, bool(row.sealed)) for row in connection.execute(sa.select(REFERRALS))]


def the_accounts(cluster: Cluster) -> Accounts:
    return Accounts(engine_for(cluster.database), Keys.from_text(SECRET))


def test_a_call_that_was_agreed_to_is_sent_at_once(cluster: Cluster, receiver: Receiver):
    # The worker looks by itself at each full minute: one of two calls comes between.
    for number in range(2):
        Volunteer(cluster, the_accounts(cluster), f"Volunteer at once {number}").help(f"my neighbour hit me because i am polish {number}")
        began = time.monotonic()
        while len(receiver.arrived()) <= number and time.monotonic() - began < AT_ONCE_SECONDS:
            time.sleep(0.1)
        assert len(receiver.arrived()) == number + 1
        time.sleep(AT_ONCE_SECONDS)


def test_whatever_part_is_broken_each_call_that_was_agreed_to_arrives_and_can_be_told_from_its_repeats(
    cluster: Cluster, receiver: Receiver
):
    before = len(states(cluster))
    volunteers = [Volunteer(cluster, the_accounts(cluster), f"Volunteer {chr(65 + number)}") for number in range(VOLUNTEERS)]
    killer = Killer(cluster, receiver)
    people: list[str] = []

    def shift(number: int) -> None:
        until = time.monotonic() + LOAD_SECONDS
        while not killer.enough and time.monotonic() < until:
            words = f"my neighbour in bootle hit me because i am polish zebrafinch{number}x{len(people)}"
            volunteers[number].help(words)
            people.append(words)
            killer.done.wait(PAUSE_SECONDS)

    killer.start()
    try:
        with ThreadPoolExecutor(VOLUNTEERS) as pool:
            list(pool.map(shift, range(VOLUNTEERS)))
    finally:
        killer.done.set()
        killer.join(120)
    # Ten minutes later, by the only clock that is asked: what a dead worker held is taken up by the next one.
    cluster.kill("jobs")
    with engine_for(cluster.database).begin() as connection:
        held = REFERRALS.c.state == "sending"
        stuck = connection.execute(sa.update(REFERRALS).where(held).values(due=REFERRALS.c.due - STUCK_SECONDS - 1)).rowcount
    receiver.wait = 0.0
    cluster.restart_dead()
    until = time.monotonic() + ARRIVE_SECONDS
    while {state for state, _left in states(cluster)} != {"delivered"} and time.monotonic() < until:
        time.sleep(0.5)

    assert states(cluster) == [("delivered", False)] * (before + len(people)), "one call each, and nothing of it left here"
    arrived = receiver.arrived()
    assert set(arrived) >= set(people), "none is lost"
    assert {len(set(names)) for names in arrived.values()} == {1}, "a repeat has the name of the first"
    assert killer.enough, (killer.in_the_middle, killer.broken)
    assert stuck >= 1
    assert sum(map(len, arrived.values())) >= before + len(people) + stuck, "what was cut off in the middle came again"
    assert "zebrafinch" not in cluster.logs()
    assert NUMBER[-6:] not in cluster.logs()
