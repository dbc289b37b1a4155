"""A phone for tests: signed requests to the real webhook, with a gateway that needs no engine."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from signpost.model import Message, Situation
from storage.settings import Settings, from_environment
from tests.builders import NOON
from web.gateway import Answer, answer_alone
from web.public import sms
from web.public.app import create_app

TOKEN = "test-token-of-no-account-0123456789"
PUBLIC = "https://help.example.org"
LINE = "+447700909999"
PHONE = "+447700900123"
_ids = itertools.count(1)


class CoreGateway:
    """Answers with the core alone and counts what it was asked."""

    def __init__(self) -> None:
        self.turns: list[tuple[Message, str]] = []
        self.erased: list[str] = []

    def turn(self, message: Message, token: str, situation: Situation) -> Answer:
        self.turns.append((message, token))
        return replace(answer_alone(message, situation, "sefton", NOON), degraded=False)

    def erase(self, token: str) -> list[str]:
        self.erased.append(token)
        return []

    def erase_name(self, name: str) -> bool:
        self.erased.append(name)
        return True

    def name_of(self, token: str) -> str:
        return f"name-of-{token}"

    def ready(self) -> list[bool]:
        return [True]


class Clock:
    """A clock that tests move."""

    def __init__(self, now: dt.datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


def some_settings(folder: Path, **changes: Any) -> Settings:
    made = from_environment(
        {
            "SECRET_KEY": "s" * 40,
            "CHANNEL_SECRET": "c" * 40,
            "DATABASE_URL": f"sqlite:///{folder}/web.db",
            "TRACKER_URL": f"sqlite:///{folder}/tracker.db",
            "PUBLIC_URL": PUBLIC,
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": LINE,
            "TWILIO_SENDER": "unmanaged",
        }
    )
    return replace(made, **changes)


def an_app(folder: Path, gateway: Any = None, clock: Callable[[], dt.datetime] | None = None, **changes: Any) -> Flask:
    app = create_app(some_settings(folder, **changes), gateway or CoreGateway())
    sms.open_door(app, clock or Clock())
    return app


def signed(fields: dict[str, str], url: str = f"{PUBLIC}/sms", token: str = TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, fields)}


def a_text(text: str, number: str = PHONE, **more: str) -> dict[str, str]:
    """The fields that Twilio posts for one text."""
    sid = f"SM{next(_ids):032x}"
    return {"MessageSid": sid, "SmsMessageSid": sid, "AccountSid": "AC" + "0" * 32, "From": number, "To": LINE,
            "Body": text, "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01", **more}  # fmt: skip


def messages_in(twiml: bytes) -> list[str]:
    """The texts of a TwiML answer."""
    return [node.text or "" for node in ElementTree.fromstring(twiml).iter("Message")]


class Phone:
    """A person's phone."""

    def __init__(self, client: FlaskClient, number: str = PHONE) -> None:
        self.client = client
        self.number = number

    def post(self, fields: dict[str, str]) -> Any:
        return self.client.post("/sms", data=fields, headers=signed(fields))

    def text(self, text: str, **more: str) -> list[str]:
        answered = self.post(a_text(text, self.number, **more))
        assert answered.status_code == 200
        return messages_in(answered.data)
