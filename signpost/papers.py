"""What a person hears, reads and takes away at a desk: the questions, the sheet, the receipt, the report, the diary.

Every paper is made once as values and worded by the house it is given, so that the same paper can be laid out in the
person's language and in English. Nothing of it is kept here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from signpost.consent import Consent, items, released
from signpost.house import House
from signpost.matching import shortlist
from signpost.model import NO_HARM, RouteItem, ServiceItem, Situation
from signpost.presenting import contacts_of, named_services, route_item, routes_block, service_item
from signpost.saying import counts, sounds_like


def N_(sentence: str) -> str:
    """Marks a sentence for the catalogue where it stands as data; it is translated where it is said."""
    return sentence


# What a report asks, each an open question that may be left out. Source: the facts that a hate incident report holds
# (knowledge/volunteer_prompts.yml says how to ask). The key is the field of `Account`.
QUESTIONS = {
    "when": N_("When did it happen?"),
    "where": N_("Where did it happen?"),
    "why": N_("Why do you think it happened?"),
    "before": N_("Has it happened before? How often?"),
    "witnesses": N_("Did anyone see or hear it?"),
    "evidence": N_("Did you keep anything, such as texts or photos?"),
    "needs": N_("What do you need, such as an interpreter?"),
    "name": N_("What can they call you? You can leave your name out."),
}
# What a call-back asks. The key is the field of `CallBack`.
CALL_QUESTIONS = {
    "number": N_("Which number is safe to call?"),
    "time": N_("When is it safe to call?"),
    "voicemail": N_("Can they leave a message?"),
    "word": N_("Choose a word. They say it first, so you know it is them."),
}
TIMES = {
    "any": N_("Any time"),
    "morning": N_("In the morning"),
    "afternoon": N_("In the afternoon"),
    "evening": N_("In the evening"),
}
ANSWERS = {"yes": N_("Yes"), "no": N_("No"), "later": N_("Not now")}
# Three faces at the end, counted only.
FACES = {"yes": N_("Yes"), "partly": N_("Some of it"), "no": N_("No")}
# What is said around the questions, in the order of the walk-in.
SAID = {
    "kept": N_("What you say stays on this desk. It is wiped when you leave, unless you say yes to passing something on."),
    "talk": N_("In your own words"),
    "route": N_("What would you like to do? You can say no to all of it."),
    "call": N_("Would you like someone to call you?"),
    "no_call": N_("No call"),
    "report": N_("A few questions. You can leave out any of them."),
    "needed": N_("Did you get what you needed?"),
    "wiped": N_("What you told us here is wiped now. What you said yes to stays locked until it arrives. Then it is wiped too."),
    "nothing_passed": N_("What you told us here is wiped now. Nothing was passed on."),
    "take_care": N_("Take care. You can come back any time."),
}


@dataclass(frozen=True)
class Account:
    """What the person told, for a report. `words` are their own, verbatim; `notes` are the volunteer's."""

    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    when: str = ""
    where: str = ""
    why: str = ""
    before: str = ""
    witnesses: str = ""
    evidence: str = ""
    needs: str = ""
    name: str = ""


