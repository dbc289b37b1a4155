"""Which services fit a situation, in which order, and why. Deterministic and explained.

A service is *eligible* when nothing known of the person speaks against it (what is not known never does), and it is
*fitting* when it is there for the strand or issue told of, or for everyone. The order is: made for this, near,
reachable, open, then name. Whatever is known, at least one service that answers at this minute is among the first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from signpost.hours import is_open
from signpost.knowledge import Knowledge, Service, shown_contacts
from signpost.model import HATE, Situation

SHORTLIST = 4
# Kinds that are ways to report, not help; they are shown by the routes.
_NOT_HELP = ("emergency", "police", "online_report", "reporting_centre")
# What each fact is worth. Only the order matters; a strand or issue made for outweighs any nearness.
_WORTH = {"strand": 60, "issue": 40, "second_issue": 18, "specialist": 12, "community": 25, "tenure": 30, "general": 14}
_NEAR = {"sefton": 10, "merseyside": 8, "liverpool_city_region": 7, "england": 2, "uk": 2}
_LOCAL = 12
# A service that the knowledge names as made for this harm or strand heads the list; each later one a little less.
_LEAD, _LEAD_STEP = 60, 6


@dataclass(frozen=True)
class Match:
    """A service that fits, its worth, and the reasons in ids (`strand:race`, `issue:asb`, `general`, `near` ...)."""

    service: Service
    worth: int
    reasons: tuple[str, ...]
    open_now: bool | None


def eligible(service: Service, situation: Situation) -> bool:
    """Whether nothing known of the person rules the service out."""
    if situation.age is not None:
        if service.minimum_age is not None and situation.age < service.minimum_age:
            return False
        if service.maximum_age is not None and situation.age > service.maximum_age:
            return False
    elif service.maximum_age is not None and service.maximum_age < 26 and not _about_a_child(situation):
        return False
    if service.gender and situation.gender and service.gender != situation.gender:
        return False
    if service.tenure and situation.tenure and situation.tenure not in service.tenure:
        return False
    # A landlord helps its own tenants only: with no word of a tenancy it would be a guess.
    return not (service.tenure and not situation.tenure)


def _about_a_child(situation: Situation) -> bool:
    return any(issue in ("child_exploitation", "child_at_risk") for issue in situation.issues)


def reasons(service: Service, situation: Situation) -> tuple[str, ...]:
    """Why this service fits, most telling first; empty when it does not fit."""
    found: list[str] = []
    if situation.hate and service.strands:
        hit = [strand for strand in situation.strands if strand in service.strands]
        found += [f"strand:{strand}" for strand in hit]
        if not hit and "any" in service.strands and any(issue in HATE for issue in service.issues):
            found.append("strand:any")
    for place, issue in enumerate(_issues(situation)):
        if issue in service.issues and not (issue in HATE and service.strands and not _strand_fits(service, situation)):
            found.append(f"issue:{issue}" if place == 0 else f"second_issue:{issue}")
    found += [f"community:{name}" for name in situation.communities if name in service.communities]
    if service.tenure and situation.tenure in service.tenure:
        found.append(f"tenure:{situation.tenure}")
    if service.general:
        found.append("general")
    return tuple(found)


def _issues(situation: Situation) -> tuple[str, ...]:
    """The issues told of; hostility with no hate issue counts as a hate incident too."""
    issues = tuple(issue for issue in situation.issues if issue != "other")
    if situation.strands and not any(issue in HATE for issue in issues):
        issues += ("hate_incident",)
    return issues


def _strand_fits(service: Service, situation: Situation) -> bool:
    return "any" in service.strands or not situation.strands or any(item in service.strands for item in situation.strands)


def matches(situation: Situation, knowledge: Knowledge, now: dt.datetime, kinds_out: Iterable[str] = _NOT_HELP) -> list[Match]:
    """Every eligible, fitting service of the place, best first."""
    out = set(kinds_out)
    leads = _leads(situation, knowledge)
    made = []
    for service in knowledge.services.values():
        if service.kind in out or not _serves_place(service, situation, knowledge) or not eligible(service, situation):
            continue
        why = reasons(service, situation)
        if not why or (service.communities and not _community_fits(service, situation, why)):
            continue
        open_now = is_open(service, now, knowledge.place.timezone)
        made.append(Match(service, _worth(service, why, knowledge, now, open_now) + leads.get(service.id, 0), why, open_now))
    return sorted(made, key=lambda match: (-match.worth, match.service.name))


def _leads(situation: Situation, knowledge: Knowledge) -> dict[str, int]:
    """What being named first for a strand or issue told of adds to a service's worth."""
    lists = [knowledge.strands[name].get("lead_services") or () for name in situation.strands]
    lists += [knowledge.issues[name].get("lead_services") or () for name in _issues(situation)[:2]]
    worth: dict[str, int] = {}
    for place, named in enumerate(lists):
        for rank, service_id in enumerate(named):
            worth[service_id] = max(worth.get(service_id, 0), _LEAD - _LEAD_STEP * rank - 4 * place)
    return worth


