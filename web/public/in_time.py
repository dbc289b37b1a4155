"""An answer before the phone company gives up: the engine's where it comes in time, else the core's alone."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError

from signpost.model import Message, Situation
from web.gateway import Answer, Gateway, answer_alone
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
    return answer_alone(message, situation, place, dt.datetime.now(dt.timezone.utc))
