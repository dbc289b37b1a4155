"""Receipts of consent: a code that only this place can make, that says what was agreed, and that takes it back once."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets

import sqlalchemy as sa

from signpost.consent import (
    SEAL,
    Consent,
    Receipt,
    ReceiptError,
    Rules,
    receipt_body,
    receipt_code,
    receipt_from_body,
    split_code,
)
from storage.database import insert_new, prepare, within
from storage.rows import erase_expired
from storage.sealing import Keys

metadata = sa.MetaData()
# Codes that were used to take consent back, as keyed hashes, until their day is over.
USED = sa.Table(
    "desk_receipt_used",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


class Receipts:
    """Makes and reads codes. The code itself is stored nowhere."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, rules: Rules) -> None:
        self._engine = engine
        self._keys = keys
        self._rules = rules
        prepare(engine, metadata)

    def make(self, consent: Consent, now: dt.datetime) -> tuple[str, dt.date]:
        """The code for everything that is agreed to at this minute, and the last day it holds."""
        agreed = frozenset((recipient, item) for recipient in consent.recipients for item in consent.live(recipient, now))
        last = max((answer.until.date() for answer in consent.answers if (answer.recipient, answer.item) in agreed), default=now.date())
        body = receipt_body(Receipt(agreed, last, secrets.token_bytes(4)), self._rules)
        return receipt_code(body, self._seals(body)[0]), last

    def read(self, code: str) -> Receipt:
        """What a code says.

        Raises:
            ReceiptError: it was not made here, or was changed.
        """
        body, seal = split_code(code)
        if not any(hmac.compare_digest(seal, known) for known in self._seals(body)):
            raise ReceiptError
        return receipt_from_body(body, self._rules)

    def name(self, code: str) -> str:
        """What a code is called in other tables: a keyed hash that does not tell it."""
        return self.names(code)[0]

    def names(self, code: str) -> list[str]:
        """The same under each key, the newest first."""
        body, _seal = split_code(code)
        return self._keys.names("desk-receipt", body.hex())

    def used(self, code: str) -> bool:
        """Whether consent was taken back with this code before."""
        with self._engine.connect() as connection:
            query = sa.select(USED.c.name).where(USED.c.name.in_(self.names(code)))
            return connection.execute(query).first() is not None

    def use(self, code: str, connection: sa.engine.Connection | None = None) -> bool:
        """Take consent back with a code; false where that was done before.

        Raises:
            ReceiptError: it was not made here, or was changed.
        """
        receipt = self.read(code)
        ends = dt.datetime.combine(receipt.until + dt.timedelta(days=2), dt.time(), dt.timezone.utc)
        if self.used(code):
            return False
        row = {"name": self.name(code), "expires": int(ends.timestamp())}
        with within(self._engine, connection) as here:
            return bool(here.execute(insert_new(self._engine, USED, row)).rowcount)

    def forget_old(self) -> int:
        """Erase what belongs to codes whose day is over; how many rows went."""
        return erase_expired(self._engine, USED)

    def _seals(self, body: bytes) -> list[bytes]:
        """The seal of a body under each key, the newest first."""
        return [bytes.fromhex(name)[:SEAL] for name in self._keys.names("desk-receipt-seal", body.hex())]
