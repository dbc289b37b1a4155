"""Erasures that the engine has yet to confirm: asked for at once, noted where it is silent, and asked for again by the sweep.

Every door erases through this. A note holds the name that the engine knows a conversation by, a keyed hash, and nothing else.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from storage.database import insert_new, prepare
from storage.rows import erase_expired
from storage.settings import Settings
from web.gateway import Gateway
from web.logs import log

metadata = sa.MetaData()
ERASURES = sa.Table(
    "erasure",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)


class Erasures:
    """`keep_seconds` is how long the engine keeps a row at most: by then it is gone anyway, and so is the note."""

    def __init__(self, engine: sa.engine.Engine, gateway: Gateway, keep_seconds: float = 72 * 3600.0) -> None:
        self._engine = engine
        self._gateway = gateway
        self._keep_seconds = keep_seconds
        prepare(engine, metadata)

    @classmethod
    def of(cls, settings: Settings, engine: sa.engine.Engine, gateway: Gateway) -> Erasures:
        """Those of a service with these settings."""
        return cls(engine, gateway, 3600 * max(settings.retention_hours_web, settings.retention_hours_sms))

    def erase(self, token: str) -> None:
        """Erase what the engine keeps of a conversation, now or, if it is down, as soon as it answers."""
        for name in self._gateway.erase(token):
            row = {"name": name, "expires": int(time.time() + self._keep_seconds)}
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert_new(self._engine, ERASURES, row))
            except sa.exc.SQLAlchemyError as error:
                log.error("store.silent", kind=type(error).__name__)

    def waiting(self, most: int = 500) -> list[str]:
        """Names whose erasure the engine has not confirmed.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store does not answer; so do the two below.
        """
        with self._engine.connect() as connection:
            return list(connection.execute(sa.select(ERASURES.c.name).limit(most)).scalars())

    def catch_up(self) -> int:
        """Ask for what waits again, until the engine is silent; how many erasures it confirmed."""
        done = 0
        for name in self.waiting():
            if not self._gateway.erase_name(name):
                break
            with self._engine.begin() as connection:
                connection.execute(sa.delete(ERASURES).where(ERASURES.c.name == name))
            done += 1
        if done:
            log.info("erase.caught_up", count=done)
        return done

    def erase_expired(self) -> int:
        """Forget notes of what is gone by now; how many."""
        return erase_expired(self._engine, ERASURES)
