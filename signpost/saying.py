"""Saying back what it sounded like: specific, without blame, naming doubt, easy to put right."""

from __future__ import annotations

from signpost.house import House
from signpost.model import HATE, NO_HARM, Situation


def N_(sentence: str) -> str:
    """Marks a sentence for the catalogue where it stands as data; it is translated where it is said."""
    return sentence


# Who does it, as the middle of "It sounds like ... is targeting you".
WHO = {
    "neighbour": N_("your neighbour"),
    "partner": N_("your partner"),
    "ex_partner": N_("your ex"),
    "family": N_("one of your family"),
    "stranger": N_("someone you do not know"),
    "young_people": N_("a group of young people"),
    "workmate": N_("someone you work with"),
    "boss": N_("your boss"),
    "landlord": N_("your landlord"),
    "online": N_("someone online"),
    "friend": N_("someone you thought was a friend"),
    "carer": N_("the person who cares for you"),
    "group": N_("a group of people"),
    "school": N_("someone at school"),
}


def heard(situation: Situation, house: House) -> str:
    """One short kind sentence, before anything else."""
    _ = house._
    if situation.for_someone_else:
        return _("Thank you for looking out for them.")
    if situation.turns == 0:
        return _("I am sorry this has happened. Thank you for telling me.")
    return _("Thank you for telling me more.")


def sounds_like(situation: Situation, house: House) -> str:
    """What it sounded like, in one to three sentences; empty when nothing was recognised."""
    _, known = house._, house.knowledge
    named = [issue for issue in situation.issues if issue != NO_HARM]
    if not named and not situation.strands:
        return ""
    sentences = []
    if situation.strands:
        sentences.append(_targeted(situation, house))
        rest = [issue for issue in named if issue not in HATE]
    else:
        sentences.append(_(known.issues[named[0]]["says"]))
        rest = named[1:]
    if situation.repeated:
        sentences.append(_("It keeps happening."))
    if rest:
        sentences.append(_("It may also be: {issues}.", issues=_.list([_(known.issues[issue]["label"]) for issue in rest[:2]])))
    if not situation.sure:
        sentences.insert(0, _("I am not sure I have understood."))
    return " ".join(sentences)


def _targeted(situation: Situation, house: House) -> str:
    _, strands = house._, house.knowledge.strands
    if situation.for_someone_else:
        reason = _.list([_(strands[name]["says_of_others"]) for name in situation.strands[:2]])
        return _("It sounds like someone is targeted because of {reason}.", reason=reason)
    reason = _.list([_(strands[name]["says"]) for name in situation.strands[:2]])
    if situation.who in WHO:
        return _("It sounds like {who} is targeting you because of {reason}.", who=_(WHO[situation.who]), reason=reason)
    return _("It sounds like someone is targeting you because of {reason}.", reason=reason)


def counts(situation: Situation, house: House) -> str:
    """Why it counts, and what the field calls it."""
    _, known = house._, house.knowledge
    named = [issue for issue in situation.issues if issue != NO_HARM]
    lead = next((issue for issue in named if issue in HATE), None) or (named[0] if named else None)
    if lead is None and situation.strands:
        lead = "hate_incident"
    if lead is None:
        return ""
    return _(known.issues[lead]["counts"])
