"""What is remembered of text messages, each for as short as it can be.

Four tables, none with a number or a word in clear:

- `sms_talk`: between two texts of one phone, what was answered and what may still be sent. Named by a keyed hash.
- `sms_message`: which deliveries were answered, and the sealed answer, so that a repeated delivery gets the same one.
- `sms_outbound`: a text that a person asked for, sealed until it is handed over, then its status alone.
- `sms_tally`: counters against floods and cost.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from storage.database import insert_new, prepare, scrub, upsert
from storage.rows import holds_sealed
from storage.sealing import Keys, SealError

metadata = sa.MetaData()
TALKS = sa.Table(
    "sms_talk",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("held_until", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)
MESSAGES = sa.Table(
    "sms_message",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("talk", sa.String(64), nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.Column("answered", sa.BigInteger, nullable=False),
    sa.Column("attempt", sa.String(64), nullable=False, server_default=""),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)
OUTBOUND = sa.Table(
    "sms_outbound",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("talk", sa.String(64), nullable=False, index=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)
TALLIES = sa.Table(
    "sms_tally",
    metadata,
    sa.Column("name", sa.String(96), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)
for _table in (TALKS, MESSAGES, OUTBOUND):
    holds_sealed(_table)

# A person who texted STOP is left alone this long; everything else about them is gone at once.
STOPPED_DAYS = 365
# How long a claim or a hold counts when its process died.
LEASE_MS = 12_000
# A repeated delivery gets the first answer for this long; later it is refused. Twilio repeats within a minute.
ANSWER_KEPT_MS = 15 * 60 * 1000
CLEAN_EVERY_SECONDS = 60.0
_PAUSE_SECONDS = 0.03


@dataclass(frozen=True)
class Talk:
    """What is remembered of one phone between two texts. It holds neither number nor words of the person.

    `consent` is `details` (safe to send), `plain` (numbers only) or empty (not said). `held` are the blocks that wait for
    it. `rest` are the parts that MORE asks for: `{"messages": [...], "options": [[id, label], ...]}`. `options` are the
    choices that the last message numbered. `same` is a mark of the last text with how often it came in a row, `said` marks
    of what we said last: against two machines that talk to each other. Until `guarded_until` someone else may hold the
    phone. `seen` and `guarded_until` are in seconds since 1970.
    """

    locale: str = "en"
    chosen_locale: str | None = None
    situation: dict[str, Any] = field(default_factory=dict)
    consent: str = ""
    asked_safe: bool = False
    held: list[dict[str, Any]] = field(default_factory=list)
    rest: list[dict[str, Any]] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    same: list[Any] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stopped: bool = False
    guarded_until: float = 0.0
    seen: float = 0.0

    def with_(self, **changes: Any) -> Talk:
        """A copy with these fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Claim:
    """Who answers one delivery: `mine` to answer it now; else `answer`, the first one's words, or None where there is none."""

    mine: bool
    answer: str | None = None
    late: bool = False


