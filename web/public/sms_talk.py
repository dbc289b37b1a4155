"""One text of one phone: what is answered, and what is remembered for the next.

Until the person says that this phone is safe, nothing that is sent names a service or a harm. The first answer holds a
number that helps with anything (in danger the emergency line, alone, first) and asks. The details wait.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from signpost.carrier import SmsWords
from signpost.choosing import chosen, number_in
from signpost.decision import safety_entry
from signpost.house import House
from signpost.knowledge import Knowledge
from signpost.model import Block, Message, Option, Services, Situation, block_as_json, block_from_json
from signpost.plaintext import fold
from signpost.presenting import named_services, services_block
from signpost.rendering import Part, discreet_parts, safety_line, text_parts
from signpost.saying import N_
from signpost.segments import plain_marks
from signpost.wording import Wording
from web.gateway import Answer, words_of
from web.public.sms_store import Talk

# In danger, before the phone is known to be safe: these entries name no harm, so their own line is said. For the others
# the default line is, and for thoughts of suicide one that adds a voice.
NEUTRAL_ENTRIES = ("cannot_speak", "medical", "default")
NEUTRAL_MIND = N_("In an emergency, call 999 now. To talk to someone at any hour, call 116 123. It is free.")
# Samaritans, day and night: for the day when every entry of the list is too old to be shown.
LAST_RESORT = "116 123"
# The same text this often in a row is a machine, or someone who gets no further: then only danger is answered.
SAME_AT_MOST = 4
_SAID_KEPT = 6
# After someone asked who this is in the middle of a talk, nothing but numbers is sent for so long, and no choice is
# offered: whoever asks on learns nothing. The person can end it with the printed word for a safe phone.
GUARDED_SECONDS = 3600
_SAFE, _PLAIN, _UNSAFE = "safe", "plain", "unsafe"
_REPLY_WORDS = (_SAFE, _PLAIN, _UNSAFE)

Turn = Callable[[Message, Situation], Answer]
Marker = Callable[[str], str]


@dataclass(frozen=True)
class Inbound:
    """What a phone sent: the text, what the sending service read in it (`STOP`, `START`, `HELP` or empty), media or not."""

    text: str
    opt_out: str = ""
    media: bool = False


@dataclass(frozen=True)
class Outcome:
    """The messages to send, and what to remember: a talk, or None to forget this phone and erase everything of it.

    `fresh` asks to erase the engine's side too, though a talk is kept.
    """

    talk: Talk | None
    messages: tuple[str, ...]
    risk: str = "none"
    degraded: bool = False
    fresh: bool = False


class Texting:
    """Answers texts. `turn` asks the gateway, `mark` makes a short keyed mark of a text (to see that it came before)."""

    def __init__(self, words: SmsWords, facts: Knowledge, sender: str, silence_hours: float, mark: Marker) -> None:
        self._words = words
        self._facts = facts
        self._sender = sender
        self._silence = silence_hours * 3600
        self._mark = mark

    def answer(self, talk: Talk | None, inbound: Inbound, turn: Turn, now: dt.datetime) -> Outcome:
        """The answer to one text. `talk` is what was remembered; None for a phone that is not known."""
        before = talk or Talk()
        silent_for = now.timestamp() - before.seen
        fresh = talk is not None and not before.stopped and silent_for > self._silence
        if fresh:
            # After a long silence the phone may be in other hands.
            before = Talk(locale=before.locale, chosen_locale=before.chosen_locale)
        before = before.with_(seen=now.timestamp())
        outcome = self._answer(before, inbound, turn, now)
        if outcome.talk is not None:
            said = [self._mark(message) for message in outcome.messages]
            kept = [*outcome.talk.said, *said][-_SAID_KEPT:]
            outcome = Outcome(outcome.talk.with_(said=kept), outcome.messages, outcome.risk, outcome.degraded, outcome.fresh or fresh)
        return outcome

    def is_stop(self, inbound: Inbound) -> bool:
        """Whether a text asks for no more texts, which is honoured however many came before it."""
        return inbound.opt_out.strip().upper() == "STOP" or self._words.carrier_meaning(inbound.text) == "stop"

    def _answer(self, talk: Talk, inbound: Inbound, turn: Turn, now: dt.datetime) -> Outcome:
        house = self._house(talk.locale, now)
        if carried := self._carrier(talk, inbound, house):
            return carried
        if talk.stopped:
            return Outcome(talk, ())
        mark = self._mark(fold(inbound.text))
        if inbound.text and self._mark(inbound.text) in talk.said:
            # Our own words come back: a machine that repeats what it gets.
            return Outcome(talk, ())
        times = talk.same[1] + 1 if talk.same and talk.same[0] == mark else 1
        if number_in(inbound.text) is None and self._words.command(inbound.text, talk.locale) is None:
            talk = talk.with_(same=[mark, times])
        if inbound.media and not inbound.text.strip():
            return Outcome(talk, (self._media(house),))
        if times <= SAME_AT_MOST and (commanded := self._command(talk, inbound.text, turn, house)):
            return commanded
        return self._say(talk, self._message(talk, inbound.text), turn, now, looping=times > SAME_AT_MOST)

    # Words of the carriers.

    def _carrier(self, talk: Talk, inbound: Inbound, house: House) -> Outcome | None:
        meaning = {"STOP": "stop", "START": "start", "HELP": "help"}.get(inbound.opt_out.strip().upper())
        answered = meaning in ("stop", "start")
        if meaning is None:
            meaning = self._words.carrier_meaning(inbound.text)
            if meaning is None:
                return None
            answered = self._words.answered_by_carrier(inbound.text, meaning, self._sender)
        _ = house._
        if meaning == "help":
            return Outcome(talk, (self._help(house),))
        if meaning == "stop":
            said = _("You will get no more texts from this number. To begin again, text START. In danger, call 999.")
            silent = answered or talk.stopped
            return Outcome(Talk(locale=talk.locale, stopped=True, seen=talk.seen), () if silent else (plain_marks(said),), fresh=True)
        if not talk.stopped and self._words.command(inbound.text, talk.locale) in _REPLY_WORDS:
            # YES from someone who never stopped the texts is an ordinary word.
            return None
        said = _("You can text here again. Say what you need, in your own words. In danger, call 999.")
        return Outcome(talk.with_(stopped=False), () if answered and talk.stopped else (plain_marks(said),))

    def _help(self, house: House) -> str:
        _ = house._
        return plain_marks(
            _(
                "In danger, call 999. To talk to someone, call {number}. Or text what you need, in your own words. "
                "{wipe} wipes this chat. STOP ends it.",
                number=self._open_number(house),
                wipe=self._shown("erase", house),
            )
        )

    def _media(self, house: House) -> str:
        _ = house._
        said = _(
            "I cannot open pictures or sound. Can you say it in words? To talk to someone, call {number}.", number=self._open_number(house)
        )
        return plain_marks(said)

    # Words of our own.

    def _command(self, talk: Talk, text: str, turn: Turn, house: House) -> Outcome | None:
        command = self._words.command(text, talk.locale)
        if command in _REPLY_WORDS and not talk.asked_safe and not self._words.is_printed(text, command, talk.locale):
            # "yes" and "no" mean something here only after our question; the printed words always do.
            command = None
        if talk.asked_safe and command is None and (number := number_in(text)) in (1, 2, 3):
            command = _REPLY_WORDS[number - 1]
        if command == "more" and talk.asked_safe and not talk.rest:
            command = _SAFE
        _ = house._
        if talk.guarded_until > talk.seen and command not in ("erase", "who", "human", _UNSAFE):
            if command != _SAFE:
                return None
            talk = talk.with_(guarded_until=0.0)
        if command == "erase":
            said = _("Done. I have wiped this chat. Delete these texts from your phone too if you need to.")
            return Outcome(None, (plain_marks(said),))
        if command == "who":
            # Perhaps someone else holds the phone: what this number is, and nothing of what was said.
            said = _("This is an automatic text line for local information. No person reads these texts.")
            until = talk.seen + GUARDED_SECONDS if talk.situation or talk.guarded_until else 0.0
            kept = Talk(locale=talk.locale, seen=talk.seen, same=talk.same, guarded_until=until)
            return Outcome(kept, (plain_marks(said),), fresh=True)
        if command == "more":
            return self._more(talk, turn, house)
        if command == _SAFE:
            return self._released(talk.with_(consent="details"), house)
        if command == _PLAIN:
            return self._released(talk.with_(consent="plain"), house)
        if command == _UNSAFE:
            said = _(
                "OK. I will send nothing more now. When it is safe, text again. From another phone you can call {number}.",
                number=self._open_number(house),
            )
            return Outcome(Talk(locale=talk.locale, seen=talk.seen, same=talk.same), (plain_marks(said),), fresh=True)
        if command is None and not talk.options and number_in(text) is not None:
            said = _(
                "I do not know which choice you mean. Please say it in words. To talk to someone, call {number}.",
                number=self._open_number(house),
            )
            return Outcome(talk, (plain_marks(said),))
        if command == "human":
            return self._say(talk, Message("", "sms", "human", talk.chosen_locale), turn, house.now)
        if command == "language":
            return self._say(talk, Message("", "sms", "change_language", talk.chosen_locale), turn, house.now)
        return None

    def _more(self, talk: Talk, turn: Turn, house: House) -> Outcome:
        if not talk.rest:
            return self._say(talk, Message("", "sms", "more", talk.chosen_locale), turn, house.now)
        part, *rest = talk.rest
        return Outcome(talk.with_(rest=rest, options=part["options"] or talk.options), tuple(part["messages"]))

    def _released(self, talk: Talk, house: House) -> Outcome:
        """What waited for the answer, now that there is one."""
        if not talk.held:
            _ = house._
            said = _("Thank you. Say what you need, in your own words. To talk to someone, call {number}.", number=self._open_number(house))
            return Outcome(talk.with_(asked_safe=False), (plain_marks(said),))
        blocks = [block_from_json(item) for item in talk.held]
        return self._sent(talk.with_(asked_safe=False, held=[]), self._parts(blocks, talk.consent, house))

    # Everything else is said to the gateway.

    def _message(self, talk: Talk, text: str) -> Message:
        options = [Option(item[0], item[1]) for item in talk.options]
        option = chosen(text, options) if options else None
        if option is not None:
            return Message("", "sms", option.id, talk.chosen_locale)
        return Message(text.strip() or "?", "sms", None, talk.chosen_locale)

    def _say(self, talk: Talk, message: Message, turn: Turn, now: dt.datetime, looping: bool = False) -> Outcome:
        if message.choice and message.choice.startswith("change_language:"):
            return self._language(talk, message.choice.partition(":")[2], now)
        made = turn(message, Situation.from_json({**talk.situation, "channel": "sms", "locale": talk.locale}))
        house = self._house(made.situation.locale, now)
        if talk.guarded_until > talk.seen:
            return Outcome(talk, self._guarded(made, house), made.reading.risk, made.degraded, fresh=True)
        chosen_locale = made.locale_asked or talk.chosen_locale
        talk = talk.with_(
            locale=made.situation.locale, chosen_locale=chosen_locale, situation=made.situation.as_json(), rest=[], options=[]
        )
        if "phone_watched" in made.reading.cues:
            # Someone reads this phone, or holds it: from here on numbers alone, until the person says that it is safe.
            talk = talk.with_(consent="plain", held=[], asked_safe=False)
        risk = made.reading.risk
        if looping and risk != "now":
            return Outcome(talk, (), risk, made.degraded)
        if made.erase:
            if made.reading.intent != "start_again":
                return Outcome(None, self._parts(made.blocks, "details", house)[0].messages, risk, made.degraded)
            kept = Talk(locale=talk.locale, chosen_locale=talk.chosen_locale, consent=talk.consent, seen=talk.seen, same=talk.same)
            sent = self._sent(kept, self._parts(made.blocks, "details", house))
            return Outcome(sent.talk, sent.messages, risk, made.degraded, fresh=True)
        if talk.consent or message.choice == "change_language":
            sent = self._sent(talk, self._parts(made.blocks, talk.consent or "details", house))
        else:
            held = [block_as_json(block) for block in made.blocks]
            again = talk.asked_safe
            sent = Outcome(talk.with_(held=held, asked_safe=True), self._first(made, house, again))
        return Outcome(sent.talk, sent.messages, risk, made.degraded)

    def _language(self, talk: Talk, locale: str, now: dt.datetime) -> Outcome:
        if not self._facts.languages.get(locale, {}).get("offered"):
            locale = talk.locale
        _ = words_of(locale)
        said = _(
            "Thank you. Say what you need, in your own words. To talk to someone, call {number}.",
            number=self._open_number(self._house(locale, now)),
        )
        return Outcome(talk.with_(locale=locale, chosen_locale=locale, options=[], rest=[]), (plain_marks(said),))

    def _first(self, made: Answer, house: House, again: bool) -> tuple[str, ...]:
        """What is sent before the phone is known to be safe: no harm, no service is named."""
        _, number = house._, self._open_number(house)
        if made.reading.risk == "now":
            line = safety_line(self._neutral_danger(made.reading.cues, house), _)
            then = _(
                "To talk to someone, call {number}. If this phone is safe, text {more} for what to do.",
                number=number,
                more=self._shown("more", house),
            )
            return line, plain_marks(then)
        if again:
            said = _(
                "I have your text. Is this phone safe? Text 1 to get details, 2 for phone numbers only, 3 if it is not safe. "
                "You can call {number}.",
                number=number,
            )
            return (plain_marks(said),)
        said = _(
            "Thank you. You can call {number} about anything. Is it safe to send more here? "
            "Text 1 to get details, 2 for phone numbers only, 3 if it is not safe.",
            number=number,
        )
        return (plain_marks(said),)

    def _guarded(self, made: Answer, house: House) -> tuple[str, ...]:
        """What is sent while someone else may hold the phone: a number and, in danger, the emergency line."""
        _ = house._
        said = plain_marks(_("You can call {number} about anything. In danger, call 999.", number=self._open_number(house)))
        if made.reading.risk == "now":
            return safety_line(self._neutral_danger(made.reading.cues, house), _), said
        return (said,)

    def _neutral_danger(self, cues: tuple[str, ...], house: House) -> str:
        entry = safety_entry(cues, house)
        if entry == "suicide":
            return house._(NEUTRAL_MIND)
        return house._(house.knowledge.safety[entry if entry in NEUTRAL_ENTRIES else "default"]["text"])

    def _parts(self, blocks: Sequence[Block], consent: str, house: House) -> tuple[Part, ...]:
        more = self._shown("more", house)
        if consent != "plain":
            return text_parts(blocks, house._, more)
        named = any(isinstance(block, Services) for block in blocks)
        return discreet_parts(blocks if named else [*blocks, self._anyone(house)], house._, more)

    def _sent(self, talk: Talk, parts: Sequence[Part]) -> Outcome:
        if not parts:
            return Outcome(talk, ())
        rest = [_part_as_json(part) for part in parts[1:]]
        return Outcome(talk.with_(rest=rest, options=_part_as_json(parts[0])["options"]), parts[0].messages)

    # Who can be rung about anything.

    def _anyone(self, house: House) -> Services:
        """The general service where it answers now, else whoever does."""
        place = house.knowledge.place
        found = named_services((place.general_service, *place.human), house)
        # A line for one age alone does not help with anything.
        found = [match for match in found if match.service.maximum_age is None]
        block = services_block([match for match in found if match.open_now][:1] or found[:1], house)
        assert block is not None
        return block

    def _open_number(self, house: House) -> str:
        contacts = self._anyone(house).items[0].contacts
        return next((contact.value for contact in contacts if contact.kind == "phone"), LAST_RESORT)

    def _shown(self, command: str, house: House) -> str:
        return self._words.shown(command, house._.locale)

    def _house(self, locale: str, now: dt.datetime) -> House:
        return House(self._facts, words_of(locale), now)


def _part_as_json(part: Part) -> dict[str, Any]:
    return {"messages": list(part.messages), "options": [[option.id, option.label] for option in part.options]}


def busy_text(_: Wording) -> str:
    """What is said once to a phone that sends too many texts."""
    return plain_marks(_("That is a lot of texts at once. Please wait a few minutes. In danger, call 999."))


def fault_text(_: Wording) -> str:
    """What is said when something here broke."""
    return plain_marks(_("Something went wrong here. It is not your fault. Please text again. In danger, call 999."))
