"""One turn: a reading in, an answer out."""

from __future__ import annotations

import datetime as dt

from signpost.decision import danger, topic_of
from signpost.house import House
from signpost.knowledge import Knowledge
from signpost.model import Alert, Message, Reading, Situation, Text, Turn
from signpost.plaintext import clean
from signpost.reading import Reader, read
from signpost.wording import Wording


def answer_reading(reading: Reading, situation: Situation, house: House) -> Turn:
    """The answer to what was read. Danger is answered before anything else, whatever the intent."""
    topic = danger if reading.risk == "now" else topic_of(reading.intent)
    turn = topic(situation, reading, house)
    after = turn.situation
    note = language_note(reading.language, situation.locale, house)
    reply = turn.reply
    if note:
        # After an alert, before anything else: the alert must stay the first thing that is read.
        place = 1 if reply and isinstance(reply[0], Alert) else 0
        reply = (*reply[:place], note, *reply[place:])
    return Turn(reply, after.with_(turns=after.turns + 1, last=reading.intent), turn.erase)


def language_note(language: str | None, locale: str, house: House) -> Text | None:
    """Said to someone whose language is read but not yet written here: that, and how to ask for an interpreter."""
    known = house.knowledge.languages.get(language or "")
    if known is None or known.get("offered") or language == locale:
        return None
    said = house._(
        "I can read {language}, but I can only write in English for now. When you call, say: {ask}.",
        language=known["name"],
        ask=known["ask"],
    )
    return Text(said, said)


def choice_reading(choice: str) -> Reading:
    """The reading of a tapped option: `intent` or `intent:value`."""
    intent, _sep, value = choice.partition(":")
    return Reading(intent=intent, confidence=1.0, sure=True, value=value or None, is_question=intent.startswith("ask_"))


def take_turn(
    message: Message, situation: Situation, reader: Reader, knowledge: Knowledge, wording: Wording, now: dt.datetime
) -> tuple[Reading, Turn]:
    """The core alone, with no trained reader: what it understood and its answer. Used when nothing else answers."""
    reading = choice_reading(message.choice) if message.choice else read(clean(message.text), reader)
    return reading, answer_reading(reading, situation, House(knowledge, wording, now))
