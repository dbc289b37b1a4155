"""An answer before the phone company gives up: the engine's where it comes in time, else the core's alone."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from functools import lru_cache

from signpost import turn
from signpost.model import Message, Situation
from signpost.reading import Reader
from signpost.rendering import plain
from web.gateway import Answer, Gateway, facts_of, words_of
from web.logs import log

_WORKERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sms-turn")


def answer_in_time(gateway: Gateway, message: Message, token: str, situation: Situation, place: str, seconds: float) -> Answer:
    """The gateway's answer within so many seconds; when it is late or breaks, the core's own, marked `degraded`."""
    asked = _WORKERS.submit(gateway.turn, message, token, situation)
    try:
        fault = asked.exception(timeout=seconds)
    except LateError as error:
        asked.cancel()
        fault = error
    if fault is None:
        return asked.result()
    log.warning("sms.gateway_failed", kind=type(fault).__name__)
    return answer_alone(message, situation, place)


def answer_alone(message: Message, situation: Situation, place: str, now: dt.datetime | None = None) -> Answer:
    """What the core says with no engine, at this minute or another."""
    facts = facts_of(place)
    locale = message.locale_hint or situation.locale
    words = words_of(locale)
    situation = situation.with_(channel=message.channel, locale=locale)
    reading, made = turn.take_turn(message, situation, _reader(place, locale), facts, words, now or dt.datetime.now(dt.timezone.utc))
    return Answer(made.reply, plain(made.reply, words), made.situation, reading, degraded=True, erase=made.erase)


@lru_cache(maxsize=32)
def _reader(place: str, locale: str) -> Reader:
    facts = facts_of(place)
    return Reader(locale if locale in facts.phrases else "en", facts)
