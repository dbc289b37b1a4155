"""Whether a request comes from Twilio.

The signature covers the exact public address and every field as it was sent, empty ones and spaces included
(Twilio, Security: validating requests). The public address is the setting `PUBLIC_URL`: what a request says of itself
in `Host` or `X-Forwarded-*` can be made up, and is not used.
"""

from __future__ import annotations

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

HEADER = "X-Twilio-Signature"


def is_signed(token: str, url: str, fields: MultiDict[str, str], signature: str | None) -> bool:
    """Whether the signature was made with this token over this address and these fields. False without a token."""
    if not token or not signature:
        return False
    # The library folds equal values of one field into one; Twilio never sends a field twice.
    if any(len(fields.getlist(name)) > 1 for name in fields):
        return False
    return bool(RequestValidator(token).validate(url, fields, signature))


def sign(token: str, url: str, fields: dict[str, str]) -> str:
    """The signature that Twilio would send, for the terminal of `make sms`."""
    return str(RequestValidator(token).compute_signature(url, fields))
