"""Who may sit at the desk. `python -m web.console.accounts` makes an account and prints its one-time set-up link.

A row holds the name, the password's hash (argon2id) and the second factor's secret, sealed. What it is found by (name,
e-mail address, link) stands beside it as keyed hashes.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
import time
from dataclasses import dataclass
from typing import Any, Literal, cast

import pyotp
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from dotenv import dotenv_values

from storage.database import engine_for, prepare, scrub, upsert
from storage.rows import holds_sealed
from storage.sealing import Keys, SealError
from storage.settings import ROOT, from_environment

Role = Literal["volunteer", "coordinator"]
ROLES: tuple[Role, ...] = ("volunteer", "coordinator")
LINK_HOURS = 48
# NCSC and NIST SP 800-63B: long rather than odd. The upper bound keeps hashing cheap.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
LONGEST_NAME = 80
# Steps of 30 seconds that a clock may be wrong by.
CLOCK_STEPS = 1
# OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified when there is nobody of that name, so that the answer takes as long.
_NOBODY = HASHER.hash("nobody has this password")

metadata = sa.MetaData()
ACCOUNTS = sa.Table(
    "desk_account",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("called", sa.String(64), nullable=False, unique=True),
    sa.Column("mailed", sa.String(64), nullable=True, unique=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("link", sa.String(64), nullable=True, unique=True),
    sa.Column("link_until", sa.BigInteger, nullable=False),
)


class AccountError(Exception):
    """An account cannot be made or changed as asked; the message says why, for whoever asked."""


@dataclass(frozen=True)
class Account:
    """One volunteer or coordinator. `password` is a hash, empty until set up; `secret` is the second factor's, base32."""

    id: str
    name: str
    role: Role
    centres: tuple[str, ...]
    password: str = ""
    secret: str = ""

    @property
    def ready(self) -> bool:
        """Whether the set-up link was used."""
        return bool(self.password)


def plain_name(name: str) -> str:
    """A name as it is compared: small letters, single spaces."""
    return " ".join(name.split()).casefold()


def password_problem(password: str, name: str) -> Literal["short", "long", "name"] | None:
    """What speaks against a password; None where nothing does."""
    if len(password) < SHORTEST_PASSWORD:
        return "short"
    if len(password) > LONGEST_PASSWORD:
        return "long"
    letters = re.sub(r"\W", "", plain_name(name))
    rest = re.sub(r"\W", "", password.casefold())
    return "name" if len(set(rest)) < 4 or (letters and letters in rest and len(rest) - len(letters) < 6) else None


def _named(keys: Keys, account: Any) -> dict[str, str]:
    """What an account is found by, under the newest key. One of a council is found by what only its provider knows."""
    return {"called": keys.name("desk-name", plain_name(account["name"]))} if account["secret"] else {}


holds_sealed(ACCOUNTS, key="id", keyed=_named)


