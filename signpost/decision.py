"""What is true and useful to say next. One function a topic; each takes the situation and what was just read.

Every reply is complete in itself: if the person never writes again, they already hold the help that fits best.
"""

from __future__ import annotations

from collections.abc import Callable

from signpost import merging
from signpost.asking import issue_question, next_question, question, strand_question
from signpost.house import House
from signpost.matching import Match, matches, shortlist
from signpost.model import NO_HARM, Block, Option, Question, Reading, Routes, Services, Situation, Text, Turn
from signpost.presenting import alert, named_services, routes_block, services_block
from signpost.saying import counts, heard, sounds_like

# What erases is done only on a clear word: a guess must not cost a person what they told.
ERASE_AT_LEAST = 0.45

Topic = Callable[[Situation, Reading, House], Turn]


def danger(situation: Situation, reading: Reading, house: House) -> Turn:
    """Someone is in danger this minute: the emergency line first, then what to do, then who can help. No question."""
    entry = safety_entry(reading.cues, house)
    after = merging.told(situation, reading).with_(risk="now", cues=reading.cues)
    listed = list(house.knowledge.safety[entry].get("services") or ())
    # Who helps with this harm comes too: if this was no danger after all, the person is not left with an alarm alone.
    listed += [match.service.id for match in shortlist(after, house.knowledge, house.now) if match.service.id not in listed]
    found = named_services(listed, house, in_danger=True)
    return _turn(after, [alert(entry, house), services_block(found, house, in_danger=True, title=house._("After you are safe"))])


def safety_entry(cues: tuple[str, ...], house: House) -> str:
    """The safety entry that these cues call for: the one of highest priority that any of them leads to."""
    order = [entry for entry in house.knowledge.safety.values() if entry.get("priority") is not None]
    order.sort(key=lambda entry: entry["priority"])
    return next((entry["id"] for entry in order if set(entry.get("cues") or ()) & set(cues)), "default")


def tell(situation: Situation, reading: Reading, house: House) -> Turn:
    """A person told what happened."""
    after = merging.told(situation, reading)
    if not [name for name in after.issues if name != NO_HARM] and not after.strands:
        return _no_harm_seen(after, reading, house)
    return _help(after, house, _likely(reading), opening=heard(situation.with_(for_someone_else=after.for_someone_else), house))


def _likely(reading: Reading) -> tuple[str, ...]:
    return tuple(item.id for item in reading.issues)


def _help(situation: Situation, house: House, likely: tuple[str, ...], opening: str) -> Turn:
    """The whole help for a situation: heard, safer, what it is, who helps, how to report or not, one question."""
    blocks: list[Block | None] = []
    if situation.risk == "soon":
        blocks.append(_safer(house, situation))
    said = sounds_like(situation, house)
    blocks.append(Text(f"{opening} {said}".strip(), said or opening))
    if why_it_counts := counts(situation, house):
        blocks.append(Text(why_it_counts, ""))
    if situation.age is not None and situation.age < 18:
        blocks.append(_young(house))
    found = shortlist(situation, house.knowledge, house.now)
    blocks.append(services_block(found, house))
    if situation.issues[:1] != ("mental_health_crisis",):
        # Someone who cannot cope needs a voice, not a form.
        blocks.append(routes_block(situation, house))
    blocks += _advice(situation, house)
    asked = next_question(situation, house) if _mind(situation) and situation.sure else question(situation, house, likely)
    blocks.append(asked)
    return _turn(_asked(situation, asked).with_(shown_services=len(found)), blocks)


def _asked(situation: Situation, asked: Question) -> Situation:
    return situation if asked.id == "next" else situation.with_(asked=(*situation.asked, asked.id))


def _safer(house: House, situation: Situation) -> Text:
    """How to be safer, for someone afraid of what may come or of what they may do."""
    said = house._(house.knowledge.safety["soon_mind" if _mind(situation) else "soon"]["text"])
    return Text(said, said)


def _mind(situation: Situation) -> bool:
    return situation.issues[:1] == ("mental_health_crisis",) or "self_harm" in situation.cues


