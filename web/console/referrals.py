"""Call-backs on their way to a service: sealed until they are delivered, then erased; never lost in silence.

What a volunteer sees of one is which service, since when, and how far it is. Nothing in clear is about the person.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from storage.database import prepare, scrub, within
from storage.rows import holds_sealed
from storage.sealing import Keys, SealError

State = Literal["waiting", "sending", "trying", "failed", "delivered", "expired"]
# Minutes between the tries: at once, then ever longer. After the last it is for a person to decide.
PAUSES = (1, 5, 15, 60, 180, 360, 720, 1440)
# A process that ended in the middle of sending leaves a row behind; after this long another may take it.
STUCK_SECONDS = 10 * 60
# How long a line without content stays on the list when nobody takes it off.
SHOWN_DAYS = 14

metadata = sa.MetaData()
REFERRALS = sa.Table(
    "desk_referral",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("receipt", sa.String(64), nullable=False, index=True),
    sa.Column("service", sa.String(80), nullable=False),
    sa.Column("centre", sa.String(64), nullable=False, index=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("due", sa.BigInteger, nullable=False, index=True),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
holds_sealed(REFERRALS)


@dataclass(frozen=True)
class Referral:
    """What the desk shows of one. `code` is why the last try failed, a word of the program's own; times are seconds since 1970."""

    name: str
    service: str
    centre: str
    state: State
    tries: int
    code: str
    made: int
    due: int

    @property
    def open(self) -> bool:
        """Whether what is to be delivered is still there."""
        return self.state in ("waiting", "sending", "trying", "failed")


@dataclass(frozen=True)
class Asked:
    """A call-back that a person agreed to until a moment (seconds since 1970). `content` has passed consent, `receipt` is
    what their receipt is called."""

    service: str
    centre: str
    content: dict[str, Any]
    receipt: str
    until: float


