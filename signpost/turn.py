"""One turn: a reading in, an answer out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signpost.decision import danger, safety_entry, sorry_in, topic_of
from signpost.house import House
from signpost.model import Alert, Message, Reading, Situation, Text, Turn
from signpost.plaintext import clean
from signpost.reading import Reader, read
from signpost.wording import SOURCE_LOCALE


def answer_reading(reading: Reading, situation: Situation, house: House) -> Turn:
    """The answer to what was read. Danger is answered before anything else, whatever the intent."""
    topic = danger if reading.risk == "now" else topic_of(reading.intent)
    turn = topic(situation, reading, house)
    after = turn.situation
    reply = turn.reply
    # At the desk both languages stand side by side, and the page itself says what no one has checked.
    said = () if situation.channel == "volunteer" else notes(reading, situation, house)
    # After an alert, before anything else: the alert must stay the first thing that is read.
    place = 1 if reply and isinstance(reply[0], Alert) else 0
    reply = (*reply[:place], *(note for note in said if note), *reply[place:])
    noticed = "" if house._.checked else situation.locale
    return Turn(reply, after.with_(turns=after.turns + 1, last=reading.intent, noticed=noticed), turn.erase)


def notes(reading: Reading, situation: Situation, house: House) -> tuple[Text | None, ...]:
    """What is said about the language itself, beside the answer."""
    return (
        _in_english(reading, house),
        translation_note(situation, house),
        language_note(reading.language, situation.locale, house),
    )


def _in_english(reading: Reading, house: House) -> Text | None:
    """The emergency line in English, beside one whose translation no person has checked."""
    if house._.checked or reading.risk != "now":
        return None
    said = house.knowledge.safety[safety_entry(reading.cues, house)]["text"]
    return Text(said, "")


def translation_note(situation: Situation, house: House) -> Text | None:
    """Said once to someone who reads a translation whose safety sentences no native speaker has checked."""
    if house._.checked or situation.noticed == situation.locale:
        return None
    said = house._("No one who speaks this language has checked these words yet. There may be mistakes.")
    return Text(said, said)


def language_note(language: str | None, locale: str, house: House) -> Text | None:
    """Said to someone whose language is read but not written here: that, and how to ask for an interpreter. Where it is
    written but another was asked for: how to change, in that language."""
    if (sorry := sorry_in(language, house)) is not None:
        return Text(sorry, sorry)
    known = house.knowledge.languages.get(language or "")
    if known is None or language == locale:
        return None
    if known.get("offered"):
        return None if language == SOURCE_LOCALE else _other_language_note(known, house)
    said = house._(
        "I can read {language}, but I can only write in English for now. When you call, say: {ask}.",
        language=known["name"],
        ask=known["ask"],
    )
    return Text(said, said)


def _other_language_note(known: Mapping[str, Any], house: House) -> Text:
    said = house._("I can write in {language} too. To change, send this word: {language}", language=known["name"])
    return Text(said, said)


def choice_reading(choice: str) -> Reading:
    """The reading of a tapped option: `intent` or `intent:value`."""
    intent, _sep, value = choice.partition(":")
    return Reading(intent=intent, confidence=1.0, sure=True, value=value or None, is_question=intent.startswith("ask_"))


def read_message(message: Message, reader: Reader) -> Reading:
    """What a message says, read with phrases alone."""
    return choice_reading(message.choice) if message.choice else read(clean(message.text), reader)
