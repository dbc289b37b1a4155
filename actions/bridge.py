"""Between Rasa's tracker and the core's values."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from signpost import knowledge, wording
from signpost.errors import WordingError
from signpost.house import House
from signpost.language import answer_locale
from signpost.model import Reading, Situation, Turn, block_as_json
from signpost.rendering import plain

ROOT = Path(__file__).resolve().parent.parent
SLOT = "situation"


@lru_cache(maxsize=1)
def facts() -> knowledge.Knowledge:
    """The knowledge room, read once in this process."""
    return knowledge.load(ROOT / "knowledge", os.environ.get("PLACE", "sefton"), wording.complete(ROOT / "locales"))


@lru_cache(maxsize=64)
def words(locale: str) -> wording.Wording:
    """The words of a locale, or English where there is no usable catalogue."""
    try:
        return wording.load(ROOT / "locales", locale)
    except WordingError:
        return wording.Wording()


def reading_of(tracker: Tracker) -> Reading:
    """What the trained reader made of the latest message."""
    message = tracker.latest_message
    return Reading.from_json(message.get("reading") or {"intent": (message.get("intent") or {}).get("name") or "nonsense"})


def situation_of(tracker: Tracker) -> Situation:
    """The situation so far, in the channel of this message and the locale of its answer."""
    about = tracker.latest_message.get("metadata") or {}
    # The door may know more than the tracker: what was said while the engine was silent.
    situation = max((Situation.from_json(item) for item in (tracker.get_slot(SLOT), about.get("situation"))), key=lambda item: item.turns)
    reading = reading_of(tracker)
    locale = answer_locale((reading.asked_language, about.get("locale")), reading.language, situation.locale, facts().languages)
    return situation.with_(channel=about.get("channel") or situation.channel, locale=locale)


def house_for(situation: Situation) -> House:
    """Facts, words and the minute."""
    return House(facts(), words(situation.locale), dt.datetime.now(dt.timezone.utc))


def say(turn: Turn, reading: Reading, house: House, dispatcher: CollectingDispatcher) -> list[dict[str, Any]]:
    """Send a turn's reply; the slot to set is returned."""
    situation = turn.situation.as_json()
    dispatcher.utter_message(
        json_message={
            "reply": [block_as_json(block) for block in turn.reply],
            "plain": plain(turn.reply, house._),
            "situation": situation,
            "reading": reading.as_json(),
            "erase": turn.erase,
        }
    )
    return [SlotSet(SLOT, None if turn.erase else situation)]
