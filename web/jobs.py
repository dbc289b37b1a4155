"""What is done beside the requests: texts are sent, and what has had its time is erased.

The queue is a SQLite file by default and Redis where `REDIS_URL` is set. A job holds the name of a sealed row and
nothing else. `python -m web.jobs` works the queue.
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from huey import Huey, RedisHuey, SqliteHuey, crontab
from huey.api import Task
from redis import ConnectionPool

from storage.database import engine_for
from storage.sealing import Keys
from storage.settings import STATE, Settings, from_environment
from web import logs
from web.console.audit import Audit
from web.console.delivery import DeliveryError, Route, load_routes
from web.console.delivery import deliver as deliver_referral
from web.console.lockout import Lockout
from web.console.receipts import Receipts
from web.console.referrals import Referrals
from web.console.sittings import Sittings
from web.console.walk_ins import WalkIns
from web.erasures import Erasures
from web.gateway import Gateway, facts_of
from web.public.sms_store import SmsStore
from web.public.twilio.sending import Account, SendingError, send
from web.store import ConversationStore
from web.sweeping import QUEUE_SILENT, Sweeper

# Four more tries, half a minute apart at first: a text that comes later than that may come at a bad time.
RETRIES, RETRY_SECONDS = 4, 30
# The worker waits a second for a job; an answer that takes longer than this does not come.
QUEUE_SECONDS = 2.0


@dataclass(frozen=True)
class Jobs:
    """The queue and its jobs. `deliver(name)` puts one text in the queue, `refer(name)` one call-back; `refer_due` and `sweep`
    come by themselves."""

    queue: Huey
    keys: Keys
    deliver: Any
    sweep: Any
    refer: Any
    refer_due: Any


def make_jobs(settings: Settings, folder: Path = STATE) -> Jobs:
    """The queue of these settings, with its jobs."""
    queue = queue_of(settings, folder)
    keys = Keys.from_text(settings.secret_key)
    conversations = ConversationStore(settings.database_url, keys, settings.retention_hours_web)
    store = SmsStore(conversations.engine, keys, settings.retention_hours_sms)
    account = account_of(settings)

    @queue.task(retries=RETRIES, retry_delay=RETRY_SECONDS, context=True)
    def deliver(name: str, task: Task | None = None) -> None:
        left = task.retries if task is not None else 0
        send_waiting(store, account, settings.public_url, name, last_try=not left)

    engine = conversations.engine
    referrals, audit = Referrals(engine, keys), Audit(engine, keys)
    routes = load_routes(settings.referral_routes)

    @queue.task()
    def refer(name: str) -> None:
        send_referral(referrals, audit, routes, settings, name)

    # The rows say when each is due: a queue that lost its jobs loses no call-back.
    @queue.periodic_task(crontab())
    def refer_due() -> None:
        for name in referrals.due():
            send_referral(referrals, audit, routes, settings, name)

    gateway = Gateway(settings.rasa_url, settings.channel_secret, keys, settings.place)
    erasures = Erasures.of(settings, engine, gateway)
    walk_ins = WalkIns(engine, keys, erasures)
    lockout = Lockout(engine, keys)
    sittings, receipts = Sittings(engine, keys), Receipts(engine, keys, facts_of(settings.place).consent)
    sittings.when_ended(walk_ins.erase)

    @queue.periodic_task(crontab(minute="*/5"))
    def sweep() -> None:
        logs.log.info("jobs.swept", count=sweeper.sweep())

    desk = (sittings.end_unattended, walk_ins.erase_unattended, referrals.sweep, receipts.forget_old, lockout.forget_old)
    sweeper = Sweeper(conversations, store, engine_for(settings.tracker_url), erasures, deliver, desk)
    return Jobs(queue, keys, deliver, sweep, refer, refer_due)


def into_queue(settings: Settings, folder: Path, job: Callable[[Jobs], Any]) -> Callable[[str], None]:
    """Puts names of rows into the queue, for one of its jobs; the queue is opened when the first comes.

    One that is silent costs nobody the answer: each row waits, and the worker finds it when the queue answers again.
    """
    opened: list[Jobs] = []

    def put(name: str) -> None:
        try:
            if not opened:
                opened.append(make_jobs(settings, folder))
            job(opened[0])(name)
        except (*QUEUE_SILENT, sa.exc.SQLAlchemyError) as error:
            logs.log.error("queue.silent", kind=type(error).__name__)

    return put


def send_referral(referrals: Referrals, audit: Audit, routes: Mapping[str, Route], settings: Settings, name: str) -> None:
    """Try one call-back. Delivered and acknowledged, its content is erased; else it is tried again, or a volunteer decides."""
    taken = referrals.take(name)
    if taken is None:
        return
    referral, content = taken
    began = time.monotonic()
    try:
        route = routes.get(referral.service)
        if route is None:
            raise DeliveryError("no-address", again=False)
        deliver_referral(route, name, content, settings.smtp_url, settings.smtp_from)
    except DeliveryError as error:
        state = referrals.not_delivered(name, referral.tries, error.code, error.again)
        logs.log.warning("referral.not_delivered", kind=state, code=error.code, count=referral.tries + 1)
        if state == "failed":
            audit.record("referral.failed", "", referral.centre)
        return
    referrals.delivered(name)
    audit.record("referral.sent", "", referral.centre)
    logs.log.info("referral.delivered", milliseconds=round((time.monotonic() - began) * 1000), count=referral.tries + 1)


def send_waiting(store: SmsStore, account: Account, public_url: str, name: str, last_try: bool) -> None:
    """Send the text of a sealed row; afterwards number and words are gone, whether it was taken or refused.

    Raises:
        SendingError: another try could help, and this is not the last.
    """
    waiting = store.outbound(name)
    if waiting is None or not store.outbound_taken(name):
        return
    try:
        send(account, waiting["to"], waiting["text"], f"{public_url}/sms/status?ref={waiting['ref']}")
    except SendingError as error:
        logs.log.warning("sms.not_sent", kind="passing" if error.retry else "final", code=error.code)
        if error.retry and not last_try:
            store.outbound_taken(name, back=True)
            raise
        store.outbound_done(name, "failed", error.code)
        return
    store.outbound_done(name, "accepted")
    logs.log.info("sms.sent")


def account_of(settings: Settings) -> Account:
    """Who sends texts, from the settings."""
    return Account(settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_from, settings.twilio_api_url)


def queue_of(settings: Settings, folder: Path = STATE) -> Huey:
    """The queue of these settings, without its jobs."""
    if settings.redis_url:
        # Putting a job in never makes a person wait for a Redis that hangs.
        pool = ConnectionPool.from_url(settings.redis_url, socket_timeout=QUEUE_SECONDS, socket_connect_timeout=QUEUE_SECONDS)
        return RedisHuey("signpost", connection_pool=pool, results=False)
    folder.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("signpost", filename=str(folder / "jobs.db"), results=False)


def main() -> int:
    """Work the queue until told to stop."""
    # What is in memory must not reach a disk when a process dies.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logs.set_up()
    # The queue's own lines hold no words, but ours say what happened.
    logging.getLogger("huey").setLevel(logging.CRITICAL)
    settings = from_environment()
    make_jobs(settings).queue.create_consumer(workers=1, worker_type="thread", periodic=True).run()
    return 0


if __name__ == "__main__":
    # The queue knows a job by its module. Run under the name `__main__` the worker would know none that the web app puts in.
    from web.jobs import main as work

    raise SystemExit(work())