def _young(house: House) -> Text:
    _ = house._
    return Text(_("You do not have to sort this out on your own. You can tell an adult you trust. You did nothing wrong."), "")


def _advice(situation: Situation, house: House) -> list[Text]:
    steps: list[str] = []
    for issue in situation.issues[:2]:
        steps += [step for step in house.knowledge.issues[issue].get("advice") or () if step not in steps]
    if not steps:
        return []
    said = " ".join(house._(step) for step in steps[:3])
    return [Text(house._("What can help now: {steps}", steps=said), "")]


def _no_harm_seen(situation: Situation, reading: Reading, house: House) -> Turn:
    """Nothing was recognised: say so, offer choices, and still leave the person with someone to ring."""
    _ = house._
    unsure = _("Thank you for telling me. I am not sure yet what kind of help fits.")
    if reading.sure:
        unsure = _(
            "I help when someone is hurt, scared or targeted because of who they are. You can tell me what happened in your own words."
        )
    asked = issue_question(house, _likely(reading))
    found = named_services((house.knowledge.place.general_service,), house)
    return _turn(
        _asked(situation, asked),
        [
            Text(unsure, unsure),
            *([_safer(house, situation)] if situation.risk == "soon" else []),
            services_block(_with_human(found, house), house),
            asked,
        ],
    )


def _with_human(found: list[Match], house: House) -> list[Match]:
    """The given services and, where none of them answers now, one that does."""
    if any(match.open_now for match in found):
        return found
    return found + [match for match in people(house) if match.open_now][:1]


def answer(situation: Situation, reading: Reading, house: House) -> Turn:
    """A question people ask, with its written answer and what belongs beside it."""
    _, known = house._, house.knowledge
    entry = known.answers.get(reading.intent)
    if entry is None:
        return unclear(situation, reading, house)
    after = merging.facts(situation, reading)
    if reading.issues and reading.sure and reading.issues[0].id != NO_HARM:
        after = merging.told(situation, reading)
    blocks: list[Block | None] = []
    if reading.risk == "soon":
        blocks.append(_safer(house, after))
    blocks.append(Text(_(entry["text"]), _(entry["sms"])))
    blocks.append(services_block(named_services(entry.get("services") or (), house), house))
    show = entry.get("show")
    if show == "routes":
        blocks.append(routes_block(after, house))
    elif show == "services" and not entry.get("services"):
        blocks.append(services_block(_with_human(shortlist(after, known, house.now), house), house))
    elif show == "centres":
        blocks.append(services_block(_centres(house), house, title=_("Places you can go")))
    elif show == "rights":
        blocks.append(Text(" ".join(f"{right['number']}. {_(right['label'])}." for right in known.rights.values()), ""))
    blocks.append(next_question(after, house))
    return _turn(after, blocks)


def _centres(house: House) -> list[Match]:
    return named_services((item.id for item in house.knowledge.services.values() if item.kind == "reporting_centre"), house)[:4]


def show_routes(situation: Situation, reading: Reading, house: House) -> Turn:
    """Every way to report that fits, not reporting among them."""
    _ = house._
    after = merging.facts(situation, reading)
    said = _("You choose if, how and when. You can get support and never report.")
    return _turn(after, [Text(said, said), routes_block(after, house, size=7), next_question(after, house)])


def show_services(situation: Situation, reading: Reading, house: House) -> Turn:
    """Who can help, a longer list than at first."""
    _ = house._
    after = merging.facts(situation, reading)
    found = _with_human(shortlist(after, house.knowledge, house.now, size=6), house)
    said = _("These people can help.")
    return _turn(after, [Text(said, said), services_block(found, house), next_question(after, house)])


def more(situation: Situation, reading: Reading, house: House) -> Turn:
    """What was not shown yet: the services after the first ones."""
    _ = house._
    rest = matches(situation, house.knowledge, house.now)[situation.shown_services :][:4]
    if not rest:
        return human(situation, reading, house)
    after = situation.with_(shown_services=situation.shown_services + len(rest))
    said = _("Here is more help.")
    return _turn(after, [Text(said, said), services_block(rest, house), next_question(after, house)])


