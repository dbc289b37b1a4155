"""Who did what kind of thing when, and nothing of what was said. Rows are added and never changed.

Each row carries a keyed hash over itself and the one before, so that a row that was changed or taken out is seen; a
sealed head remembers the last, so that the end cannot be cut off. The database itself refuses to change a row.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import sqlalchemy as sa
from flask import current_app, g

from storage.database import prepare, together, upsert
from storage.rows import holds_sealed
from storage.sealing import Keys, SealError

# Every kind of thing that is written down. There is no field for anything else.
KINDS = (
    "account.invited",
    "account.set_up",
    "account.removed",
    "door.signed_in",
    "door.refused",
    "door.locked",
    "door.unlocked",
    "door.signed_out",
    "door.moved",
    "walk_in.began",
    "walk_in.ended",
    "walk_in.left",
    "walk_in.danger",
    "walk_in.safeguarding",
    "consent.given",
    "consent.refused",
    "consent.withdrawn",
    "receipt.made",
    "receipt.checked",
    "sheet.made",
    "pack.made",
    "diary.made",
    "referral.asked",
    "referral.sent",
    "referral.acknowledged",
    "referral.failed",
    "referral.withdrawn",
    "counts.seen",
    "counts.exported",
    "audit.seen",
    "audit.exported",
    "shift.ended",
)
_GENESIS = "the first row"
_HEAD_WORD = "desk-audit-head"
# Any number, the same in every process: one writer at a time (PostgreSQL).
_LOCK = 7_315_022

metadata = sa.MetaData()
AUDIT = sa.Table(
    "desk_audit",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(32), nullable=False),
    sa.Column("centre", sa.String(64), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)
HEAD = sa.Table(
    "desk_audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
holds_sealed(HEAD, key="id", word=_HEAD_WORD)
for _verb in ("UPDATE", "DELETE"):
    sa.event.listen(
        AUDIT,
        "after_create",
        sa.DDL(
            f"CREATE TRIGGER desk_audit_no_{_verb.lower()} BEFORE {_verb} ON desk_audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        ).execute_if(dialect="sqlite"),
    )
sa.event.listen(
    AUDIT,
    "after_create",
    sa.DDL(
        "CREATE OR REPLACE FUNCTION desk_audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$; "
        "CREATE TRIGGER desk_audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON desk_audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION desk_audit_stays()"
    ).execute_if(dialect="postgresql"),
)


@dataclass(frozen=True)
class Row:
    """One thing that was done. `at` is seconds since 1970, `actor` an account's id (empty: the system)."""

    number: int
    at: int
    kind: str
    actor: str
    centre: str

    @property
    def time(self) -> str:
        """The moment in UTC, to the second."""
        return dt.datetime.fromtimestamp(self.at, dt.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class _Head:
    """The last row and its chain. Up to the row `sworn` a later key than theirs vouches for `digest`, over all of them."""

    number: int
    chain: str
    sworn: int = 0
    digest: str = ""


class Audit:
    """Adds rows and checks them."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys) -> None:
        self._engine = engine
        self._keys = keys
        prepare(engine, metadata)

    def record(self, kind: str, actor: str, centre: str) -> None:
        """Add a row.

        Raises:
            ValueError: there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"The audit has no kind {kind!r}: add it to KINDS.")
        with together(self._engine) as connection:
            self._alone(connection)
            head = self._before(connection)
            row = Row(head.number + 1, int(time.time()), kind, actor, centre)
            chain = self._keys.name("desk-audit", _text(head.chain, row))
            connection.execute(sa.insert(AUDIT).values(**row.__dict__, chain=chain))
            self._write_head(connection, _Head(row.number, chain, head.sworn, head.digest))

    def vouch(self) -> int | None:
        """Vouch under the newest key for every row that there is, so that older keys need not be listed for them any more.

        The number of the first row that is missing or was changed, where there is one: then nothing is vouched for.
        """
        with together(self._engine) as connection:
            self._alone(connection)
            if (broken := self._broken(connection)) is not None:
                return broken
            head, digest = self._head(connection), hashlib.sha256()
            for row, chain in self._chained(connection):
                digest.update(_line(row, chain))
            if head is not None:
                self._write_head(connection, _Head(head.number, head.chain, head.number, digest.hexdigest()))
        return None

    def rows(self, centres: tuple[str, ...] | None = None, newest: int | None = None) -> list[Row]:
        """The rows, the newest first; of some centres alone where they are named."""
        query = sa.select(AUDIT).order_by(AUDIT.c.number.desc())
        if centres is not None:
            query = query.where(AUDIT.c.centre.in_(centres))
        if newest is not None:
            query = query.limit(newest)
        with self._engine.connect() as connection:
            return [Row(row.number, row.at, row.kind, row.actor, row.centre) for row in connection.execute(query)]

    def broken(self) -> int | None:
        """The number of the first row that is missing or was changed; None where all are as they were written. Where the key of
        rows that are vouched for is not listed any more, it cannot be told which of them: then the first of those."""
        with self._engine.connect() as connection:
            return self._broken(connection)

    def _broken(self, connection: sa.engine.Connection) -> int | None:
        head = self._head(connection)
        before, expected, digest, unknown = _GENESIS, 1, hashlib.sha256(), 0
        for row, chain in self._chained(connection):
            good = any(hmac.compare_digest(name, chain) for name in self._keys.names("desk-audit", _text(before, row)))
            sworn = head is not None and expected <= head.sworn
            if row.number != expected or not (good or sworn):
                return unknown or expected
            unknown = unknown or (0 if good else expected)
            digest.update(_line(row, chain))
            if head is not None and expected == head.sworn and not hmac.compare_digest(digest.hexdigest(), head.digest):
                return unknown or 1
            before, expected = chain, expected + 1
        if head is None:
            return expected if expected > 1 else None
        return None if (head.number, head.chain) == (expected - 1, before) else unknown or expected

    def _before(self, connection: sa.engine.Connection) -> _Head:
        """What the next row follows: the head, whatever rows are there, so that rows that were cut off leave a gap that no
        later row can fill. Where rows have no head that fits, one number is left out to say so."""
        head = self._head(connection)
        last = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.number.desc()).limit(1)).first()
        if last is None:
            return head if head and head.number > 0 else _Head(1 if head else 0, _GENESIS)
        if head is None or head.number < 0:
            return _Head(last.number + 1, last.chain)
        return replace(head, number=max(head.number, last.number))

    def _alone(self, connection: sa.engine.Connection) -> None:
        """One writer at a time. In SQLite there is never another."""
        if self._engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def _chained(self, connection: sa.engine.Connection) -> Iterator[tuple[Row, str]]:
        for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.number)):
            yield Row(row.number, row.at, row.kind, row.actor, row.centre), row.chain

    def _head(self, connection: sa.engine.Connection) -> _Head | None:
        """The head; one that fits no record where it does not open."""
        sealed = connection.execute(sa.select(HEAD.c.sealed)).scalar()
        if sealed is None:
            return None
        try:
            return _Head(**self._keys.open(sealed, _HEAD_WORD))
        except SealError:
            return _Head(-1, "")

    def _write_head(self, connection: sa.engine.Connection, head: _Head) -> None:
        connection.execute(upsert(self._engine, HEAD, {"id": 1, "sealed": self._keys.seal(asdict(head), _HEAD_WORD)}))


def _line(row: Row, chain: str) -> bytes:
    return f"{_text(chain, row)}\n".encode()


def _text(before: str, row: Row) -> str:
    return "|".join((before, str(row.number), str(row.at), row.kind, row.actor, row.centre))


def record(kind: str) -> None:
    """Within a request: the volunteer at this desk did this kind of thing now."""
    volunteer = g.get("volunteer")
    audit: Audit = current_app.extensions["audit"]
    audit.record(kind, volunteer.id if volunteer else "", volunteer.centre if volunteer else "")