class SmsStore:
    """Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, retention_hours: float) -> None:
        self._engine = engine
        self._keys = keys
        self._retention = retention_hours * 3600
        self._cleaned = 0.0
        prepare(engine, metadata)

    # One phone.

    def hold(self, number: str, wait_seconds: float) -> bool:
        """Hold a phone's row, so that two texts of it are answered one after the other, across processes.

        False when it was not free in time: then both go on, and the later one's memory stands.
        """
        name = self._talk(number)
        until = time.monotonic() + wait_seconds
        fresh = {"name": name, "sealed": b"", "held_until": 0, "expires": int(time.time() + self._retention)}
        while True:
            now = _now_ms()
            take = sa.update(TALKS).where(TALKS.c.name == name, TALKS.c.held_until < now).values(held_until=now + LEASE_MS)
            with self._engine.begin() as connection:
                if connection.execute(take).rowcount:
                    return True
            self._insert(TALKS, fresh)
            if time.monotonic() > until:
                return False
            time.sleep(_PAUSE_SECONDS)

    def release(self, number: str) -> None:
        """Let the next text of this phone through. A row that holds nothing goes."""
        name = self._talk(number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(TALKS).where(TALKS.c.name == name, TALKS.c.sealed == b""))
            connection.execute(sa.update(TALKS).where(TALKS.c.name == name).values(held_until=0))

    def find(self, number: str) -> Talk | None:
        """What is remembered of a phone; None where there is nothing, or its time is over."""
        names = self._keys.names("sms", number)
        query = sa.select(TALKS.c.name, TALKS.c.sealed).where(
            TALKS.c.name.in_(names), TALKS.c.expires > int(time.time()), TALKS.c.sealed != b""
        )
        with self._engine.connect() as connection:
            rows = {row.name: row for row in connection.execute(query)}
        found = next((rows[name] for name in names if name in rows), None)
        if found is None:
            return None
        try:
            return Talk(**self._keys.open(bytes(found.sealed), found.name))
        except (SealError, TypeError):
            self.erase(number)
            return None

    def keep(self, number: str, talk: Talk) -> None:
        """Remember a phone; its time begins anew. What an older key named goes."""
        name, *older = self._keys.names("sms", number)
        kept_for = STOPPED_DAYS * 86400 if talk.stopped else self._retention
        row = {
            "name": name,
            "sealed": self._keys.seal(asdict(talk), name),
            "held_until": _now_ms() + LEASE_MS,
            "expires": int(time.time() + kept_for),
        }
        with self._engine.begin() as connection:
            connection.execute(upsert(self._engine, TALKS, row))
            if older:
                connection.execute(sa.delete(TALKS).where(TALKS.c.name.in_(older)))

    def erase(self, number: str) -> None:
        """Erase what is remembered of a phone: the talk, every answer kept for repeats, what waits to be sent to it."""
        names = self._keys.names("sms", number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(TALKS).where(TALKS.c.name.in_(names)))
            connection.execute(sa.update(MESSAGES).where(MESSAGES.c.talk.in_(names)).values(sealed=b"", talk=""))
            connection.execute(sa.delete(OUTBOUND).where(OUTBOUND.c.talk.in_(names)))
        scrub(self._engine)

    # One delivery.

    def claim(self, message_id: str, number: str, wait_seconds: float, attempt: str = "") -> Claim:
        """Take a delivery to answer, or wait for the answer of whoever took it first.

        `attempt` marks the request: when a proxy of ours sends the same one again, whoever took it first has died over it.
        """
        name = self._keys.name("sms-message", message_id)
        until = time.monotonic() + wait_seconds
        row = {
            "name": name,
            "talk": self._talk(number),
            "sealed": b"",
            "taken": _now_ms(),
            "answered": 0,
            "attempt": attempt,
            "expires": int(time.time() + self._retention),
        }
        if self._insert(MESSAGES, row):
            return Claim(mine=True)
        while True:
            with self._engine.connect() as connection:
                found = connection.execute(sa.select(MESSAGES).where(MESSAGES.c.name == name)).first()
            if found is None:
                return Claim(mine=self._insert(MESSAGES, row))
            if found.answered:
                late = found.answered < _now_ms() - ANSWER_KEPT_MS
                return Claim(False, None if late else self._opened(found), late)
            left_alone = found.taken < _now_ms() - LEASE_MS or (attempt and found.attempt == attempt)
            if left_alone and self._take_over(name, found.taken):
                return Claim(mine=True)
            if time.monotonic() > until:
                return Claim(mine=False)
            time.sleep(_PAUSE_SECONDS)

    def answered(self, message_id: str, answer: str) -> None:
        """Keep the answer to a delivery, for its repeats."""
        name = self._keys.name("sms-message", message_id)
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(MESSAGES).where(MESSAGES.c.name == name).values(sealed=self._keys.seal(answer, name), answered=_now_ms())
            )

    def _opened(self, found: Any) -> str | None:
        try:
            return str(self._keys.open(bytes(found.sealed), found.name)) if found.sealed else None
        except SealError:
            return None

    def _take_over(self, name: str, taken: int) -> bool:
        take = sa.update(MESSAGES).where(MESSAGES.c.name == name, MESSAGES.c.taken == taken, MESSAGES.c.answered == 0)
        with self._engine.begin() as connection:
            return bool(connection.execute(take.values(taken=_now_ms())).rowcount)

    # What a person asked to be sent.

    def put_outbound(self, number: str, text: str, ref: str) -> str:
        """Seal a text that waits to be sent; the name of its row. `ref` comes back in its status callbacks."""
        name = self._keys.name("sms-outbound", ref)
        sealed = self._keys.seal({"to": number, "text": text, "ref": ref}, name)
        row = {
            "name": name,
            "sealed": sealed,
            "talk": self._talk(number),
            "status": "waiting",
            "code": 0,
            "expires": int(time.time() + self._retention),
        }
        self._insert(OUTBOUND, row)
        return name

    def outbound(self, name: str) -> dict[str, str] | None:
        """`to`, `text` and `ref` of a text that waits; None when it was sent, erased or given up."""
        query = sa.select(OUTBOUND.c.sealed).where(OUTBOUND.c.name == name, OUTBOUND.c.expires > int(time.time()))
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        if found is None or not found.sealed:
            return None
        try:
            return dict(self._keys.open(bytes(found.sealed), name))
        except SealError:
            return None

    def outbound_taken(self, name: str, back: bool = False) -> bool:
        """Take a text that waits to hand it over, or put it `back`; whether it was there. Of two who take it one sends it."""
        before, after = ("sending", "waiting") if back else ("waiting", "sending")
        change = sa.update(OUTBOUND).where(OUTBOUND.c.name == name, OUTBOUND.c.status == before).values(status=after)
        with self._engine.begin() as connection:
            return bool(connection.execute(change).rowcount)

    def lost(self, after_seconds: float) -> list[str]:
        """Names of texts that wait for longer than this: their job was lost."""
        query = sa.select(OUTBOUND.c.name).where(OUTBOUND.c.status == "waiting", OUTBOUND.c.expires < self._made(after_seconds))
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def give_up(self, after_seconds: float) -> int:
        """Give up texts that were not handed over within this: number and words go; how many there were."""
        late = sa.update(OUTBOUND).where(OUTBOUND.c.sealed != b"", OUTBOUND.c.expires < self._made(after_seconds))
        with self._engine.begin() as connection:
            gone = int(connection.execute(late.values(sealed=b"", talk="", status="given_up")).rowcount)
        if gone:
            scrub(self._engine)
        return gone

    def _made(self, seconds_ago: float) -> int:
        """The end of a row that was made so long ago."""
        return int(time.time() + self._retention - seconds_ago)

    def outbound_done(self, name: str, status: str, code: int = 0) -> None:
        """The text was handed over or given up: number and words go, the status stays."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(OUTBOUND).where(OUTBOUND.c.name == name).values(sealed=b"", talk="", status=status[:20], code=code)
            )
        scrub(self._engine)

    def outbound_status(self, ref: str, status: str, code: int) -> bool:
        """Note what became of a text; whether it is one of ours."""
        names = self._keys.names("sms-outbound", ref)
        change = sa.update(OUTBOUND).where(OUTBOUND.c.name.in_(names)).values(sealed=b"", talk="", status=status[:20], code=code)
        with self._engine.begin() as connection:
            return bool(connection.execute(change).rowcount)

    # Counters.

    def count(self, what: str, seconds: int, by: int = 1) -> int:
        """Add to the counter of this stretch of time, and its new value. `what` is hashed."""
        stretch = int(time.time()) // seconds
        name = self._keys.name("sms-tally", f"{what}:{seconds}:{stretch}")
        row = {"name": name, "count": 0, "expires": (stretch + 1) * seconds}
        self._insert(TALLIES, row)
        with self._engine.begin() as connection:
            connection.execute(sa.update(TALLIES).where(TALLIES.c.name == name).values(count=TALLIES.c.count + by))
            return int(connection.execute(sa.select(TALLIES.c.count).where(TALLIES.c.name == name)).scalar_one())

    def erase_expired(self, at_most_every: float = 0.0) -> int:
        """Erase everything whose time is over, and every kept answer that is too old to be asked for; how much went."""
        if time.monotonic() - self._cleaned < at_most_every:
            return 0
        self._cleaned = time.monotonic()
        now = int(time.time())
        old_answer = sa.update(MESSAGES).where(
            MESSAGES.c.sealed != b"", MESSAGES.c.answered > 0, MESSAGES.c.answered < _now_ms() - ANSWER_KEPT_MS
        )
        with self._engine.begin() as connection:
            gone = sum(connection.execute(sa.delete(table).where(table.c.expires <= now)).rowcount for table in metadata.sorted_tables)
            gone += connection.execute(old_answer.values(sealed=b"", talk="")).rowcount
        if gone:
            scrub(self._engine)
        return gone

    def _talk(self, number: str) -> str:
        return self._keys.name("sms", number)

    def _insert(self, table: sa.Table, row: dict[str, Any]) -> bool:
        """Insert a row unless its name is taken; whether it was inserted."""
        with self._engine.begin() as connection:
            return bool(connection.execute(insert_new(self._engine, table, row)).rowcount)


def _now_ms() -> int:
    return int(time.time() * 1000)