class Accounts:
    """Makes, finds and changes accounts. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: sa.engine.Engine, keys: Keys) -> None:
        self._engine = engine
        self._keys = keys
        prepare(engine, metadata)

    def invite(self, name: str, role: Role, centres: tuple[str, ...], email: str = "") -> str:
        """Make an account, or give one of that name a new start, and return the token of its set-up link.

        A new start takes away the password and the second factor. The link is good once and for two days.
        """
        shown = " ".join(name.split())
        if not 2 <= len(shown) <= LONGEST_NAME:
            raise AccountError("A name has 2 to 80 letters.")
        token = secrets.token_urlsafe(24)
        before = self.by_name(shown)
        other = self.by_email(email) if email.strip() else None
        if other is not None and (before is None or other.id != before.id):
            raise AccountError("Another account has that e-mail address.")
        account = Account(before.id if before else secrets.token_hex(8), shown, role, centres, "", pyotp.random_base32())
        row = {
            **self._row(account),
            "called": self._keys.name("desk-name", plain_name(shown)),
            "mailed": self._keys.name("desk-email", email.strip().casefold()) if email.strip() else None,
            "last_step": 0,
            "link": self._keys.name("desk-link", token),
            "link_until": int(time.time()) + LINK_HOURS * 3600,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.id == account.id))
            try:
                connection.execute(sa.insert(ACCOUNTS).values(**row))
            except sa.exc.IntegrityError as error:
                raise AccountError("Another account has that e-mail address.") from error
        return token

    def by_id(self, account: str) -> Account | None:
        """The account with this id."""
        return self._one(ACCOUNTS.c.id == account)

    def by_name(self, name: str) -> Account | None:
        """The account of this name, however it is written."""
        return self._one(ACCOUNTS.c.called.in_(self._keys.names("desk-name", plain_name(name))))

    def by_email(self, email: str) -> Account | None:
        """The account made for this e-mail address. Found under an older key, it is found under the newest from now on."""
        newest, *older = self._keys.names("desk-email", email.strip().casefold())
        if older:
            with self._engine.begin() as connection:
                connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.mailed.in_(older)).values(mailed=newest))
        return self._one(ACCOUNTS.c.mailed == newest)

    def by_link(self, token: str) -> Account | None:
        """The account whose set-up link this is; None where it was used, is too old, or never was."""
        return self._one(ACCOUNTS.c.link.in_(self._keys.names("desk-link", token)) & (ACCOUNTS.c.link_until > int(time.time())))

    def all(self) -> list[Account]:
        """Every account, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.sealed)).all()
        return sorted((account for row in rows if (account := self._opened(row))), key=lambda account: plain_name(account.name))

    def set_up(self, token: str, password: str, code: str) -> Account | None:
        """Use a set-up link: keep the password and burn the link. None where link or code is not good."""
        account = self.by_link(token)
        step = _step_of(account.secret, code) if account else None
        if account is None or step is None:
            return None
        made = Account(account.id, account.name, account.role, account.centres, HASHER.hash(password), account.secret)
        good = ACCOUNTS.c.link.in_(self._keys.names("desk-link", token)) & (ACCOUNTS.c.link_until > int(time.time()))
        with self._engine.begin() as connection:
            burnt = connection.execute(sa.update(ACCOUNTS).where(good).values(link=None, last_step=step, **self._sealed(made)))
        return made if burnt.rowcount == 1 else None

    def check(self, name: str, password: str, code: str) -> Account | None:
        """The account when name, password and second factor are right. A code is good once."""
        account = self.by_name(name)
        if not self.password_is(account, password) or account is None:
            return None
        return account if self._use_code(account, code) else None

    def password_is(self, account: Account | None, password: str) -> bool:
        """Whether this is the account's password. It takes as long where there is no account."""
        try:
            right = HASHER.verify(account.password if account and account.password else _NOBODY, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        return bool(right and account and account.password)

    def from_council(self, subject: str, name: str, role: Role, centres: tuple[str, ...]) -> Account:
        """The account of someone whom a council's provider vouches for, as it is vouched for today."""
        called = self._keys.names("desk-council-name", subject)
        # Under a new key they stay who they were, in the record too.
        known = self._one(ACCOUNTS.c.called.in_(called))
        account = Account(known.id if known else self._keys.name("desk-council", subject)[:16], name, role, centres)
        row = {**self._row(account), "called": called[0], "mailed": None}
        with self._engine.begin() as connection:
            connection.execute(upsert(self._engine, ACCOUNTS, {**row, "last_step": 0, "link": None, "link_until": 0}))
        return account

    def last_step(self, account: str) -> int:
        """The half minute (since 1970) of the last code that was used; 0 where none was."""
        with self._engine.connect() as connection:
            return int(connection.execute(sa.select(ACCOUNTS.c.last_step).where(ACCOUNTS.c.id == account)).scalar() or 0)

    def remove(self, name: str) -> Account | None:
        """Erase the account of this name, on disk too; the account that was, None where there was none."""
        account = self.by_name(name)
        if account is not None:
            with self._engine.begin() as connection:
                connection.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.id == account.id))
            scrub(self._engine)
        return account

    def _use_code(self, account: Account, code: str) -> bool:
        step = _step_of(account.secret, code)
        if step is None:
            return False
        # The row decides, so that two at once cannot use one code.
        newer = (ACCOUNTS.c.id == account.id) & (ACCOUNTS.c.last_step < step)
        with self._engine.begin() as connection:
            return connection.execute(sa.update(ACCOUNTS).where(newer).values(last_step=step)).rowcount == 1

    def _one(self, which: sa.ColumnElement[bool]) -> Account | None:
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.sealed).where(which)).first()
        return self._opened(found) if found is not None else None

    def _opened(self, row: Any) -> Account | None:
        try:
            fields = self._keys.open(row.sealed, row.id)
        except SealError:
            return None
        return Account(row.id, **{**fields, "centres": tuple(fields["centres"])})

    def _row(self, account: Account) -> dict[str, Any]:
        return {"id": account.id, **self._sealed(account)}

    def _sealed(self, account: Account) -> dict[str, Any]:
        value = {"name": account.name, "role": account.role, "centres": account.centres}
        return {"sealed": self._keys.seal({**value, "password": account.password, "secret": account.secret}, account.id)}


