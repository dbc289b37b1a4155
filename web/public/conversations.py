"""One turn of a web conversation: found, answered, kept, or erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from signpost.model import Message, Situation, block_as_json
from storage.turnstile import Turnstile
from web import metrics
from web.erasures import Erasures
from web.gateway import Answer, Gateway
from web.logs import log
from web.store import Conversation, ConversationStore, new_token

# Two messages of one conversation at once: the second waits so long for the first.
WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class Conversations:
    """Joins the store and the gateway. A store that is down never costs a person the answer."""

    store: ConversationStore
    gateway: Gateway
    erasures: Erasures
    turnstile: Turnstile = field(default_factory=lambda: Turnstile("web"))

    def find(self, token: str | None) -> Conversation | None:
        """The conversation of a token, or None. When the store is down, the token alone: what is kept under it is joined
        to what is said now as soon as the store answers."""
        if not token:
            return None
        try:
            return self.store.find(token)
        except sa.exc.SQLAlchemyError as error:
            log.error("store.silent", kind=type(error).__name__)
            return Conversation(token)

    @contextmanager
    def held(self, token: str | None) -> Iterator[Conversation | None]:
        """The conversation of a token, held until its turn is over: a message that comes meanwhile is answered after."""
        if not token:
            yield None
            return
        with self.turnstile.held(self.gateway.name_of(token), WAIT_SECONDS) as mine:
            if not mine:
                log.warning("turn.not_waited")
            yield self.find(token)

    def say(self, conversation: Conversation | None, message: Message, shown: str, attempt: str = "") -> tuple[Conversation, Answer]:
        """Answer a message; `shown` is what the page shows as said by the person. None begins a conversation.

        `attempt` marks the request: one that a proxy sends again, because a process died over it, is answered again and
        shown once.
        """
        conversation = conversation or Conversation(new_token())
        if attempt and conversation.attempt == attempt:
            conversation = conversation.with_(turns=conversation.turns[:-2])
        began = time.monotonic()
        answer = self.gateway.turn(message, conversation.token, Situation.from_json(conversation.situation))
        if answer.erase:
            self.erase(conversation.token)
            # What follows is a new conversation under a new name, holding this one reply alone.
            conversation = Conversation(new_token(), conversation.locale)
        said = [] if answer.erase else [{"you": shown}]
        new = [*said, {"reply": [block_as_json(block) for block in answer.blocks]}]
        kept = conversation.with_(
            locale=answer.locale_asked or message.locale_hint or conversation.locale,
            situation=answer.situation.as_json(),
            turns=[*conversation.turns, *new],
            attempt=attempt,
        )
        if not answer.erase:
            try:
                kept = self.store.keep(kept, len(new))
            except sa.exc.SQLAlchemyError as error:
                log.error("store.silent", kind=type(error).__name__)
        metrics.turns.labels(message.channel, answer.reading.risk, answer.degraded).inc()
        metrics.turn_seconds.labels(message.channel).observe(time.monotonic() - began)
        log.info("turn", channel=message.channel, risk=answer.reading.risk, degraded=answer.degraded, locale=answer.situation.locale)
        return kept, answer

    def erase(self, token: str) -> None:
        """Erase a conversation from the web store and from the engine; what the engine does not confirm is tried again."""
        try:
            self.store.erase(token)
        except sa.exc.SQLAlchemyError as error:
            log.error("store.silent", kind=type(error).__name__)
        self.erasures.erase(token)
