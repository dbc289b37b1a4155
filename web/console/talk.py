"""One turn of an assisted conversation: read once, decided once, said in two languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from signpost.decision import safety_entry
from signpost.house import House
from signpost.knowledge import Knowledge
from signpost.matching import matches
from signpost.model import Message, Situation, block_as_json
from signpost.turn import answer_reading
from web.choices import label_of, options_of
from web.console.register import Unmet
from web.console.walk_ins import WalkIn
from web.erasures import Erasures
from web.gateway import Answer, Gateway, words_of
from web.logs import log

Who = Literal["person", "volunteer"]
# A stop screen for danger that none of the prompts names more closely.
DANGER = "dangerous"


@dataclass(frozen=True)
class Talk:
    """The engine, what it has yet to erase, the facts and the clock."""

    gateway: Gateway
    erasures: Erasures
    facts: Knowledge
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.timezone.utc)

    def house(self, locale: str) -> House:
        """The facts in a language, at this minute."""
        return House(self.facts, words_of(locale), self.clock())

    def say(self, walk_in: WalkIn, who: Who, text: str, choice: str | None = None) -> WalkIn:
        """The walk-in after something was typed or chosen. The person's words are kept as they are, apart from the volunteer's."""
        before = walk_in.known
        languages = (walk_in.language, walk_in.volunteer_language)
        answer = self._read(walk_in.token, before, text, choice, languages if who == "person" else languages[::-1])
        if answer.erase:
            # "Forget me" and "start again": nothing told stays, in the engine nor here. The languages do.
            self.erasures.erase(walk_in.token)
            fresh = WalkIn(walk_in.token, walk_in.language, walk_in.volunteer_language, walk_in.under_16)
            return self._answered(fresh, answer.reading, fresh.known, answer.degraded)[0]
        replies = [turn.get("person", ()) for turn in walk_in.turns]
        said = {"who": who, "text": (label_of(choice, replies) or "") if choice else text}
        walk_in = walk_in.with_(turns=(*walk_in.turns, said))
        if not choice:
            key = "words" if who == "person" else "notes"
            walk_in = walk_in.with_(account={**walk_in.account, key: [*walk_in.account.get(key, ()), text]})
        after, danger = self._answered(walk_in, answer.reading, before, answer.degraded)
        log.info("turn", channel="volunteer", risk=answer.reading.risk, degraded=answer.degraded, locale=walk_in.language)
        return after.with_(danger=danger, was_in_danger=True) if danger else after

    def _read(self, token: str, before: Situation, text: str, choice: str | None, languages: tuple[str, str]) -> Answer:
        """What it says, read in the first of these languages; by phrases alone in the other too where the first sees no harm."""
        answer = self.gateway.turn(Message(text, "volunteer", choice, languages[0]), token, before)
        if not answer.degraded or choice or answer.reading.risk == "now" or answer.reading.issues or answer.reading.strands:
            return answer
        again = self.gateway.turn(Message(text, "volunteer", choice, languages[1]), token, before)
        return again if again.reading.issues or again.reading.strands else answer

    def _answered(self, walk_in: WalkIn, reading: Any, before: Situation, degraded: bool) -> tuple[WalkIn, str | None]:
        # The same reading, the same situation and the same minute: both columns say the same thing.
        now = self.clock()
        columns: dict[str, Any] = {}
        after = before
        for column, locale in (("volunteer", walk_in.volunteer_language), ("person", walk_in.language)):
            house = House(self.facts, words_of(locale), now)
            # The person's language was chosen: no note that it cannot be written yet.
            turn = answer_reading(replace(reading, language=None), before.with_(locale=locale), house)
            columns[column] = [block_as_json(block) for block in turn.reply]
            after = turn.situation
        walk_in = walk_in.with_(turns=(*walk_in.turns, {**columns, "degraded": degraded}), situation=after.as_json())
        return walk_in, stop_screen(reading.cues, self.facts) if reading.risk == "now" else None

    def offered(self, walk_in: WalkIn) -> set[str]:
        """The options of the latest reply: no other can be chosen."""
        return {option["id"] for turn in walk_in.turns[-1:] for option in options_of(turn.get("person", ()))}


def stop_screen(cues: tuple[str, ...], facts: Knowledge) -> str:
    """The id of the stop screen that cues of danger call for."""
    screens = sorted((entry for entry in facts.prompts.values() if entry["kind"] == "stop"), key=lambda entry: entry["priority"])
    return next((entry["id"] for entry in screens if set(entry.get("cues") or ()) & set(cues)), DANGER)


def safety_of(screen: str, situation: Situation, facts: Knowledge, house: House) -> str:
    """What is said to the person beside a stop screen: an id of `knowledge/safety.yml`."""
    cues = situation.cues if situation.risk == "now" else ()
    own = tuple(facts.prompts[screen].get("cues") or ())
    return safety_entry(tuple(cue for cue in cues if cue in own) or cues or own, house)


def unmet(situation: Situation, language: str, facts: Knowledge, now: dt.datetime) -> Unmet | None:
    """Why no service of its own kind could help this person now, or None where one could.

    A service for everyone does not count: that it is there says nothing of what is missing. Whether a service speaks a
    language is known of few; not known counts as not.
    """
    found = [match for match in matches(situation, facts, now) if not match.service.general]
    if not found:
        return "none_eligible"
    spoken = [match for match in found if match.service.interpreters or language in match.service.languages or language == "en"]
    if not spoken:
        return "none_in_language"
    return None if any(match.open_now is not False for match in spoken) else "none_open"