def repeat(situation: Situation, reading: Reading, house: House) -> Turn:
    """The help again, from what is known."""
    _ = house._
    if not situation.issues and not situation.strands:
        return greet(situation, reading, house)
    return _help(situation, house, (), opening=_("Here it is again."))


def people(house: House) -> list[Match]:
    """People to talk to, those that answer now first."""
    found = named_services(house.knowledge.place.human, house)
    return sorted(found, key=lambda match: not match.open_now)


def human(situation: Situation, reading: Reading, house: House) -> Turn:
    """People to talk to."""
    _ = house._
    after = merging.facts(situation, reading)
    said = _("You can talk to a person. These people answer the phone.")
    young = situation.under_18 is True
    found = [match for match in people(house) if young or match.service.maximum_age is None]
    return _turn(after, [Text(said, said), services_block(found[:4], house, title=_("Talk to a person")), next_question(after, house)])


def correct_issue(situation: Situation, reading: Reading, house: House) -> Turn:
    """`That is not it`: believe the person, and ask which it is unless they said."""
    _ = house._
    sorry = _("Sorry I got that wrong. Thank you for telling me.")
    after = merging.refused(merging.facts(situation, reading))
    # "No, it was my ex" says what it is in the same breath.
    said_more = [item for item in reading.issues if item.id not in (*after.refused_issues, NO_HARM) and item.score >= 0.5]
    if reading.strands or said_more:
        told = merging.told(after.with_(sure=True), reading)
        return _help(told, house, _likely(reading), opening=sorry)
    asked = issue_question(house, tuple(name for name in _likely(reading) if name not in after.refused_issues))
    general = named_services((house.knowledge.place.general_service,), house)
    return _turn(_asked(after, asked), [Text(sorry, sorry), services_block(_with_human(general, house), house), asked])


def correct_strand(situation: Situation, reading: Reading, house: House) -> Turn:
    """`It was about my disability`: that, and nothing else."""
    _ = house._
    strand = reading.value or (reading.strands[0].id if reading.strands else None)
    if strand is None or strand not in house.knowledge.strands:
        asked = strand_question(house)
        said = _("Sorry I got that wrong. Thank you for telling me.")
        return _turn(_asked(situation, asked), [Text(said, said), asked])
    after = merging.chosen_strand(merging.facts(situation, reading), strand)
    return _help(after, house, (), opening=_("Thank you for telling me."))


def give_issue(situation: Situation, reading: Reading, house: House) -> Turn:
    """The person chose which harm it is."""
    issue = reading.value if reading.value in house.knowledge.issues else NO_HARM
    after = merging.chosen_issue(merging.facts(situation, reading), issue or NO_HARM)
    if issue == NO_HARM:
        return _no_harm_seen(after.with_(asked=(*after.asked, "issue")), reading, house)
    return _help(after, house, (), opening=house._("Thank you for telling me."))


def give_fact(situation: Situation, reading: Reading, house: House) -> Turn:
    """A place, an age, a tenancy: taken in, and the help matched again."""
    after = merging.facts(situation, reading)
    kind, value = reading.intent, reading.value
    if kind == "give_area" and value in house.knowledge.areas:
        after = after.with_(area=value)
    elif kind == "give_age" and value and value.isdigit():
        after = after.with_(age=int(value))
    elif kind == "give_tenure" and value:
        after = after.with_(tenure=value)
    if not after.issues and not after.strands:
        return greet(after, reading, house)
    return _help(after, house, (), opening=house._("Thank you. That helps."))


def skip(situation: Situation, reading: Reading, house: House) -> Turn:
    """A question left unanswered is fine: it is not put again."""
    _ = house._
    after = situation.with_(asked=tuple(dict.fromkeys((*situation.asked, reading.value or ""))))
    said = _("That is fine.")
    asked = question(after, house)
    return _turn(_asked(after, asked), [Text(said, said), asked])


