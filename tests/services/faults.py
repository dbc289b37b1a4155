"""What is broken while people talk, and what they noticed. `python -m bench.faults` writes it into docs/reliability.md."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any
from xml.etree import ElementTree

import requests
from requests.adapters import HTTPAdapter

from storage.database import REST_SECONDS
from tests.services.cluster import TWILIO_TOKEN, Cluster
from web.public.twilio.signature import HEADER, sign

TALKERS, PHONES = 8, 2
PAUSE_SECONDS = 1.1
ANSWER_WITHIN_SECONDS = 5.0
OUTAGE_SECONDS = 20.0
FIRST = "my neighbour in bootle shouts at me in the street because i am polish"
THEN = ("can i report without my name?", "what happens next", "who can help me", "thank you", "how much does it cost")


class _From(HTTPAdapter):
    """Connections from an address of their own: all of 127.0.0.0/8 is this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, source_address=(self._address, 0), **named)


def someone() -> requests.Session:
    """A client from an address that nobody else has."""
    session = requests.Session()
    session.mount("http://", _From(f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 2}"))
    return session


# What nginx says when every server it tried broke off: the person sends the message again.
NO_SERVER = 502


@dataclass
class Heard:
    """What people noticed. `sent_again`: the connection broke before an answer, and the same message went again at once."""

    latencies: list[float] = field(default_factory=list)
    degraded: int = 0
    unanswered: list[str] = field(default_factory=list)
    sent_again: int = 0
    forgotten: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Talkers:
    """Ten people who talk until they are told to stop: eight on the web, two by text."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._done = threading.Event()
        self.heard = Heard()
        talk = [threading.Thread(target=self._on_the_web) for _ in range(TALKERS)]
        self._threads = [*talk, *(threading.Thread(target=self._by_text) for _ in range(PHONES))]

    def __enter__(self) -> Talkers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, send: Callable[[], requests.Response]) -> requests.Response | None:
        began = time.monotonic()
        answered = None
        for last_try in (False, True):
            try:
                answered = send()
                if answered.status_code != NO_SERVER or last_try:
                    break
                with self.heard.lock:
                    self.heard.sent_again += 1
            except requests.ConnectionError as error:
                with self.heard.lock:
                    self.heard.sent_again += not last_try
                    if last_try:
                        self.heard.unanswered.append(type(error).__name__)
            except requests.RequestException as error:
                with self.heard.lock:
                    self.heard.unanswered.append(type(error).__name__)
                break
        with self.heard.lock:
            self.heard.latencies.append(time.monotonic() - began)
            if answered is not None and answered.status_code != 200:
                self.heard.unanswered.append(str(answered.status_code))
                return None
        return answered

    def _on_the_web(self) -> None:
        session, token, said = someone(), None, 0
        remembered = True
        while not self._done.is_set() or not remembered:
            text = THEN[said % len(THEN)] if token else FIRST
            body = {"text": text, "conversation": token}
            answered = self._ask(lambda body=body: session.post(f"{self._cluster.address}/api/v1/messages", json=body, timeout=15))
            if answered is not None:
                answer = answered.json()
                with self.heard.lock:
                    self.heard.degraded += answer["degraded"]
                same = token in (None, answer["conversation"])
                token, said = answer["conversation"], said + 1
                # While the store is down nothing is remembered; what counts is that it is all there afterwards.
                remembered = same and answer["understood"]["area"] == "bootle" and "race" in answer["understood"]["strands"]
                if self._done.is_set() and not remembered:
                    with self.heard.lock:
                        self.heard.forgotten += 1
                    return
            elif self._done.is_set():
                return
            self._done.wait(PAUSE_SECONDS)

    def _by_text(self) -> None:
        session, said, number = someone(), 0, ""
        while not self._done.is_set():
            if said % 6 == 0:
                number = f"+4477009{secrets.randbelow(10**5):05d}"
            fields = {"MessageSid": "SM" + secrets.token_hex(16), "From": number, "To": "+447700909999", "NumMedia": "0"}
            fields["Body"] = (FIRST, "1", "more", *THEN)[said % 6]
            url = f"{self._cluster.address}/sms"
            headers = {HEADER: sign(TWILIO_TOKEN, url, fields)}
            answered = self._ask(lambda u=url, f=fields, h=headers: session.post(u, data=f, headers=h, timeout=15))
            if answered is not None and not list(ElementTree.fromstring(answered.content).iter("Message")):
                with self.heard.lock:
                    self.heard.unanswered.append("empty")
            said += 1
            self._done.wait(PAUSE_SECONDS)


@dataclass(frozen=True)
class Fault:
    """Something that breaks: `do` breaks it, `seconds` later `undo` mends it (what a supervisor or an operator does)."""

    what: str
    how: str
    do: Callable[[Cluster], None]
    undo: Callable[[Cluster], None]
    seconds: float
    times: int = 1


def _restart(cluster: Cluster) -> None:
    cluster.restart_dead()


def _nothing(_cluster: Cluster) -> None:
    """It comes back by itself."""


def _hang(cluster: Cluster) -> None:
    cluster.postgresql.signal(SIGSTOP)
    cluster.redis.signal(SIGSTOP)


def _go_on(cluster: Cluster) -> None:
    cluster.postgresql.signal(SIGCONT)
    cluster.redis.signal(SIGCONT)


KILLED = "killed (SIGKILL), started again after 3 s"
FAULTS = (
    Fault("one of two engines", KILLED, lambda c: c.kill("engine-1"), _restart, 3),
    Fault("one of two action servers", KILLED, lambda c: c.kill("actions-2"), _restart, 3),
    Fault("one of two web apps", KILLED, lambda c: c.kill("web-1"), _restart, 3, times=2),
    Fault("the worker of a web app", "killed; its master starts another", lambda c: c.kill_child("web-2"), _nothing, 3, times=2),
    Fault("the queue worker", KILLED, lambda c: c.kill("jobs"), _restart, 2),
    Fault("a worker of nginx", "killed; its master starts another", lambda c: c.nginx.workers()[0].kill(), _nothing, 2),
    Fault("both engines", KILLED, lambda c: (c.kill("engine-1"), c.kill("engine-2"))[0], _restart, 3),
    Fault("PostgreSQL", "killed, started after 20 s", lambda c: c.postgresql.stop(SIGKILL), lambda c: c.postgresql.start(), OUTAGE_SECONDS),
    Fault("Redis", "killed, started after 20 s", lambda c: c.redis.stop(SIGKILL), lambda c: c.redis.start(), OUTAGE_SECONDS),
    Fault("PostgreSQL and Redis", "hung (SIGSTOP) for 20 s", _hang, _go_on, OUTAGE_SECONDS),
)


@dataclass(frozen=True)
class Found:
    """One line of the table."""

    what: str
    how: str
    times: int
    messages: int
    degraded: int
    sent_again: int
    unanswered: list[str]
    forgotten: int
    slowest_seconds: float
    recovered_seconds: float


def suffer(cluster: Cluster, fault: Fault) -> Found:
    """Let ten people talk, break something, mend it, and see what they noticed. Recovery counts from the mending until
    every part says that it is well."""
    with Talkers(cluster) as talkers:
        recovered = 0.0
        for _ in range(fault.times):
            time.sleep(2)
            fault.do(cluster)
            time.sleep(fault.seconds)
            fault.undo(cluster)
            recovered = max(recovered, cluster.wait_well(60))
        # What was silent is asked again after its rest.
        time.sleep(REST_SECONDS + 1)
    heard = talkers.heard
    return Found(
        fault.what, fault.how, fault.times, len(heard.latencies), heard.degraded, heard.sent_again, heard.unanswered, heard.forgotten,
        round(max(heard.latencies), 2), round(recovered, 1),
    )  # fmt: skip
