"""The answer to a webhook: messages that Twilio sends to whoever texted. So no number is needed to reply."""

from __future__ import annotations

from collections.abc import Iterable

from twilio.twiml.messaging_response import MessagingResponse


def as_twiml(messages: Iterable[str]) -> str:
    """A `<Response>` with one `<Message>` each; with none, nothing is sent."""
    response = MessagingResponse()
    for message in messages:
        response.message(message)
    return str(response)
