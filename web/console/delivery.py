"""How a call-back reaches a service: by e-mail or by a signed webhook, to an address that the partnership agreed.

The addresses are in the file that `REFERRAL_ROUTES` names, a list of entries: `service` (an id) with either `email`, or
`webhook` (https) and `secret` (at least 32 characters). A service that is not in it is told by telephone or on paper.

The webhook is a POST of JSON with the headers `X-Signpost-Delivery` (the same for every try of one call-back),
`X-Signpost-Timestamp` (seconds since 1970) and `X-Signpost-Signature` (`sha256=` and the HMAC of timestamp, dot and
body). It is delivered when the answer is 2xx and its JSON has the delivery's id as `ack`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

CONNECT_SECONDS, ANSWER_SECONDS, SMTP_SECONDS = 3.05, 10.0, 15.0
# An acknowledgement is short; a longer answer is not read to its end.
MOST_ANSWER = 4096
_HERE = ("127.0.0.1", "::1", "localhost")


class DeliveryError(Exception):
    """It did not arrive. `code` says why in a word of our own; `again` whether another try could help."""

    def __init__(self, code: str, again: bool) -> None:
        super().__init__(code)
        self.code = code
        self.again = again


class RoutesError(Exception):
    """The file of `REFERRAL_ROUTES` cannot be used; the message says which entry and why, without the secret."""


@dataclass(frozen=True)
class Route:
    """Where call-backs for one service go: an e-mail address, or a webhook with its secret."""

    service: str
    email: str = ""
    webhook: str = ""
    secret: str = ""


def load_routes(path: str) -> dict[str, Route]:
    """The routes of a file by service; none where no file is set.

    Raises:
        RoutesError: it cannot be read, or an entry is not one.
    """
    if not path:
        return {}
    try:
        entries = YAML(typ="safe").load(Path(path).read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise RoutesError("The file of REFERRAL_ROUTES is missing or is not YAML.") from error
    routes = {}
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or not entry.get("service") or set(entry) - {"service", "email", "webhook", "secret"}:
            raise RoutesError(f"Entry {number} of REFERRAL_ROUTES needs a service, and an email or a webhook with a secret.")
        route = Route(**{key: str(value) for key, value in entry.items()})
        if bool(route.email) == bool(route.webhook):
            raise RoutesError(f"Entry {number} of REFERRAL_ROUTES needs either an email or a webhook.")
        if route.email and ("@" not in route.email or any(char in route.email for char in "\r\n ,;")):
            raise RoutesError(f"Entry {number} of REFERRAL_ROUTES: the email is not one address.")
        if route.webhook and (len(route.secret) < 32 or not _safe(route.webhook)):
            raise RoutesError(f"Entry {number} of REFERRAL_ROUTES: a webhook needs https and a secret of at least 32 characters.")
        routes[route.service] = route
    return routes


def _safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)


def deliver(route: Route, name: str, content: Mapping[str, Any], smtp_url: str, sender: str) -> None:
    """Deliver one call-back: `content` has `text` (for a person) and `data` (for a program).

    Raises:
        DeliveryError: it did not arrive, or nobody acknowledged it.
    """
    if route.email:
        _send(_letter(route.email, sender, name, content), smtp_url)
    else:
        _post(route, name, content)


def _letter(to: str, sender: str, name: str, content: Mapping[str, Any]) -> EmailMessage:
    letter = EmailMessage()
    # A subject is seen on locked screens: it says nothing.
    letter["Subject"] = f"Call-back request {name[:8]}"
    letter["From"], letter["To"] = sender, to
    # The same for every try of one call-back, so that the service can tell a repeat.
    letter["Message-ID"] = f"<{name}@{sender.rpartition('@')[2] or 'localhost'}>"
    letter.set_content(content["text"])
    letter.add_attachment(
        json.dumps(content["data"], ensure_ascii=False, indent=2).encode(), "application", "json", filename="request.json"
    )
    return letter


def _send(letter: EmailMessage, smtp_url: str) -> None:
    parts = urlsplit(smtp_url)
    host, kind = parts.hostname or "", parts.scheme
    if not host or kind not in ("smtp", "smtps", "smtp+starttls"):
        raise DeliveryError("no-mail-server", again=False)
    if kind == "smtp" and host not in _HERE:
        raise DeliveryError("mail-server-without-tls", again=False)
    context = ssl.create_default_context()
    try:
        if kind == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, parts.port or (25 if kind == "smtp" else 587), timeout=SMTP_SECONDS)
        with server:
            if kind == "smtp+starttls":
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(letter)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _said in error.recipients.values()]
        raise DeliveryError("address-refused", again=all(code < 500 for code in codes)) from None
    except smtplib.SMTPAuthenticationError:
        raise DeliveryError("sign-in-refused", again=False) from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryError("mail-refused", again=error.smtp_code < 500) from None
    except smtplib.SMTPException:
        raise DeliveryError("mail-failed", again=True) from None
    except OSError:
        raise DeliveryError("mail-server-silent", again=True) from None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Signpost-Signature` must be."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _post(route: Route, name: str, content: Mapping[str, Any]) -> None:
    body = json.dumps(content["data"], ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Signpost-Delivery": name,
        "X-Signpost-Timestamp": timestamp,
        "X-Signpost-Signature": signature(route.secret, timestamp, body),
    }
    try:
        with requests.post(
            route.webhook, data=body, headers=headers, timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False, stream=True
        ) as answered:
            if answered.status_code // 100 != 2:
                again = answered.status_code >= 500 or answered.status_code in (408, 425, 429)
                raise DeliveryError(f"webhook-{answered.status_code}", again=again)
            said = _short(answered)
    except (requests.RequestException, OSError):
        raise DeliveryError("webhook-silent", again=True) from None
    try:
        ack = json.loads(said).get("ack")
    except (ValueError, AttributeError):
        ack = None
    if not isinstance(ack, str) or not hmac.compare_digest(ack.encode(), name.encode()):
        raise DeliveryError("webhook-no-acknowledgement", again=True)


def _short(answered: requests.Response) -> bytes:
    """The beginning of an answer. One that drips is left after a while, so that it does not hold up the others."""
    said, late = b"", time.monotonic() + ANSWER_SECONDS
    for piece in answered.iter_content(1):
        said += piece
        if len(said) >= MOST_ANSWER or time.monotonic() > late:
            break
    return said