def shortlist(situation: Situation, knowledge: Knowledge, now: dt.datetime, size: int = SHORTLIST) -> list[Match]:
    """The first few matches. Never empty, and one of them can be reached at this minute."""
    ranked = matches(situation, knowledge, now)
    chosen = ranked[:size]
    # The local hub joins up every other kind of help (source: Victim Care Merseyside): it is always in view for a
    # harm that it takes.
    general = next((match for match in ranked if match.service.id == knowledge.place.general_service), None)
    if general and general not in chosen and _issues(situation):
        chosen = [*chosen[: size - 1], general]
    if not any(_answers_now(match.service, match.open_now, now) for match in chosen):
        fallback = next((match for match in ranked if _answers_now(match.service, match.open_now, now)), None)
        fallback = fallback or _always_there(knowledge, now)
        if fallback:
            chosen = [*chosen[: size - 1], fallback]
    return chosen


def _answers_now(service: Service, open_now: bool | None, now: dt.datetime) -> bool:
    return open_now is True and any(fact.kind in ("phone", "text") for fact in shown_contacts(service, now.date()))


def _always_there(knowledge: Knowledge, now: dt.datetime) -> Match | None:
    for service_id in knowledge.place.human:
        service = knowledge.services[service_id]
        open_now = is_open(service, now, knowledge.place.timezone)
        if _answers_now(service, open_now, now):
            return Match(service, 0, ("human",), open_now)
    return None


def _serves_place(service: Service, situation: Situation, knowledge: Knowledge) -> bool:
    area = knowledge.areas.get(situation.area or "")
    if area is None or area.region == knowledge.place.id:
        return any(region in knowledge.place.regions for region in service.service_areas)
    # Outside the place: only what covers a wider region that holds the neighbour too.
    wider = (
        knowledge.place.regions[knowledge.place.regions.index(area.region) :]
        if area.region in knowledge.place.regions
        else (
            "england",
            "uk",
        )
    )
    return any(region in wider for region in service.service_areas)


def _community_fits(service: Service, situation: Situation, why: tuple[str, ...]) -> bool:
    """A service for one community is named to that community, or to a child or victim it is made for by strand."""
    if any(reason.startswith("community:") for reason in why):
        return True
    if set(service.communities) & {"lgbt"} and set(situation.strands) & {"sexual_orientation", "transgender"}:
        return True
    if "learning_disability" in service.communities and "disability" in situation.strands:
        return True
    if set(service.communities) & {"learning_disability", "deaf", "older"}:
        return False
    if set(service.communities) & {"sex_worker"}:
        return "sex_worker" in situation.strands
    return not situation.hate and not service.strands


def _worth(service: Service, why: tuple[str, ...], knowledge: Knowledge, now: dt.datetime, open_now: bool | None) -> int:
    worth = 0
    for kind in {reason.partition(":")[0] for reason in why}:
        worth += _WORTH.get(kind, 0)
    if "strand:any" in why:
        # For every strand: fits, but one made for the strand told of goes first.
        worth -= 35
    if service.specialist:
        worth += _WORTH["specialist"]
    worth += max(_NEAR.get(region, 0) for region in service.service_areas)
    if set(service.service_areas) & {"sefton", "merseyside", "liverpool_city_region"}:
        worth += _LOCAL
    if shown_contacts(service, now.date()):
        worth += 8
    if open_now:
        worth += 6
    return worth
