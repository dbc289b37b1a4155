"""Text me these details: what the summary page shows, sent to a mobile, when the person says that it is safe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from signpost.model import Block, Routes, Services, block_from_json
from storage.settings import STATE
from web.jobs import account_of, into_queue
from web.logs import log
from web.public.outbox import CannotTextError, Outbox
from web.public.pages import TOKEN_KEY, words

blueprint = Blueprint("texting", __name__)
LIMITS = "5 per hour; 10 per day"
# Longer than any number with its spaces and brackets.
MOST_TYPED = 40
_SAID_KEY = "texting"


def open_door(app: Flask, folder: Path = STATE) -> None:
    """Give the app its outbox. The queue is opened when the first text goes into it."""
    settings = app.extensions["settings"]
    enqueue = into_queue(settings, folder, lambda jobs: jobs.deliver)
    app.extensions["outbox"] = Outbox(app.extensions["sms"].store, enqueue, settings.sms_daily_cap, settings.sms_countries)


@blueprint.app_context_processor
def _in_every_page() -> dict[str, Any]:
    """For the summary page: whether texts can be sent, and what to say about the one just asked for."""
    return {"texting_offered": account_of(current_app.extensions["settings"]).ready, "texting_said": _take_said}


def _take_said() -> dict[str, str]:
    """What to say once, in the person's language: `{"kind": "sent" | "problem", "text": ...}`; empty when nothing is."""
    _ = words()
    known = {
        "sent": _("If that phone takes texts from us, it will get one soon."),
        "number": _("Type a UK mobile number, like 07700 900123."),
        "safe": _("Say first if it is safe to text this phone."),
        "unsafe": _("Nothing was sent. You can print or copy this page when it is safe."),
        "consent": _("Tick the box if you want the text. Nothing was sent."),
        "nothing": _("There is nothing to send yet."),
        "later": _("The text could not be sent now. Please try again later."),
    }
    code = session.pop(_SAID_KEY, "")
    return {"kind": "sent" if code in ("sent", "unsafe") else "problem", "text": known[code]} if code in known else {}


@blueprint.post("/text-me")
def text_me() -> BaseResponse:
    """Send the details of this conversation to the number typed, if it is safe and wanted."""
    session[_SAID_KEY] = _sent()
    return redirect(url_for("pages.summary") + "#texting", 303)


def _sent() -> str:
    form = request.form
    safe = form.get("safe")
    if safe not in ("details", "numbers", "no"):
        return "safe"
    if safe == "no":
        return "unsafe"
    if form.get("consent") != "yes":
        return "consent"
    outbox: Outbox = current_app.extensions["outbox"]
    if not account_of(current_app.extensions["settings"]).ready:
        return "later"
    try:
        number = outbox.mobile((form.get("number") or "")[:MOST_TYPED])
    except CannotTextError:
        return "number"
    blocks = _details()
    if not blocks:
        return "nothing"
    try:
        # The same is said whether it goes or not: who stopped texts from us is not for others to learn.
        outbox.text_details(number, blocks, words(), numbers_only=safe == "numbers")
    except sa.exc.SQLAlchemyError as error:
        log.error("store.silent", kind=type(error).__name__)
        return "later"
    return "sent"


def _details() -> list[Block]:
    """The services and ways to report of this conversation, what was shown last first, each once."""
    conversation = current_app.extensions["conversations"].find(session.get(TOKEN_KEY))
    found: dict[str, Any] = {}
    routes: dict[str, Any] = {}
    for turn in reversed(conversation.turns if conversation else []):
        for block in map(block_from_json, turn.get("reply", ())):
            if isinstance(block, Services):
                found = {**found, **{item.id: item for item in block.items if item.id not in found}}
            elif isinstance(block, Routes):
                routes = {**routes, **{item.id: item for item in block.items if item.id not in routes}}
    made: list[Block] = [Services(tuple(found.values()))] if found else []
    return [*made, Routes(tuple(routes.values()))] if routes else made