def _step_of(secret: str, code: str) -> int | None:
    """The 30-second step that a code belongs to, near now; None where it belongs to none."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    now, totp = int(time.time()), pyotp.TOTP(secret)
    for offset in range(-CLOCK_STEPS, CLOCK_STEPS + 1):
        if secrets.compare_digest(totp.at(now, counter_offset=offset), digits):
            return now // 30 + offset
    return None


def provisioning_uri(account: Account) -> str:
    """What the QR code for an authenticator app says."""
    return pyotp.TOTP(account.secret).provisioning_uri(name=account.name, issuer_name="Signpost desk")


def main(arguments: list[str] | None = None) -> int:
    """Make, renew or remove an account; print the set-up link or what went wrong."""
    # The command's own needs: the app's modules import this one.
    from web.console.audit import Audit
    from web.console.people import CENTRE_KIND
    from web.console.sittings import Sittings
    from web.console.walk_ins import WalkIns
    from web.erasures import Erasures
    from web.gateway import Gateway, facts_of

    parser = argparse.ArgumentParser(prog="python -m web.console.accounts", description="Accounts of the volunteers' desk.")
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", default="volunteer", choices=ROLES)
    parser.add_argument("--centre", default="", help="ids of knowledge/places/*/centres.yml, separated by commas")
    parser.add_argument("--email", default="", help="for signing in through the council")
    parser.add_argument("--remove", action="store_true")
    given = parser.parse_args(arguments)
    environ = {**{key: value for key, value in dotenv_values(ROOT / ".env").items() if value is not None}, **os.environ}
    settings = from_environment(environ)
    keys = Keys.from_text(settings.secret_key)
    engine = engine_for(settings.database_url)
    accounts, audit, sittings = Accounts(engine, keys), Audit(engine, keys), Sittings(engine, keys)
    # Whoever is taken off the desk leaves nothing open there.
    gateway = Gateway(settings.rasa_url, settings.channel_secret, keys, settings.place)
    sittings.when_ended(WalkIns(engine, keys, Erasures.of(settings, engine, gateway)).erase)
    if given.remove:
        removed = accounts.remove(given.name)
        if removed is None:
            print("There is no account of that name.", file=sys.stderr)
            return 1
        sittings.end_of(removed.id)
        audit.record("account.removed", removed.id, "")
        print("The account is gone.")
        return 0
    known = {service.id for service in facts_of(settings.place).services.values() if service.kind == CENTRE_KIND}
    centres = tuple(part.strip() for part in given.centre.split(",") if part.strip())
    if unknown := [centre for centre in centres if centre not in known]:
        print(f"There is no centre {', '.join(unknown)}. The centres are:\n  " + "\n  ".join(sorted(known)), file=sys.stderr)
        return 1
    # With none named they may sit at any, and say where they are.
    centres = centres or tuple(sorted(known))
    try:
        token = accounts.invite(given.name, cast(Role, given.role), centres, given.email)
    except AccountError as error:
        print(error, file=sys.stderr)
        return 1
    made = accounts.by_name(given.name)
    assert made is not None
    sittings.end_of(made.id)
    audit.record("account.invited", made.id, "")
    print(f"{settings.public_url}/console/set-up/{token}")
    print(f"Give this link to them and nobody else. It works once, for {LINK_HOURS} hours.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
