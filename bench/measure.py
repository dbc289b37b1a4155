"""Conversations put to a server, and how long each answer took."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bench.ours import CHANNEL_SECRET
from bench.servers import BenchError, Server, tail

Conversation = Sequence[str]
AT_ONCE = 4
WARM_UP = 3
JSON = {"Content-Type": "application/json"}


class Door(Protocol):
    """One way to put a message to a server. One door a conversation: some keep what the server gave them."""

    path: str

    def request(self, text: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The JSON body and further headers of one message."""

    def answered(self, answer: Any) -> bool:
        """Whether this is a real answer."""


@dataclass
class OurEngine:
    """The engine's own channel, as the web app uses it."""

    name: str
    path: str = "/webhooks/signpost/turn"

    def request(self, text: str) -> tuple[dict[str, Any], dict[str, str]]:
        """A message with nothing known beforehand."""
        about = {"choice": None, "locale": "en", "channel": "web", "situation": None}
        return {"text": text, "sender": self.name, **about}, {"X-Signpost-Secret": CHANNEL_SECRET}

    def answered(self, answer: Any) -> bool:
        """The actions said something."""
        return bool(answer.get("reply"))


@dataclass
class RestChannel:
    """Rasa's REST channel."""

    name: str
    path: str = "/webhooks/rest/webhook"

    def request(self, text: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The same message, with the same metadata."""
        return {"sender": self.name, "message": text, "metadata": {"locale": "en", "channel": "web", "situation": None}}, {}

    def answered(self, answer: Any) -> bool:
        """At least one reply."""
        return bool(answer)


@dataclass
class WholeTurn:
    """The JSON API that people's browsers use; each conversation comes from an address of its own."""

    name: str
    path: str = "/api/v1/messages"
    _token: str | None = None
    _address: str = field(init=False)

    def __post_init__(self) -> None:
        number = sum(ord(char) * 31**place for place, char in enumerate(self.name)) % 2**24
        self._address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def request(self, text: str) -> tuple[dict[str, Any], dict[str, str]]:
        """The next message of this conversation."""
        return {"text": text, "locale": "en", "conversation": self._token}, {"X-Forwarded-For": self._address}

    def answered(self, answer: Any) -> bool:
        """A reply that the engine gave: one that the core gave alone is none of the whole turn."""
        self._token = answer["conversation"]
        return bool(answer["reply"]) and not answer["degraded"]


@dataclass(frozen=True)
class Traffic:
    """One or more rounds of conversations: seconds by answered message, wall clock in all, processor time of the server."""

    latencies: tuple[float, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    unanswered: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.latencies + other.latencies,
            self.seconds + other.seconds,
            self.cpu_seconds + other.cpu_seconds,
            self.unanswered + other.unanswered,
        )

    @property
    def per_second(self) -> float:
        """Messages answered a second."""
        return len(self.latencies) / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """So many percent of the answers took no longer, in milliseconds."""
        return float(np.percentile(self.latencies, percent)) * 1000

    @property
    def cpu_ms(self) -> float:
        """Processor time of the server for one message, in milliseconds."""
        return self.cpu_seconds / (len(self.latencies) + self.unanswered) * 1000


@dataclass
class Contender:
    """A server, how it is asked, and what was seen of it. `first_ms` is the first answer of all after a start."""

    server: Server
    door: Callable[[str], Door]
    conversations: Sequence[Conversation]
    starts: list[float] = field(default_factory=list)
    first_ms: float = 0.0
    loaded_mb: float = 0.0
    after_mb: float = 0.0
    ones: list[Traffic] = field(default_factory=list)
    manies: list[Traffic] = field(default_factory=list)

    def start(self, times: int) -> None:
        """Start it so many times and ask a little to warm it; it stays up after the last.

        Raises:
            BenchError: it did not start, or does not answer.
        """
        for number in range(times):
            if number:
                self.server.stop()
            self.starts.append(self.server.start())
        self.loaded_mb = self.server.memory_mb()
        warm = put(self.server, self.door, self.conversations[:WARM_UP], "warm")
        if warm.unanswered:
            raise BenchError(f"{self.server.name} runs but does not answer.\n{tail(self.server.log)}")
        self.first_ms = warm.latencies[0] * 1000

    def round(self, number: int) -> None:
        """One conversation after another, then several at once."""
        self.ones.append(put(self.server, self.door, self.conversations, f"one-{number}"))
        self.manies.append(put(self.server, self.door, self.conversations, f"many-{number}", AT_ONCE))

    def weigh(self) -> None:
        """Note its memory after all the traffic."""
        self.after_mb = self.server.memory_mb()

    @property
    def one(self) -> Traffic:
        """All rounds of one conversation after another."""
        return sum(self.ones, Traffic())

    @property
    def many(self) -> Traffic:
        """All rounds of several at once."""
        return sum(self.manies, Traffic())

    @property
    def start_seconds(self) -> float:
        """The quicker of its starts: the first also reads the disk."""
        return min(self.starts)

    @property
    def unanswered(self) -> int:
        """How many messages got no proper answer."""
        return self.one.unanswered + self.many.unanswered


def put(server: Server, door: Callable[[str], Door], conversations: Sequence[Conversation], label: str, at_once: int = 1) -> Traffic:
    """Hold the conversations, message after message, so many at once.

    Raises:
        BenchError: an answer was no answer at all (an error, a closed door).
    """
    before, began = server.cpu_seconds(), time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        held = list(pool.map(lambda item: _hold(server.port, door(f"{label}-{item[0]}"), item[1]), enumerate(conversations)))
    seconds = time.perf_counter() - began
    return Traffic(
        tuple(latency for latencies, _ in held for latency in latencies),
        seconds,
        server.cpu_seconds() - before,
        sum(unanswered for _, unanswered in held),
    )


def _hold(port: int, door: Door, conversation: Conversation) -> tuple[list[float], int]:
    latencies, unanswered = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for text in conversation:
            body, headers = door.request(text)
            packed = json.dumps(body).encode()
            began = time.perf_counter()
            connection.request("POST", door.path, packed, {**JSON, **headers})
            answer = connection.getresponse()
            read = answer.read()
            spent = time.perf_counter() - began
            if answer.status != 200:
                raise BenchError(f"{door.path} answered {answer.status}.")
            # What was not answered took no time worth counting.
            if door.answered(json.loads(read)):
                latencies.append(spent)
            else:
                unanswered += 1
    finally:
        connection.close()
    return latencies, unanswered
