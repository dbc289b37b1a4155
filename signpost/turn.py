"""One turn: a reading in, an answer out."""

from __future__ import annotations

import datetime as dt

from signpost.decision import danger, topic_of
from signpost.house import House
from signpost.knowledge import Knowledge
from signpost.model import Message, Reading, Situation, Turn
from signpost.plaintext import clean
from signpost.reading import Reader, read
from signpost.wording import Wording


def answer_reading(reading: Reading, situation: Situation, house: House) -> Turn:
    """The answer to what was read. Danger is answered before anything else, whatever the intent."""
    topic = danger if reading.risk == "now" else topic_of(reading.intent)
    turn = topic(situation, reading, house)
    after = turn.situation
    return Turn(turn.reply, after.with_(turns=after.turns + 1, last=reading.intent), turn.erase)


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
