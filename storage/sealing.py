"""Sealing what is stored: authenticated encryption with keys from the environment, and keyed hashes as names.

A sealed value begins with the id of its key, so keys can be rotated: new values use the newest key, old ones open with
any key still listed. The name under which a value is stored is bound into it, so rows cannot be swapped.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import zlib
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY_ID = 4


class SealError(Exception):
    """A sealed value does not open: it was changed, belongs elsewhere, or its key is gone."""


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).digest()


@dataclass(frozen=True)
class Keys:
    """Secrets, the newest first. `from_text` reads them from a setting: several are separated by commas."""

    secrets: tuple[str, ...]

    @classmethod
    def from_text(cls, text: str) -> Keys:
        """Keys from a setting.

        Raises:
            ValueError: there is none, or one is shorter than 32 characters.
        """
        secrets = tuple(part.strip() for part in text.split(",") if part.strip())
        if not secrets or any(len(secret) < 32 for secret in secrets):
            raise ValueError("SECRET_KEY must be one or more secrets of at least 32 characters, separated by commas.")
        return cls(secrets)

    def name(self, purpose: str, value: str) -> str:
        """A keyed hash of a value (a token, a phone number) under the newest key: 64 hexadecimal characters."""
        return self.names(purpose, value)[0]

    def names(self, purpose: str, value: str) -> list[str]:
        """The keyed hash under each key, the newest first, so that a rotated key still finds older rows."""
        return [hmac.new(_derive(secret, f"name:{purpose}"), value.encode(), hashlib.sha256).hexdigest() for secret in self.secrets]

    def seal(self, value: Any, bound_to: str) -> bytes:
        """A JSON value, compressed and encrypted, bound to the name it is stored under."""
        secret = self.secrets[0]
        nonce = os.urandom(NONCE)
        plain = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)
        return _key_id(secret) + nonce + AESGCM(_derive(secret, "seal")).encrypt(nonce, plain, bound_to.encode())

    def is_newest(self, sealed: bytes) -> bool:
        """Whether this was sealed with the newest key."""
        return hmac.compare_digest(_key_id(self.secrets[0]), sealed[:KEY_ID])

    def open(self, sealed: bytes, bound_to: str) -> Any:
        """The value that was sealed.

        Raises:
            SealError: it was changed, was sealed under another name, or its key is no longer listed.
        """
        key_id, nonce, body = sealed[:KEY_ID], sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        for secret in self.secrets:
            if hmac.compare_digest(_key_id(secret), key_id):
                try:
                    return json.loads(zlib.decompress(AESGCM(_derive(secret, "seal")).decrypt(nonce, body, bound_to.encode())))
                except InvalidTag as error:
                    raise SealError("A stored value was changed or belongs elsewhere.") from error
        raise SealError("A stored value was sealed with a key that is no longer listed.")


def _key_id(secret: str) -> bytes:
    return _derive(secret, "id")[:KEY_ID]