def greet(situation: Situation, reading: Reading, house: House) -> Turn:
    """Hello: what this is, how to begin, and one number that helps with anything."""
    _ = house._
    after = merging.facts(situation, reading)
    said = _(
        "Hello. I am a computer program that helps people in {place} who have been hurt, scared or targeted. "
        "Tell me what happened, in your own words. Small things count too. I will not ask your name.",
        place=house.knowledge.place.label,
    )
    short = _("Hello. Tell me what happened, in your own words. I will not ask your name.")
    found = _with_human(named_services((house.knowledge.place.general_service,), house), house)
    return _turn(after, [Text(said, short), services_block(found, house), next_question(after, house)])


def thanks(situation: Situation, reading: Reading, house: House) -> Turn:
    """Thanks are answered, and the door stays open."""
    return _say(house._("You are welcome. You can come back any time."), situation, house)


def goodbye(situation: Situation, reading: Reading, house: House) -> Turn:
    """Goodbye, with how to leave nothing behind."""
    _ = house._
    return _say(_("Take care. Choose Forget me if you want this chat wiped now."), situation, house, forget=True)


def not_now(situation: Situation, reading: Reading, house: House) -> Turn:
    """Not now is a real choice."""
    _ = house._
    said = _("That is OK. There is no rush and no wrong choice. You can get support without reporting, now or later.")
    return _say(said, situation, house, forget=True)


def decline(situation: Situation, reading: Reading, house: House) -> Turn:
    """`No thanks`."""
    return not_now(situation, reading, house)


def agree(situation: Situation, reading: Reading, house: House) -> Turn:
    """`Yes please`: the help that is next."""
    return show_services(situation, reading, house) if situation.issues else greet(situation, reading, house)


def start_again(situation: Situation, reading: Reading, house: House) -> Turn:
    """Everything told is forgotten but the language; the talk begins anew."""
    if reading.confidence < ERASE_AT_LEAST:
        return unclear(situation, reading, house)
    fresh = Situation(locale=situation.locale, channel=situation.channel)
    said = house._("OK, we start again. Tell me what happened, in your own words.")
    return Turn((Text(said, said), next_question(fresh, house)), fresh, erase=True)


def forget_me(situation: Situation, reading: Reading, house: House) -> Turn:
    """Everything of this conversation is erased from every store."""
    if reading.confidence < ERASE_AT_LEAST:
        return unclear(situation, reading, house)
    _ = house._
    said = _("Done. I have wiped this chat. Nothing of it is kept here. Your browser may still show that you came to this page.")
    short = _("Done. I have wiped this chat. Delete these texts from your phone too if you need to.")
    return Turn((Text(said, short),), Situation(locale=situation.locale, channel=situation.channel), erase=True)


def perpetrator(situation: Situation, reading: Reading, house: House) -> Turn:
    """Someone who may be about to harm, trace or punish: not helped with that, pointed to help to stop."""
    _ = house._
    said = _(
        "I cannot help with that. If you are worried about how you act, you can talk to someone in private. "
        "If someone could get hurt now, call 999."
    )
    found = [match for match in people(house) if match.open_now][:2]
    return _turn(situation, [Text(said, said), services_block(found, house), next_question(situation, house)])


def off_topic(situation: Situation, reading: Reading, house: House) -> Turn:
    """Something this service does not do."""
    _ = house._
    said = _("I cannot help with that. I help when someone is hurt, scared or targeted. If that is you, tell me what happened.")
    return _say(said, merging.facts(situation, reading), house)


def abuse_bot(situation: Situation, reading: Reading, house: House) -> Turn:
    """Anger is met calmly: a person may be angry for good reason."""
    _ = house._
    return _say(_("It is OK to be angry. I am a computer program. You can talk to a person instead."), situation, house)


def test(situation: Situation, reading: Reading, house: House) -> Turn:
    """Someone checks that this works."""
    return _say(house._("Yes, this works. Tell me what happened, in your own words."), situation, house)