@dataclass(frozen=True)
class CallBack:
    """How someone may call the person. `service` is who was asked to (an id), empty where nobody was: the number may still go
    into a report. `time` is a key of TIMES, `interpreter` a language id or empty."""

    service: str
    number: str
    time: str = "any"
    voicemail: bool = False
    word: str = ""
    interpreter: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a paper: a heading with any of words, pairs of label and value, services, routes, or an empty table."""

    title: str
    text: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    services: tuple[ServiceItem, ...] = ()
    routes: tuple[RouteItem, ...] = ()
    columns: tuple[str, ...] = ()
    # Shown as it is, in English letters, to someone who speaks only English.
    spoken: str = ""


@dataclass(frozen=True)
class Paper:
    """One paper in one language."""

    kind: str
    locale: str
    dir: str
    title: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...] = field(default=())


def spoken(name: str, house: House, **values: Any) -> str:
    """A sentence of `knowledge/consent.yml` that is read aloud."""
    return house._(house.knowledge.consent[name]["text"], **values)


def recipient_name(recipient: str, house: House, service: str | None = None) -> str:
    """Who a recipient is: the service by its own name where one was chosen."""
    if recipient in ("support_service", "housing") and service in house.knowledge.services:
        return house.knowledge.services[service or ""].name
    return house._(house.knowledge.consent[recipient]["label"])


def item_names(names: tuple[str, ...], house: House) -> list[str]:
    """What the items are called, in words."""
    return [house._(house.knowledge.consent[name]["label"]) for name in names]


def ask_all(recipient: str, names: tuple[str, ...], house: House, service: str | None = None) -> str:
    """The one question read aloud for a recipient: what they would get, all named."""
    return spoken("ask_all", house, recipient=recipient_name(recipient, house, service), items=_listed(names, house))


def _listed(names: tuple[str, ...], house: House) -> str:
    # Phrases with commas in them are set off by semicolons.
    return "; ".join(item_names(names, house))


def facts(account: Account, situation: Situation, call: CallBack | None, house: House) -> dict[str, list[tuple[str, str]]]:
    """Everything that could be told, by item of consent: label and value. Items with nothing to tell are left out."""
    _, known = house._, house.knowledge
    area = known.areas.get(situation.area or "")
    language = known.languages.get((call.interpreter if call else "") or situation.locale, {})
    made: dict[str, list[tuple[str, str]]] = {
        "name": [(_("Your name"), account.name)],
        "contact": _contact(call, house) if call else [],
        "what_happened": [
            (_("What it sounds like"), _.list([_(known.issues[name]["label"]) for name in situation.issues if name != NO_HARM])),
            (_("In your own words"), "\n".join(account.words)),
            (_("Note by the volunteer"), "\n".join(account.notes)),
            (_(QUESTIONS["before"]), account.before or (_("It keeps happening.") if situation.repeated else "")),
            (_(QUESTIONS["witnesses"]), account.witnesses),
            (_(QUESTIONS["evidence"]), account.evidence),
        ],
        "strand": [
            (_("What you think it was about"), _.list([_(known.strands[name]["label"]) for name in situation.strands])),
            (_(QUESTIONS["why"]), account.why),
        ],
        "place": [
            (_(QUESTIONS["where"]), " - ".join(part for part in (account.where, area.label if area else "") if part)),
            (_(QUESTIONS["when"]), account.when),
        ],
        "needs": [
            (_("Language"), language.get("english", "") if situation.locale != "en" else ""),
            (_(QUESTIONS["needs"]), account.needs),
        ],
    }
    told = {item: [(label, value) for label, value in pairs if value] for item, pairs in made.items()}
    return {item: pairs for item, pairs in told.items() if pairs}


def _contact(call: CallBack, house: House) -> list[tuple[str, str]]:
    _ = house._
    return [
        (_(CALL_QUESTIONS["number"]), call.number),
        (_(CALL_QUESTIONS["time"]), _(TIMES[call.time])),
        (_(CALL_QUESTIONS["voicemail"]), _(ANSWERS["yes" if call.voicemail else "no"])),
        (_("The word to say first"), call.word),
    ]


def report(
    account: Account,
    situation: Situation,
    call: CallBack | None,
    consent: Consent,
    recipient: str,
    house: House,
    service: str | None = None,
) -> Paper:
    """The report for one recipient: what is released to them at this minute, and nothing else."""
    _, rules = house._, house.knowledge.consent
    told = released(facts(account, situation, call, house), consent, recipient, house.now)
    sections = [Section(_(rules[item]["label"]), pairs=tuple(told[item])) for item in items(rules) if item in told]
    if "name" not in told:
        sections.insert(0, Section(_("Your name"), text=(_("No name given"),)))
    agreed = Section(
        _("What you agreed to"),
        pairs=tuple(
            (_(ANSWERS[said]), _listed(consent.said(recipient, said), house))
            for said in ("yes", "no", "later")
            if consent.said(recipient, said)
        ),
    )
    title = _("Report for {recipient}", recipient=recipient_name(recipient, house, service))
    return Paper("report", _.locale, _.dir, title, (*sections, agreed), (_made(house),))


def report_as_json(
    account: Account,
    situation: Situation,
    call: CallBack | None,
    consent: Consent,
    recipient: str,
    house: House,
    service: str | None = None,
) -> dict[str, Any]:
    """The same report for a program: ids and the person's words, only what is released, with what was agreed."""
    whole: dict[str, dict[str, Any]] = {
        "name": {"name": account.name},
        "contact": _contact_values(call) if call else {},
        "what_happened": {
            "issues": [name for name in situation.issues if name != NO_HARM],
            "own_words": list(account.words),
            "volunteer_notes": list(account.notes),
            "repeated": situation.repeated or bool(account.before),
            "before": account.before,
            "witnesses": account.witnesses,
            "evidence_kept": account.evidence,
        },
        "strand": {"strands": list(situation.strands), "why_the_person_thinks_so": account.why},
        "place": {"area": situation.area, "where": account.where, "when": account.when},
        "needs": {"language": situation.locale, "needs": account.needs},
    }
    told = released(whole, consent, recipient, house.now)
    return {
        "form": "signpost-report-1",
        "recipient": recipient,
        "service": service,
        "anonymous": not (account.name and "name" in told),
        "made_on": house.today.isoformat(),
        "facts": {item: {key: value for key, value in values.items() if value not in ("", [], None)} for item, values in told.items()},
        "consent": {answer.item: answer.said for answer in consent.answers if answer.recipient == recipient and not answer.withdrawn},
    }


def _contact_values(call: CallBack) -> dict[str, Any]:
    return {"number": call.number, "safe_time": call.time, "voicemail": call.voicemail, "word": call.word, "interpreter": call.interpreter}


