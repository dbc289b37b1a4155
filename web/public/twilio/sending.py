"""Send one text through Twilio's Messages API. An error knows whether trying again could help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

API = "https://api.twilio.com"
TIMEOUT_SECONDS = 10.0
# A text that comes hours late may reach another hand than the one it was for.
VALID_SECONDS = 3600
# Too many requests, a full queue, trouble at Twilio's (Twilio, Error and Warning Dictionary).
PASSING_CODES = frozenset({14107, 20429, 20500, 20503, 20504, 30001, 30022, 63017, 63018})
NO_ANSWER, UNCLEAR = -1, -2


class SendingError(Exception):
    """A text was not sent. `code` is Twilio's (or HTTP's, or negative where there was no answer); no number, no words.

    `retry` tells whether trying again could help.
    """

    def __init__(self, code: int, retry: bool) -> None:
        super().__init__(f"The text was not sent (code {code}).")
        self.code = code
        self.retry = retry


@dataclass(frozen=True)
class Account:
    """Who sends: `sender` is a number in E.164 or the id of a messaging service (`MG...`). `api` is for tests."""

    sid: str
    token: str
    sender: str
    api: str = API

    @property
    def ready(self) -> bool:
        """Whether texts can be sent at all."""
        return bool(self.sid and self.token and self.sender)


def send(account: Account, to: str, text: str, status_url: str) -> None:
    """Hand one text over to Twilio, which reports to `status_url` what becomes of it.

    Raises:
        SendingError: it was not taken.
    """
    client = Client(account.sid, account.token, http_client=_Line(account.api))
    sender = {"messaging_service_sid": account.sender} if account.sender.startswith("MG") else {"from_": account.sender}
    try:
        client.messages.create(to=to, body=text, status_callback=status_url, validity_period=VALID_SECONDS, **sender)
    except TwilioRestException as error:
        # Its message repeats the number, so only the code goes on.
        raise SendingError(error.code or error.status, can_help(error.code, error.status)) from None
    except requests.ConnectionError as error:
        raise SendingError(NO_ANSWER, retry=_never_reached(error)) from None
    except (requests.RequestException, TwilioException):
        # It may have been sent. A person who gets nothing can ask again; one who gets it twice may be noticed.
        raise SendingError(UNCLEAR, retry=False) from None


def can_help(code: int | None, status: int) -> bool:
    """Whether another try could succeed: after trouble that passes, never after a refusal (21610 opted out, 21211 no number)."""
    return code in PASSING_CODES or status == 429 or status >= 500


def _never_reached(error: requests.ConnectionError) -> bool:
    """Whether no connection was made at all, so that nothing can have been sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


class _Line(HttpClient):
    """Requests to Twilio that are neither logged nor remembered, as the library's own client does with both."""

    def __init__(self, api: str) -> None:
        super().__init__(None, False, TIMEOUT_SECONDS)
        self._api = api.rstrip("/")

    def request(self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None, auth: Any = None,
                timeout: float | None = None, allow_redirects: bool = False) -> Response:  # fmt: skip
        """One request, to `api` instead of Twilio where tests ask for it."""
        address = self._api + url.removeprefix(API)
        answered = requests.request(
            method, address, params=params, data=data, headers=headers, auth=auth, timeout=TIMEOUT_SECONDS, allow_redirects=allow_redirects
        )
        return Response(answered.status_code, answered.text, answered.headers)
