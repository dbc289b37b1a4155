"""Text messages: Twilio's webhook and its delivery reports.

The reply travels in the webhook's own answer, so that no number is stored. The number is in this request alone: what is
remembered is named by a keyed hash of it. Nothing is trusted or done before the signature is checked.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from signpost.carrier import load_words
from signpost.model import Message, Situation
from signpost.segments import segments
from storage.settings import ROOT, Settings
from web import metrics
from web.gateway import Answer, facts_of, words_of
from web.logs import log
from web.public.attempt import attempt
from web.public.in_time import answer_in_time
from web.public.sms_store import CLEAN_EVERY_SECONDS, SmsStore, Talk
from web.public.sms_talk import Inbound, Outcome, Texting, busy_text, fault_text
from web.public.twilio.signature import HEADER, is_signed
from web.public.twilio.twiml import as_twiml

blueprint = Blueprint("sms", __name__)

# A phone has a country code and at least seven digits. Short codes and named senders (BANK) do not match.
PHONE = re.compile(r"\+[1-9]\d{6,14}\Z")
MESSAGE_ID = re.compile(r"[A-Za-z0-9]{2,64}\Z")
REF = re.compile(r"[A-Za-z0-9_-]{10,64}\Z")
STATUSES = frozenset(
    {
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "read",
        "receiving",
        "received",
    }
)
# Twilio waits 15 seconds; the answer is there within 10.
TURN_SECONDS, HOLD_SECONDS, REPEAT_SECONDS = 5.0, 2.0, 8.0
# What one phone may send. People in trouble text in bursts; machines go on.
PER_FIVE_MINUTES, PER_HOUR = 15, 60
DAY = 86400
CAP_WARNING = 0.8


@dataclass(frozen=True)
class SmsDoor:
    """What the webhook needs at hand. `clock` gives the minute of a text, with its time zone."""

    settings: Settings
    store: SmsStore
    texting: Texting
    clock: Callable[[], dt.datetime]


def open_door(app: Flask, clock: Callable[[], dt.datetime] | None = None) -> None:
    """Give the app its door for texts. Its other extensions must be there."""
    settings: Settings = app.extensions["settings"]
    keys = app.extensions["keys"]
    store = SmsStore(app.extensions["conversations"].store.engine, keys, settings.retention_hours_sms)
    texting = Texting(
        load_words(Path(ROOT) / "knowledge"),
        facts_of(settings.place),
        settings.twilio_sender,
        settings.sms_silence_hours,
        lambda text: keys.name("sms-text", text.strip())[:16],
    )
    app.extensions["sms"] = SmsDoor(settings, store, texting, clock or (lambda: dt.datetime.now(dt.timezone.utc)))


def _door() -> SmsDoor:
    door: SmsDoor = current_app.extensions["sms"]
    return door


@blueprint.post("/sms")
def receive() -> Response:
    """Answer one text."""
    began = time.monotonic()
    if refused := _refused():
        return refused
    number, message_id = request.form.get("From", ""), request.form.get("MessageSid", "")
    if not PHONE.match(number) or number in (request.form.get("To"), _door().settings.twilio_from):
        log.info("sms.ignored", kind="sender")
        return _twiml(())
    if not MESSAGE_ID.match(message_id):
        return Response(status=403)
    try:
        claim = _door().store.claim(message_id, number, REPEAT_SECONDS, attempt())
    except sa.exc.SQLAlchemyError as error:
        log.error("store.silent", kind=type(error).__name__)
        return _twiml(_without_memory())
    if claim.late:
        log.warning("sms.refused", kind="replayed")
        return Response(status=403)
    if not claim.mine:
        return Response(claim.answer or as_twiml(()), mimetype="text/xml")
    twiml = as_twiml(_answered(number))
    try:
        _door().store.answered(message_id, twiml)
        _door().store.erase_expired(at_most_every=CLEAN_EVERY_SECONDS)
    except sa.exc.SQLAlchemyError as error:
        log.error("store.silent", kind=type(error).__name__)
    metrics.turn_seconds.labels("sms").observe(time.monotonic() - began)
    log.info("sms.answered", milliseconds=round((time.monotonic() - began) * 1000))
    return Response(twiml, mimetype="text/xml")


@blueprint.post("/sms/status")
def status() -> Response:
    """Note what became of a text: its status and error code, without number or words."""
    if refused := _refused():
        return refused
    said = request.form.get("MessageStatus", "")
    code = request.form.get("ErrorCode", "")
    known = said if said in STATUSES else "other"
    error_code = int(code) if code.isdecimal() and len(code) <= 6 else 0
    ref = request.args.get("ref", "")
    try:
        if REF.match(ref):
            _door().store.outbound_status(ref, known, error_code)
    except sa.exc.SQLAlchemyError as error:
        log.error("store.silent", kind=type(error).__name__)
    log.info("sms.status", status=known, code=error_code)
    return Response(status=204)


@blueprint.errorhandler(Exception)
def fault(error: Exception) -> Response | HTTPException:
    """Whatever breaks, the person gets the emergency line; the log gets the kind of fault alone."""
    if isinstance(error, HTTPException):
        return error
    metrics.faults.labels("sms").inc()
    log.error("sms.fault", kind=type(error).__name__)
    return _twiml((fault_text(words_of("en")),))


def _refused() -> Response | None:
    """A 403 unless Twilio signed exactly this request: the public address, every field."""
    settings = _door().settings
    query = request.query_string.decode("latin-1")
    address = settings.public_url + request.path + (f"?{query}" if query else "")
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    if is_form and is_signed(settings.twilio_auth_token, address, request.form, request.headers.get(HEADER)):
        return None
    metrics.refused.labels("signature").inc()
    log.warning("sms.refused", kind="signature" if settings.twilio_auth_token else "no_token")
    return Response(status=403)


def _answered(number: str) -> tuple[str, ...]:
    """The messages that answer this request's text, within what it may cost."""
    store = _door().store
    try:
        flood = None if _door().texting.is_stop(_inbound()) else _flood(number)
        if flood is not None:
            return _afforded(flood, urgent=False)
        store.hold(number, HOLD_SECONDS)
        try:
            talk = store.find(number)
            outcome = _outcome(talk, number)
            _remember(number, outcome)
        finally:
            store.release(number)
        return _afforded(outcome.messages, urgent=outcome.risk == "now")
    except sa.exc.SQLAlchemyError as error:
        log.error("store.silent", kind=type(error).__name__)
        return _without_memory()