def sheet(situation: Situation, house: House, call: CallBack | None = None, chosen: tuple[str, ...] = (), language: str = "") -> Paper:
    """The take-away sheet: what it sounded like, who can help and why, ways to report, rights, interpreters, the call.

    `chosen` are the ways to report that the person chose: where there are any, those and not reporting are shown.
    `language` is the one to ask for on the phone.
    """
    _, known = house._, house.knowledge
    made = [Section(_("In danger, call 999 now."))]
    if said := " ".join(part for part in (sounds_like(situation, house), counts(situation, house)) if part):
        made.append(Section(_("What it sounds like"), text=(said,)))
    if call and call.service:
        made.append(_call_section(call, house))
    found = list(shortlist(situation, known, house.now))
    if call and call.service and call.service not in [match.service.id for match in found]:
        found = [*named_services((call.service,), house), *found]
    made.append(Section(_("Who can help"), services=tuple(_on_paper(service_item(match, house)) for match in found)))
    routes = routes_block(situation, house).items
    if chosen:
        routes = tuple(route_item(name, house) for name in dict.fromkeys((*chosen, "no-report")))
    # Numbers that stand among the services already are not printed twice.
    named = {match.service.id for match in found}
    routes = tuple(replace(item, contacts=()) if known.routes[item.id].get("service") in named else item for item in routes)
    made.append(Section(_("Ways to report, or not"), routes=routes))
    wanted = {"support"} | ({"reporting"} if set(chosen) - {"no-report"} else set())
    rights = [entry for entry in known.rights.values() if wanted & set(entry.get("when") or ())]
    made.append(Section(_("Your rights"), text=tuple(f"{entry['number']}. {_(entry['label'])}" for entry in rights)))
    ask = known.languages.get(language, {}).get("ask", "")
    if ask and language != "en":
        made.append(Section(_("To ask for an interpreter, say:"), spoken=ask))
    return Paper("sheet", _.locale, _.dir, _("Help for you"), tuple(made), (_("Only keep this if it is safe for you."), _made(house)))


def _on_paper(item: ServiceItem) -> ServiceItem:
    """Whether it is open at this minute is no use on paper: the hours are."""
    return replace(item, open_now=None, opens_next=None)


def _call_section(call: CallBack, house: House) -> Section:
    _ = house._
    name = house.knowledge.services[call.service].name
    pairs = [pair for pair in _contact(call, house) if pair[1]]
    return Section(_("We asked {service} to call you", service=name), pairs=tuple(pairs[1:]))


def neutral_sheet(situation: Situation, house: House, call: CallBack | None = None, language: str = "") -> Paper:
    """The sheet for a person who may be watched: numbers and hours alone. It names no service, no harm and no desk."""
    _, known = house._, house.knowledge
    pairs: list[tuple[str, str]] = [("999", _("Emergency"))]
    found = [match.service for match in shortlist(situation, known, house.now)]
    if call and call.service and call.service not in [service.id for service in found]:
        found.insert(0, known.services[call.service])
    for service in found:
        item = service_item(named_services((service.id,), house)[0], house)
        number = next((contact.value for contact in contacts_of(service, house) if contact.kind in ("phone", "text")), None)
        if number and number not in [pair[0] for pair in pairs]:
            pairs.append((number, item.hours or ""))
    made = [Section("", pairs=tuple(pairs))]
    ask = known.languages.get(language, {}).get("ask", "")
    if ask and language != "en":
        made.append(Section("", spoken=ask))
    return Paper("neutral", _.locale, _.dir, _("Useful numbers"), tuple(made))


def receipt(consent: Consent, code: str, until: dt.date, house: House, services: Mapping[str, str | None]) -> Paper:
    """What was agreed, by recipient, with the code that proves it and how to take it back."""
    _ = house._
    made = []
    for recipient in consent.recipients:
        pairs = tuple(
            (_(ANSWERS[said]), _listed(consent.said(recipient, said), house))
            for said in ("yes", "no", "later")
            if consent.said(recipient, said)
        )
        made.append(Section(recipient_name(recipient, house, services.get(recipient)), pairs=pairs))
    if code:
        made.append(Section(_("Your code"), spoken=code, text=(spoken("take_back", house, date=_.date(until)),)))
    foot = (spoken("only_yes", house), _("Only keep this if it is safe for you."), _("Made on {date}.", date=_.date(house.today)))
    return Paper("receipt", _.locale, _.dir, _("What you agreed to"), tuple(made), foot)


def diary(house: House) -> Paper:
    """An empty diary for harm that comes again: what to write down, and what it is good for."""
    _ = house._
    columns = (_("Date and time"), _("What happened"), _("Who saw or heard it"), _("How it affected you"), _("Whom you told"))
    return Paper(
        "diary",
        _.locale,
        _.dir,
        _("What happens, and when"),
        (
            Section("", text=(_("Write it down each time, even small things. Use your own words."),), columns=columns),
            Section("", text=(_(house.knowledge.answers["ask_asb_case_review"]["text"]),)),
        ),
        (_("Only keep this if it is safe for you."), _("In danger, call 999 now.")),
    )


def _made(house: House) -> str:
    return house._("Made on {date}. Numbers can change.", date=house._.date(house.today))
