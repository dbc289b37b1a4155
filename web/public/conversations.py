"""One turn of a web conversation: found, answered, kept, or erased."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from signpost.model import Message, Situation, block_as_json
from web.gateway import Answer, Gateway
from web.logs import log
from web.store import Conversation, ConversationStore, new_token


@dataclass(frozen=True)
class Conversations:
    """Joins the store and the gateway. A store that is down never costs a person the answer."""

    store: ConversationStore
    gateway: Gateway

    def find(self, token: str | None) -> Conversation | None:
        """The conversation of a token, or None; None too when the store is down."""
        if not token:
            return None
        try:
            return self.store.find(token)
        except sa.exc.SQLAlchemyError as error:
            log.error("store.silent", kind=type(error).__name__)
            return None

    def say(self, conversation: Conversation | None, message: Message, shown: str) -> tuple[Conversation, Answer]:
        """Answer a message; `shown` is what the page shows as said by the person. None begins a conversation."""
        conversation = conversation or Conversation(new_token())
        answer = self.gateway.turn(message, conversation.token, Situation.from_json(conversation.situation))
        if answer.erase:
            self.erase(conversation.token)
            # What follows is a new conversation under a new name, holding this one reply alone.
            conversation = Conversation(new_token(), conversation.locale)
        said = [] if answer.erase else [{"you": shown}]
        kept = conversation.with_(
            locale=answer.locale_asked or message.locale_hint or conversation.locale,
            situation=answer.situation.as_json(),
            turns=[*conversation.turns, *said, {"reply": [block_as_json(block) for block in answer.blocks]}],
        )
        if not answer.erase:
            try:
                self.store.keep(kept)
            except sa.exc.SQLAlchemyError as error:
                log.error("store.silent", kind=type(error).__name__)
        log.info("turn", channel=message.channel, risk=answer.reading.risk, degraded=answer.degraded, locale=answer.situation.locale)
        return kept, answer

    def erase(self, token: str) -> None:
        """Erase a conversation from the web store and from the engine."""
        try:
            self.store.erase(token)
        except sa.exc.SQLAlchemyError as error:
            log.error("store.silent", kind=type(error).__name__)
        self.gateway.erase(token)
