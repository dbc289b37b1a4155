"""From a door to an answer: Rasa where it answers in time, the core alone where it does not.

No answer, an error, or an empty one from the engine ends in the same place: the core reads the message with phrases
alone and answers, marked `degraded`. Nobody is left without a reply.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import requests
import structlog

from signpost import knowledge, turn, wording
from signpost.errors import WordingError
from signpost.house import House
from signpost.knowledge import Knowledge
from signpost.language import answer_locale, by_letters
from signpost.model import Block, Message, Reading, Situation, block_from_json, worse
from signpost.reading import Readers
from signpost.rendering import plain
from signpost.wording import SOURCE_LOCALE
from storage.sealing import Keys
from storage.settings import ROOT

log = structlog.get_logger()

CONNECT_SECONDS, ANSWER_SECONDS = 0.5, 2.0
# Another engine is asked only while there is time for an answer.
LEAST_SECONDS = 0.3
POOL = 32
# After a silence the engine is left alone this long, so that people do not each wait for it.
REST_SECONDS = 5.0
SECRET_HEADER = "X-Signpost-Secret"


@dataclass(frozen=True)
class Answer:
    """What a door gives back."""

    blocks: tuple[Block, ...]
    plain: str
    situation: Situation
    reading: Reading
    degraded: bool
    erase: bool

    @property
    def locale_asked(self) -> str | None:
        """The language the person asked for with this message, if the answer is in it."""
        asked = self.reading.asked_language
        return asked if asked == self.situation.locale else None


class _Silent(Exception):
    """This engine gave no answer."""


class _Engine:
    """One engine and whether it is worth asking. Threads share it."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = f"{url}/webhooks/signpost"
        self._session = requests.Session()
        self._session.headers[SECRET_HEADER] = secret
        self._session.mount("http", requests.adapters.HTTPAdapter(pool_maxsize=POOL))
        self._resting_until = 0.0

    @property
    def resting(self) -> bool:
        """Whether it was silent a moment ago."""
        return time.monotonic() < self._resting_until

    def turn(self, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        """What it says.

        Raises:
            _Silent: nothing, an error, or too late.
        """
        try:
            answered = self._session.post(f"{self._url}/turn", json=asked, timeout=(CONNECT_SECONDS, seconds))
            said = answered.json() if answered.status_code == 200 else {}
        except (requests.RequestException, ValueError) as error:
            log.warning("engine.silent", kind=type(error).__name__)
            self._resting_until = time.monotonic() + REST_SECONDS
            raise _Silent from None
        if not said.get("reply"):
            log.warning("engine.no_answer", status=answered.status_code)
            raise _Silent
        return said

    def erase(self, name: str) -> bool:
        """Erase what it keeps under this name; whether it confirmed that."""
        try:
            done = self._session.delete(f"{self._url}/conversation/{name}", timeout=(CONNECT_SECONDS, ANSWER_SECONDS))
        except requests.RequestException as error:
            log.warning("erase.engine_silent", kind=type(error).__name__)
            return False
        return done.status_code == 204

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            return self._session.get(f"{self._url}/", timeout=(CONNECT_SECONDS, ANSWER_SECONDS)).ok
        except requests.RequestException:
            return False


class Gateway:
    """One per process. `rasa_url` is one address or several, separated by commas: they are asked in turns, and where one
    is silent another is asked. `clock` is for tests."""

    def __init__(self, rasa_url: str, channel_secret: str, keys: Keys, place: str, clock: Any = None) -> None:
        self._engines = [_Engine(url.strip().rstrip("/"), channel_secret) for url in rasa_url.split(",") if url.strip()]
        self._next = itertools.count()
        self._keys = keys
        self._place = place
        self._clock = clock or (lambda: dt.datetime.now(dt.timezone.utc))

    def warm(self) -> None:
        """Read the phrases before anyone asks: the first answer without the engine must not wait for them."""
        _readers(self._place).of(SOURCE_LOCALE)

    def turn(self, message: Message, token: str, situation: Situation) -> Answer:
        """The answer to one message of the conversation with this token."""
        said = self._engine(message, token, situation)
        if said is not None:
            return said
        return answer_alone(message, situation, self._place, self._clock())

    def erase(self, token: str) -> list[str]:
        """Erase the engine's side of a conversation; the names (keyed hashes) that no engine confirmed."""
        return [name for name in self._keys.names("engine", token) if not self.erase_name(name)]

    def erase_name(self, name: str) -> bool:
        """Erase what the engine keeps under this name; whether one confirmed it. They share their store."""
        # One that was silent a moment ago would make the person who leaves wait.
        return any(engine.erase(name) for engine in self._engines if not engine.resting)

    def ready(self) -> list[bool]:
        """Whether each engine answers."""
        return [engine.ready() for engine in self._engines]

    def name_of(self, token: str) -> str:
        """The name (a keyed hash) under which the engine knows the conversation with this token."""
        return self._keys.name("engine", token)

    def _engine(self, message: Message, token: str, situation: Situation) -> Answer | None:
        asked = {
            "text": message.text,
            "choice": message.choice,
            "channel": message.channel,
            "locale": message.locale_hint,
            "situation": situation.as_json(),
            "sender": self.name_of(token),
        }
        began, first = time.monotonic(), next(self._next)
        for place in range(len(self._engines)):
            engine = self._engines[(first + place) % len(self._engines)]
            left = ANSWER_SECONDS - (time.monotonic() - began)
            if engine.resting or left < LEAST_SECONDS:
                continue
            try:
                said = engine.turn(asked, left)
            except _Silent:
                continue
            return Answer(
                tuple(block_from_json(item) for item in said["reply"]),
                said["plain"],
                Situation.from_json(said["situation"]),
                Reading.from_json(said["reading"]),
                degraded=False,
                erase=bool(said.get("erase")),
            )
        return None


def answer_alone(message: Message, situation: Situation, place: str, now: dt.datetime) -> Answer:
    """What the core says at this minute with no engine."""
    facts = facts_of(place)
    reading = _read_alone(message, situation, place)
    locale = answer_locale((reading.asked_language, message.locale_hint), reading.language, situation.locale, facts.languages)
    words = words_of(locale)
    situation = situation.with_(channel=message.channel, locale=locale)
    made = turn.answer_reading(reading, situation, House(facts, words, now))
    return Answer(made.reply, plain(made.reply, words), made.situation, reading, degraded=True, erase=made.erase)


def _read_alone(message: Message, situation: Situation, place: str) -> Reading:
    """The message read with phrases: in the language its letters tell, or the one asked for or in use, or English where
    that says more or graver things."""
    languages, readers = facts_of(place).languages, _readers(place)
    told = by_letters(message.text, languages) if message.text else None
    wanted = told or message.locale_hint or situation.locale
    reading = turn.read_message(message, readers.of(wanted))
    if languages.get(wanted, {}).get("read_as") == reading.language:
        reading = replace(reading, language=wanted)
    if message.choice or reading.language == SOURCE_LOCALE:
        return reading
    english = turn.read_message(message, readers.of(SOURCE_LOCALE))
    better = english.sure and not reading.sure
    return english if better or worse(english.risk, reading.risk) != reading.risk else reading


@lru_cache(maxsize=4)
def facts_of(place: str) -> Knowledge:
    """The knowledge of a place, read once in this process."""
    return knowledge.load(Path(ROOT) / "knowledge", place, wording.complete(Path(ROOT) / "locales"))


@lru_cache(maxsize=64)
def words_of(locale: str) -> wording.Wording:
    """The words of a locale, or English where there is no usable catalogue."""
    try:
        return wording.load(Path(ROOT) / "locales", locale)
    except WordingError:
        return wording.Wording()


@lru_cache(maxsize=4)
def _readers(place: str) -> Readers:
    return Readers(facts_of(place))