def _inbound() -> Inbound:
    form = request.form
    return Inbound(form.get("Body", ""), form.get("OptOutType", ""), form.get("NumMedia", "0") not in ("", "0"))


def _flood(number: str) -> tuple[str, ...] | None:
    """None while this phone sends no more than a person does; one calm sentence, then nothing, when it does."""
    count = _door().store.count
    recent, hourly = count(f"from:{number}", 300), count(f"from:{number}", 3600)
    if recent <= PER_FIVE_MINUTES and hourly <= PER_HOUR:
        return None
    metrics.refused.labels("sms_flood").inc()
    log.warning("sms.flood", kind="sender", count=hourly)
    if recent == PER_FIVE_MINUTES + 1 or hourly == PER_HOUR + 1:
        talk = _door().store.find(number)
        return () if talk and talk.stopped else (busy_text(words_of(talk.locale if talk else "en")),)
    return ()


def _outcome(talk: Talk | None, number: str) -> Outcome:
    door = _door()
    outcome = door.texting.answer(talk, _inbound(), partial(_turn, number), door.clock())
    metrics.turns.labels("sms", outcome.risk, outcome.degraded).inc()
    log.info("turn", channel="sms", risk=outcome.risk, degraded=outcome.degraded, locale=outcome.talk.locale if outcome.talk else None)
    return outcome


def _turn(number: str, message: Message, situation: Situation) -> Answer:
    extensions, door = current_app.extensions, _door()
    token = extensions["keys"].name("sms", number)
    return answer_in_time(extensions["gateway"], message, token, situation, door.settings.place, TURN_SECONDS)


def _remember(number: str, outcome: Outcome) -> None:
    extensions, store = current_app.extensions, _door().store
    if outcome.talk is None or outcome.fresh:
        store.erase(number)
        for token in extensions["keys"].names("sms", number):
            extensions["conversations"].erasures.erase(token)
    if outcome.talk is not None:
        store.keep(number, outcome.talk)


def _without_memory() -> tuple[str, ...]:
    """The store is down: the person still gets a number and, in danger, the emergency line. Nothing can be remembered."""
    return _outcome(None, request.form.get("From", "")).messages


def _afforded(messages: tuple[str, ...], urgent: bool) -> tuple[str, ...]:
    """The messages, unless the day's segments are used up: then the emergency line alone, to those in danger."""
    cap = _door().settings.sms_daily_cap
    cost = sum(segments(message) for message in messages)
    if not cost:
        return messages
    spent = _door().store.count("segments", DAY, by=cost)
    if spent - cost < cap * CAP_WARNING <= spent < cap:
        log.warning("sms.daily_cap_near", count=spent)
    if spent <= cap:
        return messages
    if spent - cost <= cap:
        log.error("sms.daily_cap_reached", count=spent)
    return messages[:1] if urgent else ()


def _twiml(messages: tuple[str, ...]) -> Response:
    return Response(as_twiml(messages), mimetype="text/xml")
