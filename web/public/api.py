"""The JSON API (docs/contracts.md; the OpenAPI document is web/public/openapi.yml)."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request

from signpost.model import Message, block_as_json
from signpost.plaintext import MAX_CHARACTERS
from web.gateway import Answer, words_of
from web.public.attempt import attempt
from web.public.conversations import Conversations
from web.store import Conversation

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
CHOICE = re.compile(r"[a-z0-9_]{1,40}(:[A-Za-z0-9_-]{1,60})?\Z")
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}\Z")
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}\Z")
KNOWN = {"text", "choice", "locale", "conversation"}

DETAILS = {
    400: "Send a JSON object with text (1 to 2,000 characters) or choice, and optionally locale and conversation.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The text is longer than 2,000 characters. Send it in parts.",
    415: "Send JSON, with Content-Type application/json.",
    429: "Too many messages in a short time. Wait a little. In an emergency call 999.",
    503: "Something here is not working. In an emergency call 999.",
}


def problem(status: int, detail: str | None = None, retry_after: int | None = None) -> Response:
    """A problem document (RFC 9457)."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail or DETAILS.get(status, "")}
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    if status == 429:
        response.headers["Retry-After"] = str(retry_after or 60)
    return response


@blueprint.post("/messages")
def messages() -> Response:
    """Answer one message."""
    if request.mimetype != "application/json":
        return problem(415)
    try:
        asked = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return problem(400)
    wrong = _wrong(asked)
    if wrong:
        return problem(*wrong)
    conversations: Conversations = current_app.extensions["conversations"]
    with conversations.held(asked.get("conversation")) as conversation:
        locale = asked.get("locale") or (conversation.locale if conversation else None)
        message = Message(asked.get("text") or "", "web", asked.get("choice"), locale)
        kept, answer = conversations.say(conversation, message, message.text or (message.choice or ""), attempt())
    return Response(json.dumps(_answered(kept, answer)), mimetype="application/json")


def _wrong(asked: Any) -> tuple[int, str] | None:
    if not isinstance(asked, dict):
        return 400, DETAILS[400]
    unknown = sorted(str(key) for key in asked if key not in KNOWN)
    if unknown:
        return 400, "There is a field that is not known here. Known are text, choice, locale and conversation."
    text, choice = asked.get("text"), asked.get("choice")
    if (text is None) == (choice is None):
        return 400, "Send either text or choice."
    if text is not None:
        if not isinstance(text, str) or not text.strip() or _not_text(text):
            return 400, "text must be 1 to 2,000 characters of text."
        if len(text) > MAX_CHARACTERS:
            return 413, DETAILS[413]
    if choice is not None and not (isinstance(choice, str) and CHOICE.match(choice)):
        return 400, "choice must be the id of an option that was offered."
    for name, shape in (("locale", LOCALE), ("conversation", TOKEN)):
        value = asked.get(name)
        if value is not None and not (isinstance(value, str) and shape.match(value)):
            return 400, f"{name} is not of the right form."
    return None


def _not_text(text: str) -> bool:
    """Half a surrogate pair: no text has that, and it cannot be stored or sent."""
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def _answered(kept: Conversation, answer: Answer) -> dict[str, Any]:
    reading, situation = answer.reading, answer.situation
    return {
        "conversation": kept.token,
        "locale": situation.locale,
        "dir": words_of(situation.locale).dir,
        "risk": reading.risk,
        "understood": {
            "intent": "danger" if reading.risk == "now" else reading.intent,
            "issues": list(situation.issues),
            "strands": list(situation.strands),
            "area": situation.area,
            "confidence": round(min(1.0, max(0.0, reading.confidence)), 2),
        },
        "reply": [block_as_json(block) for block in answer.blocks],
        "plain": answer.plain,
        "degraded": answer.degraded,
    }


@blueprint.delete("/conversations/<token>")
def forget(token: str) -> Response:
    """Erase a conversation. An unknown token answers the same: nothing of it is left."""
    if not TOKEN.match(token):
        return problem(404)
    current_app.extensions["conversations"].erase(token)
    return Response(status=204)
