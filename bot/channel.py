"""The one way into Rasa: a private channel for this project's web app, with a shared secret.

Rasa's REST channel logs the person's words when something fails and still answers 200; its Twilio channel checks no
signature and uses the phone number as the id. This one logs neither words nor ids, and says when it failed.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.tracker_store import unwrapped

log = structlog.get_logger()
SECRET_HEADER = "X-Signpost-Secret"


class SignpostChannel(InputChannel):
    """`POST /webhooks/signpost/turn` takes a message, answers what the actions said; `DELETE` erases a conversation."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    @classmethod
    def name(cls) -> str:
        """The name in the address."""
        return "signpost"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> SignpostChannel:
        """From `credentials.yml`.

        Raises:
            ValueError: no secret, or one shorter than 16 characters.
        """
        secret = (credentials or {}).get("secret") or ""
        if len(secret) < 16:
            raise ValueError("CHANNEL_SECRET must be at least 16 characters.")
        return cls(secret)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of this channel."""
        blueprint = Blueprint("signpost_channel")

        def allowed(request: Request) -> bool:
            return hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode())

        @blueprint.get("/")
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @blueprint.post("/turn")
        async def turn(request: Request) -> HTTPResponse:
            if not allowed(request):
                return response.empty(403)
            asked = request.json
            collected = CollectingOutputChannel()
            message = UserMessage(
                # A slash is a command to Rasa; nobody types commands here.
                (asked["text"] or "").lstrip("/ ") or " ",
                collected,
                asked["sender"],
                input_channel=self.name(),
                metadata={key: asked.get(key) for key in ("choice", "locale", "channel", "situation")},
            )
            try:
                await on_new_message(message)
            except Exception as error:  # noqa: BLE001  whatever fails, the door must learn of it and answer by itself
                log.error("turn.failed", kind=type(error).__name__)
                return response.empty(500)
            said = [item["custom"] for item in collected.messages if "custom" in item]
            return response.json(said[-1] if said else {})

        @blueprint.delete("/conversation/<sender>")
        async def erase(request: Request, sender: str) -> HTTPResponse:
            if not allowed(request):
                return response.empty(403)
            agent = request.app.ctx.agent
            # After a turn that is still under way, which would write the row anew.
            async with agent.lock_store.lock(sender):
                erased = await unwrapped(agent.tracker_store).delete(sender)
            if not erased:
                return response.empty(503)
            return response.empty(204)

        return blueprint