class Referrals:
    """Takes, hands out and erases. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        prepare(engine, metadata)

    def put(self, asked: Asked, connection: sa.engine.Connection | None = None) -> str:
        """Seal a call-back that was agreed to, beside what else is written in a connection where one is given; its name."""
        name, now = secrets.token_hex(12), int(self._clock())
        row = {
            "name": name,
            "receipt": asked.receipt,
            "service": asked.service,
            "centre": asked.centre,
            "sealed": self._sealed(asked, name),
        }
        begins = {"state": "waiting", "tries": 0, "code": "", "made": now, "due": now, "expires": int(asked.until)}
        with within(self._engine, connection) as here:
            here.execute(sa.insert(REFERRALS).values(**row, **begins))
        return name

    def renew(self, name: str, asked: Asked, connection: sa.engine.Connection | None = None) -> None:
        """The person agreed again while it is being sent: should that fail, this is what is tried again, under the same name.
        What was delivered stays what it is."""
        values = {"receipt": asked.receipt, "expires": int(asked.until), "sealed": self._sealed(asked, name)}
        mine = (REFERRALS.c.name == name) & (REFERRALS.c.service == asked.service) & (REFERRALS.c.state == "sending")
        with within(self._engine, connection, erasing=True) as here:
            here.execute(sa.update(REFERRALS).where(mine).values(**values))

    def _sealed(self, asked: Asked, name: str) -> bytes:
        return self._keys.seal(asked.content, name)

    def of_centre(self, centre: str) -> list[Referral]:
        """What a centre sent and has not taken off its list, the oldest first."""
        query = sa.select(REFERRALS).where(REFERRALS.c.centre == centre).order_by(REFERRALS.c.made)
        with self._engine.connect() as connection:
            return [_shown(row) for row in connection.execute(query)]

    def find(self, name: str, connection: sa.engine.Connection | None = None) -> Referral | None:
        """One by name."""
        query = sa.select(REFERRALS).where(REFERRALS.c.name == name)
        if connection is not None:
            found = connection.execute(query).first()
        else:
            with self._engine.connect() as own:
                found = own.execute(query).first()
        return _shown(found) if found is not None else None

    def due(self) -> list[str]:
        """The names of those to be tried now."""
        now = int(self._clock())
        stuck = (REFERRALS.c.state == "sending") & (REFERRALS.c.due <= now - STUCK_SECONDS)
        query = sa.select(REFERRALS.c.name).where((REFERRALS.c.state.in_(("waiting", "trying")) & (REFERRALS.c.due <= now)) | stuck)
        with self._engine.connect() as connection:
            return list(connection.execute(query.order_by(REFERRALS.c.due)).scalars())

    def take(self, name: str) -> tuple[Referral, dict[str, Any]] | None:
        """Take one to send it: what it is and its content. None where another has it, it is gone, or its time is over."""
        now = int(self._clock())
        free = REFERRALS.c.state.in_(("waiting", "trying")) | ((REFERRALS.c.state == "sending") & (REFERRALS.c.due <= now - STUCK_SECONDS))
        mine = (REFERRALS.c.name == name) & free & (REFERRALS.c.expires > now)
        with self._engine.begin() as connection:
            if connection.execute(sa.update(REFERRALS).where(mine).values(state="sending", due=now)).rowcount != 1:
                return None
            row = connection.execute(sa.select(REFERRALS).where(REFERRALS.c.name == name)).first()
        if row is None:
            return None
        try:
            return _shown(row), self._keys.open(row.sealed, name)
        except SealError:
            self._settle(name, "failed", "sealed", keep=False)
            return None

    def delivered(self, name: str) -> None:
        """It arrived and that was acknowledged: the content is erased, on disk too."""
        self._settle(name, "delivered", "", keep=False)

    def not_delivered(self, name: str, tries: int, code: str, again: bool) -> State:
        """It did not arrive. It is tried again later while that could help, else it waits for a volunteer."""
        if again and tries < len(PAUSES):
            return self._settle(name, "trying", code, tries=tries + 1, due=int(self._clock()) + 60 * PAUSES[tries])
        return self._settle(name, "failed", code, tries=tries + 1)

    def try_again(self, name: str, centre: str) -> bool:
        """A volunteer wants it tried now. False where it is not theirs or not waiting."""
        theirs = (REFERRALS.c.name == name) & (REFERRALS.c.centre == centre) & REFERRALS.c.state.in_(("failed", "trying"))
        with self._engine.begin() as connection:
            values = {"state": "waiting", "tries": 0, "due": int(self._clock())}
            return connection.execute(sa.update(REFERRALS).where(theirs).values(**values)).rowcount == 1

    def take_off(self, name: str, centre: str) -> bool:
        """Take one off the list of its centre, with whatever it still holds. Not while it is being sent."""
        return self._erase((REFERRALS.c.name == name) & (REFERRALS.c.centre == centre) & (REFERRALS.c.state != "sending")) == 1

    def withdraw(self, receipts: list[str], connection: sa.engine.Connection | None = None) -> tuple[int, int]:
        """The person took their yes back: what is still here is erased. How many were, and how many had left already. One that
        is being sent at this moment is not tried again."""
        mine = REFERRALS.c.receipt.in_(receipts)
        with within(self._engine, connection, erasing=True) as here:
            # Whoever takes one in the same moment comes before this, and it has left, or after, and it is gone.
            gone = here.execute(sa.delete(REFERRALS).where(mine & REFERRALS.c.state.in_(("waiting", "trying", "failed")))).rowcount
            here.execute(sa.update(REFERRALS).where(mine & (REFERRALS.c.state == "sending")).values(expires=int(self._clock())))
            left = here.execute(sa.select(sa.func.count()).where(mine & REFERRALS.c.state.in_(("delivered", "sending")))).scalar()
        return int(gone), int(left or 0)

    def sweep(self) -> int:
        """Empty what the consent no longer covers, and forget lines that nobody took off; how many."""
        now = int(self._clock())
        over = (REFERRALS.c.expires <= now) & REFERRALS.c.state.in_(("waiting", "trying", "failed", "sending"))
        with self._engine.begin() as connection:
            values = {"state": "expired", "sealed": b"", "due": now}
            emptied = connection.execute(sa.update(REFERRALS).where(over).values(**values)).rowcount
        forgotten = self._erase(REFERRALS.c.state.in_(("delivered", "expired")) & (REFERRALS.c.due <= now - SHOWN_DAYS * 86400))
        if emptied:
            scrub(self._engine)
        return int(emptied) + forgotten

    def _settle(self, name: str, state: State, code: str, keep: bool = True, **values: Any) -> State:
        if not keep:
            values["sealed"] = b""
        values.setdefault("due", int(self._clock()))
        mine = REFERRALS.c.name == name
        if state != "delivered":
            # Whoever sent it so slowly that another took over does not undo what that one did.
            mine &= REFERRALS.c.state.not_in(("delivered", "expired"))
        with self._engine.begin() as connection:
            connection.execute(sa.update(REFERRALS).where(mine).values(state=state, code=code, **values))
        if not keep:
            scrub(self._engine)
        return state

    def _erase(self, which: sa.ColumnElement[bool]) -> int:
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(REFERRALS).where(which)).rowcount
        if gone:
            scrub(self._engine)
        return int(gone)


def _shown(row: Any) -> Referral:
    return Referral(row.name, row.service, row.centre, row.state, row.tries, row.code, row.made, row.due)
