"""Facts made ready to be read: services with reasons and contacts, routes side by side, alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from signpost.hours import describe, is_open, opens_next, say_opening
from signpost.house import House
from signpost.knowledge import ContactFact, Service, is_medium, shown_contacts
from signpost.matching import Match
from signpost.model import HATE, Action, Alert, Contact, RouteItem, Routes, ServiceItem, Services, Situation

# A person in need looks for a voice first, then text, then a page. A post address comes last.
_ORDER = ("phone", "text", "textphone", "online_form", "website", "email", "app", "address")


def services_block(found: Iterable[Match], house: House, in_danger: bool = False, title: str = "") -> Services | None:
    """The services of some matches, or None where there is none."""
    items = tuple(service_item(match, house, in_danger) for match in found)
    return Services(items, title or house._("Who can help")) if items else None


def named_services(ids: Iterable[str], house: House, in_danger: bool = False) -> list[Match]:
    """Services by id, as matches with no reason of their own. In danger only those with a sure contact."""
    made = []
    for service_id in ids:
        service = house.knowledge.services[service_id]
        if in_danger and not shown_contacts(service, house.today, in_danger=True):
            continue
        made.append(Match(service, 0, (), is_open(service, house.now, house.knowledge.place.timezone)))
    return made


def service_item(match: Match, house: House, in_danger: bool = False) -> ServiceItem:
    """One service as the person sees it."""
    _, service, zone = house._, match.service, house.knowledge.place.timezone
    contacts = contacts_of(service, house, in_danger)
    # Past its review the entry says less: hours go first, because they change most.
    in_date = not service.stale(house.today)
    moment = opens_next(service, house.now, zone) if in_date else None
    return ServiceItem(
        id=service.id,
        name=service.name,
        description=_(service.description),
        why=why(match, house),
        open_now=match.open_now if in_date else None,
        opens_next=say_opening(moment, house.now, _, zone) if moment else None,
        hours=describe(service, _) if in_date else None,
        languages=languages_of(service, house),
        reach=None if contacts else reach(service, house),
        cost=_("Free") if service.cost == "free" else None,
        contacts=contacts,
    )


def contacts_of(service: Service, house: House, in_danger: bool = False) -> tuple[Contact, ...]:
    """The contacts of a service that may be shown today, in the order of use."""
    facts = sorted(
        shown_contacts(service, house.today, in_danger),
        key=lambda fact: _ORDER.index(fact.kind) if fact.kind in _ORDER else len(_ORDER),
    )
    return tuple(_contact(service, fact, house) for fact in facts)


def _contact(service: Service, fact: ContactFact, house: House) -> Contact:
    caution = None
    if is_medium(service, fact):
        caution = house._(service.caution) if service.caution else house._("We could not confirm this recently.")
    return Contact(fact.kind, fact.value, house._(fact.label) if fact.label else None, caution, link(fact.kind, fact.value))


def link(kind: str, value: str) -> str | None:
    """Where a tap on a contact leads, or None where a tap cannot help."""
    if kind in ("phone", "textphone"):
        return "tel:" + "".join(char for char in value if char.isdigit() or char == "+")
    if kind == "text":
        return "sms:" + "".join(char for char in value if char.isdigit() or char == "+")
    if kind == "email":
        return "mailto:" + quote(value, safe="@.+-_")
    if kind in ("website", "online_form"):
        return value if value.startswith(("https://", "http://")) else "https://" + value
    return None


def reach(service: Service, house: House) -> str:
    """How to get to a service whose own number nobody has confirmed."""
    through = house.knowledge.services.get(service.reach_through or house.knowledge.place.general_service)
    _ = house._
    if through is None or through.id == service.id:
        return _("We do not have a checked number for them yet.")
    phone = next((fact.value for fact in shown_contacts(through, house.today) if fact.kind == "phone"), None)
    if phone:
        return _("Ask {service} to put you in touch: {phone}", service=through.name, phone=phone)
    return _("Ask {service} to put you in touch.", service=through.name)


def languages_of(service: Service, house: House) -> str | None:
    """What is known of the languages of a service, in words."""
    _ = house._
    if service.interpreters:
        return _("Can get an interpreter for you.")
    names = [house.knowledge.languages[code]["name"] for code in service.languages if code in house.knowledge.languages]
    return _("Speaks {languages}.", languages=_.list(names)) if len(names) > 1 else None


def why(match: Match, house: House) -> str:
    """The reason a service was chosen, in one sentence the person can check."""
    _ = house._
    known = house.knowledge
    for reason in match.reasons:
        kind, _sep, name = reason.partition(":")
        if kind == "strand" and name == "any":
            return _("Because they help with all kinds of hate.")
        if kind == "strand":
            return _("They help people who are targeted because of this: {reason}.", reason=_(known.strands[name]["label"]))
        if kind in ("issue", "second_issue"):
            return _("Because they help with this: {issue}.", issue=_(known.issues[name]["label"]))
        if kind == "community":
            return _("Because they work with people like you.")
        if kind == "tenure":
            return _("Because you rent your home from them.")
    if match.reasons == ("human",):
        return _("Because someone can answer now.")
    return _("Because they help after any crime or harm.") if match.service.general else ""


def routes_block(situation: Situation, house: House, size: int = 5) -> Routes:
    """Ways to report that fit, not reporting among them, each in the same fields and order."""
    return Routes(tuple(route_item(name, house) for name in route_ids(situation, house, size)), house._("Ways to report, or not"))


def route_ids(situation: Situation, house: House, size: int = 5) -> list[str]:
    """The routes for these issues, most fitting first; an anonymous one and `no-report` are always among them."""
    routes = house.knowledge.routes
    wanted: list[str] = []
    for issue in situation.issues or ("other",):
        wanted += [name for name in house.knowledge.issues[issue].get("routes") or () if name not in wanted]
    if situation.hate and not any(issue in HATE for issue in situation.issues):
        wanted += [name for name in house.knowledge.issues["hate_incident"]["routes"] if name not in wanted]
    fitting = [name for name in wanted if name != "no-report" and _suits(routes[name], situation)]
    chosen = fitting[: size - 1]
    if not any(routes[name].get("anonymous") for name in chosen):
        anonymous = next((name for name in (*fitting, "crimestoppers") if routes[name].get("anonymous")), None)
        if anonymous:
            chosen = [*chosen[: size - 2], anonymous]
    return [*chosen, "no-report"]


def _suits(route: Mapping[str, Any], situation: Situation) -> bool:
    suits = route.get("suits")
    if not isinstance(suits, dict):
        return True
    if suits.get("only_under_18") and situation.under_18 is not True:
        return False
    if suits.get("under_18") is False and situation.under_18:
        return False
    return not (suits.get("tenure") and situation.tenure not in ("social", "one_vision", "sanctuary", "private"))


def route_item(name: str, house: House) -> RouteItem:
    """One way to report as the person sees it."""
    _, route = house._, house.knowledge.routes[name]
    service = house.knowledge.services.get(route.get("service") or "")
    return RouteItem(
        id=name,
        name=_(route["label"]),
        anonymous=route.get("anonymous"),
        who_sees_it=_(route["who_sees_it"]),
        what_happens_next=_(route["what_happens_next"]),
        can_change_mind=_(route["can_change_mind"]) if route.get("can_change_mind") else "",
        contacts=contacts_of(service, house) if service else (),
    )


def alert(entry_id: str, house: House) -> Alert:
    """What is said first in danger."""
    _, entry = house._, house.knowledge.safety[entry_id]
    return Alert(
        level="now",
        text=_(entry["text"]),
        actions=tuple(Action(_(item["label"]), item["href"]) for item in entry.get("actions") or ()),
        steps=tuple(_(step) for step in entry.get("steps") or ()),
    )