def change_language(situation: Situation, reading: Reading, house: House) -> Turn:
    """Which language: each in its own words. Where one was named and is written here, the answer is in it already."""
    _ = house._
    if reading.value and reading.value == situation.locale:
        return _say(_("I will write in {language} now. Say what happened, in your own words.", language=_own_name(house)), situation, house)
    offered = house.knowledge.languages
    options = tuple(Option(f"change_language:{entry['id']}", entry["name"]) for entry in offered.values() if entry.get("offered", True))
    said = _("Choose your language.")
    if len(options) < 2:
        said = _("I can only write in English for now. When you call someone, say your language and the word interpreter.")
    return _turn(situation, [Text(said, said), Question("language", said, (*options, Option("human", _("Talk to a person"))))])


def _own_name(house: House) -> str:
    return str(house.knowledge.languages.get(house._.locale, {}).get("name", house._.locale))


def sorry_in(language: str | None, house: House) -> str | None:
    """999 in a language that nobody here writes, and how to ask for an interpreter; None where it is none of them."""
    _ = house._
    known = house.knowledge.other_languages.get(language or "")
    if known is None:
        return None
    help_line = _("In danger, call 999. On the phone, say: {ask}.", ask=known["ask"])
    return f"{known['sorry']} {help_line}"


def unreadable(situation: Situation, reading: Reading, house: House) -> Turn:
    """A script that nobody here reads yet: the emergency line first, then interpreters, then the languages there are."""
    _ = house._
    said = _("In danger, call 999. Sorry, I cannot read this language yet. On the phone you can ask for an interpreter.")
    said = sorry_in(reading.value, house) or said
    found = _with_human(named_services((house.knowledge.place.general_service,), house), house)
    asked = next_question(situation, house)
    options = (Option("change_language", _("Languages")), *asked.options)
    return _turn(situation, [Text(said, said), services_block(found, house), Question(asked.id, asked.text, options)])


def unclear(situation: Situation, reading: Reading, house: House) -> Turn:
    """Not understood: said so, with choices."""
    _ = house._
    said = _("Sorry, I did not understand. You can say it in other words, or choose below.")
    after = merging.facts(situation, reading)
    blocks: list[Block | None] = [_safer(house, after)] if reading.risk == "soon" else []
    return _turn(after, [*blocks, Text(said, said), next_question(after, house)])


def _say(said: str, situation: Situation, house: House, forget: bool = False) -> Turn:
    asked = next_question(situation, house)
    if forget:
        asked = Question(asked.id, asked.text, (*asked.options, Option("forget_me", house._("Forget me"))))
    return _turn(situation, [Text(said, said), asked])


def _turn(situation: Situation, blocks: list[Block | None]) -> Turn:
    kept = tuple(block for block in blocks if block is not None and not _empty(block))
    return Turn(kept, situation)


def _empty(block: Block) -> bool:
    return isinstance(block, (Routes, Services)) and not block.items


# Which topic each intent leads to. Every other `ask_...` leads to `answer`.
TOPICS: dict[str, Topic] = {
    "danger": danger,
    "tell": tell,
    "show_routes": show_routes,
    "show_services": show_services,
    "more": more,
    "repeat": repeat,
    "human": human,
    "correct_issue": correct_issue,
    "correct_strand": correct_strand,
    "give_strand": correct_strand,
    "give_issue": give_issue,
    "give_area": give_fact,
    "give_age": give_fact,
    "give_tenure": give_fact,
    "skip": skip,
    "greet": greet,
    "thanks": thanks,
    "goodbye": goodbye,
    "not_now": not_now,
    "decline": decline,
    "agree": agree,
    "start_again": start_again,
    "forget_me": forget_me,
    "perpetrator": perpetrator,
    "off_topic": off_topic,
    "ask_off_topic": off_topic,
    "abuse_bot": abuse_bot,
    "test": test,
    "change_language": change_language,
    "nonsense": unclear,
    "unreadable": unreadable,
    "unclear": unclear,
}


def topic_of(intent: str) -> Topic:
    """The topic for an intent; what is not known is met with choices, never with silence."""
    return TOPICS.get(intent) or (answer if intent.startswith("ask_") else unclear)
