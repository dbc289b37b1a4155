"""The facts, read once from the YAML in `knowledge/`.

`load` gives one frozen `Knowledge`. Whatever is wrong with a file is raised as a `KnowledgeError` that names the
file, the entry and the mend. Whether a fact may be shown is decided here too (`shown_contacts`), in one place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from signpost.errors import KnowledgeError
from signpost.model import CUES, HATE, ISSUES, STRANDS

# A contact of high confidence may stand alone; one of medium confidence only beside it, with a caution, never in
# danger; a low one never. Source: the partnership's directory rules (knowledge/README.md).
CONFIDENCES = ("high", "medium", "low")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class ContactFact:
    """One phone number, address or page with how sure its keepers are of it."""

    kind: str
    value: str
    confidence: str
    label: str | None = None


@dataclass(frozen=True)
class Opening:
    """Hours on some days of the week, local time (Open Referral UK `schedule`)."""

    byday: tuple[str, ...]
    opens_at: dt.time
    closes_at: dt.time


@dataclass(frozen=True)
class Service:
    """One service, in Open Referral UK names where they exist."""

    id: str
    name: str
    kind: str
    publish: str
    description: str
    service_areas: tuple[str, ...]
    strands: tuple[str, ...]
    issues: tuple[str, ...]
    minimum_age: int | None
    maximum_age: int | None
    gender: str | None
    communities: tuple[str, ...]
    tenure: tuple[str, ...]
    general: bool
    specialist: bool
    contacts: tuple[ContactFact, ...]
    always_open: bool
    schedule: tuple[Opening, ...]
    bank_holidays: str
    cost: str | None
    anonymous: bool | None
    tells_police: str | None
    languages: tuple[str, ...]
    interpreters: bool | None
    accessibility: str | None
    reach_through: str | None
    caution: str | None
    seed: str | None
    checked_on: dt.date
    review_by: dt.date
    confirmed_on: dt.date | None
    sources: tuple[str, ...]

    def stale(self, today: dt.date) -> int:
        """Days past `review_by`, 0 when in date."""
        return max(0, (today - self.review_by).days)


@dataclass(frozen=True)
class Area:
    """A part of the place, with the names people use and its postcode districts."""

    id: str
    label: str
    aka: tuple[str, ...]
    postcodes: tuple[str, ...]
    region: str


@dataclass(frozen=True)
class Place:
    """One partnership's area and whom it turns to first."""

    id: str
    label: str
    regions: tuple[str, ...]
    timezone: str
    general_service: str
    human: tuple[str, ...]
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Knowledge:
    """Everything the core knows, keyed by id. Entries of one kind keep the order of their file."""

    issues: Mapping[str, Mapping[str, Any]]
    strands: Mapping[str, Mapping[str, Any]]
    routes: Mapping[str, Mapping[str, Any]]
    rights: Mapping[str, Mapping[str, Any]]
    answers: Mapping[str, Mapping[str, Any]]
    safety: Mapping[str, Mapping[str, Any]]
    services: Mapping[str, Service]
    areas: Mapping[str, Area]
    place: Place
    phrases: Mapping[str, Mapping[str, Any]]
    risk_phrases: Mapping[str, Mapping[str, Any]]
    languages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    other_languages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    consent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prompts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class PhraseFiles(Mapping[str, Mapping[str, Any]]):
    """The phrase files of a folder by locale, each read when it is first needed: a process rarely needs them all."""

    def __init__(self, folder: Path) -> None:
        self._paths = {path.stem: path for path in sorted(folder.glob("*.yml"))}
        self._read: dict[str, Mapping[str, Any]] = {}

    def __getitem__(self, locale: str) -> Mapping[str, Any]:
        if locale not in self._read:
            self._read[locale] = read_yaml(self._paths[locale])
        return self._read[locale]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def read_yaml(path: Path) -> Any:
    """The content of one YAML file.

    Raises:
        KnowledgeError: the file is missing or is not YAML.
    """
    try:
        return YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KnowledgeError(path.name, "the file", "is missing.", f"put {path.name} back.") from error
    except (YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        raise KnowledgeError(path.name, where, "cannot be read as YAML.", "look for a missing quote, colon or indent there.") from error


def load(folder: Path, place: str = "sefton", complete: Collection[str] | None = None) -> Knowledge:
    """Read `folder` (the `knowledge/` room) for one place.

    A language is offered only where its translation is among the `complete` ones (None: all are).

    Raises:
        KnowledgeError: a file is missing, is not YAML, or an entry does not hold together with the others.
    """
    here = folder / "places" / place
    if not here.is_dir():
        raise KnowledgeError(f"places/{place}", "the folder", "does not exist.", "set PLACE to a folder of knowledge/places.")
    areas_file = read_yaml(here / "areas.yml")
    place_file = read_yaml(here / "place.yml")
    files = (folder / "national" / "services.yml", here / "services.yml", here / "centres.yml")
    knowledge = Knowledge(
        issues=_by_id(folder / "issues.yml"),
        strands=_by_id(folder / "strands.yml"),
        routes=_by_id(folder / "routes.yml"),
        rights=_by_id(folder / "rights.yml"),
        answers=_by_id(folder / "answers.yml"),
        safety=_by_id(folder / "safety.yml"),
        services={made.id: made for path in files for made in _services(path)},
        areas={made.id: made for made in _areas(areas_file, place_file)},
        place=_place(place_file),
        phrases=PhraseFiles(folder / "phrases"),
        risk_phrases=PhraseFiles(folder / "risk_phrases"),
        languages={name: _offered(entry, complete) for name, entry in _by_id(folder / "languages.yml").items()},
        other_languages=_by_id(folder / "other_languages.yml"),
        consent=_by_id(folder / "consent.yml"),
        prompts=_by_id(folder / "volunteer_prompts.yml"),
    )
    _check_references(knowledge)
    return knowledge


def shown_contacts(service: Service, today: dt.date, in_danger: bool = False) -> tuple[ContactFact, ...]:
    """The contacts of a service that may be shown today.

    A high one always (until the entry is 180 days past its review: then none); a medium one only beside a high one
    of the same service, never to someone in danger, and never when the entry is past its review. A contact that a
    person confirmed (`confirmed_on`) counts as high.
    """
    late = service.stale(today)
    if service.publish == "no_contact" or late > 180:
        return ()
    high = tuple(fact for fact in service.contacts if _rank(service, fact) == "high")
    if in_danger or late or not high:
        return high
    return tuple(fact for fact in service.contacts if _rank(service, fact) in ("high", "medium"))


def _rank(service: Service, fact: ContactFact) -> str:
    return "high" if service.confirmed_on and fact.confidence != "low" else fact.confidence


def is_medium(service: Service, fact: ContactFact) -> bool:
    """Whether a shown contact must carry a caution."""
    return _rank(service, fact) == "medium"


def stale_entries(knowledge: Knowledge, today: dt.date) -> Iterator[tuple[str, str, dt.date]]:
    """Every entry past its `review_by`: (kind, id, review date)."""
    for kind in ("issues", "strands", "routes", "rights", "answers", "safety", "consent", "prompts"):
        for entry in getattr(knowledge, kind).values():
            if (due := entry.get("review_by")) and due < today:
                yield kind, entry["id"], due
    for service in knowledge.services.values():
        if service.stale(today):
            yield "services", service.id, service.review_by


def _by_id(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in read_yaml(path) or ():
        if not isinstance(entry, dict) or not entry.get("id"):
            raise KnowledgeError(path.name, str(entry)[:40], "has no id.", "begin the entry with `- id: some-name`.")
        if entry["id"] in found:
            raise KnowledgeError(path.name, entry["id"], "is there twice.", "keep one of the two.")
        found[entry["id"]] = entry
    return found


def _offered(entry: dict[str, Any], complete: Collection[str] | None) -> dict[str, Any]:
    return {**entry, "offered": bool(entry.get("offered")) and (complete is None or entry["id"] in complete)}


def _services(path: Path) -> Iterator[Service]:
    for entry in _by_id(path).values():
        try:
            yield _service(entry)
        except (KeyError, TypeError, ValueError) as error:
            raise KnowledgeError(
                path.name, entry["id"], f"has a missing or wrong field ({error}).", "compare it with the entry above it."
            ) from error


def _service(entry: dict[str, Any]) -> Service:
    eligibility = entry["eligibility"]
    schedule = entry.get("schedule")
    contacts = tuple(
        ContactFact(item["kind"], str(item["value"]), item["confidence"], item.get("label")) for item in entry.get("contacts") or ()
    )
    for fact in contacts:
        if fact.confidence not in CONFIDENCES:
            raise ValueError(f"confidence {fact.confidence!r}")
    return Service(
        id=entry["id"],
        name=entry["name"],
        kind=entry["kind"],
        publish=entry["publish"],
        description=entry["description"],
        service_areas=tuple(entry["service_areas"]),
        strands=tuple(eligibility.get("strands") or ()),
        issues=tuple(eligibility.get("issues") or ()),
        minimum_age=eligibility.get("minimum_age"),
        maximum_age=eligibility.get("maximum_age"),
        gender=eligibility.get("gender"),
        communities=tuple(eligibility.get("communities") or ()),
        tenure=tuple(eligibility.get("tenure") or ()),
        general=bool(entry.get("general")),
        specialist=bool(entry.get("specialist")),
        contacts=contacts,
        always_open=schedule == "always",
        schedule=() if schedule in (None, "always") else tuple(_opening(item) for item in schedule),
        bank_holidays=entry.get("schedule_on_bank_holidays") or "unknown",
        cost=entry.get("cost"),
        anonymous=entry.get("anonymous"),
        tells_police=entry.get("tells_police"),
        languages=tuple(entry.get("languages") or ()),
        interpreters=entry.get("interpreters"),
        accessibility=entry.get("accessibility"),
        reach_through=entry.get("reach_through"),
        caution=entry.get("caution"),
        seed=entry.get("seed"),
        checked_on=_date(entry["checked_on"]),
        review_by=_date(entry["review_by"]),
        confirmed_on=_date(entry["confirmed_on"]) if entry.get("confirmed_on") else None,
        sources=tuple(dict.fromkeys(item["source"] for item in entry.get("evidence") or () if item.get("source"))),
    )


def _opening(item: dict[str, Any]) -> Opening:
    days = tuple(item["byday"])
    for day in days:
        if day not in DAYS:
            raise ValueError(f"day {day!r}")
    return Opening(days, _time(item["opens_at"]), _time(item["closes_at"]))


def _time(value: str) -> dt.time:
    # "24:00" is the end of the day in Open Referral; the last minute serves.
    return dt.time(23, 59, 59) if value == "24:00" else dt.time.fromisoformat(value)


def _date(value: dt.date | str) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _areas(areas_file: dict[str, Any], place_file: dict[str, Any]) -> Iterator[Area]:
    for entry in areas_file["areas"]:
        yield Area(entry["id"], entry["label"], tuple(entry.get("aka") or ()), tuple(entry.get("postcodes") or ()), place_file["id"])
    for entry in areas_file["neighbours"]:
        yield Area(entry["id"], entry["label"], tuple(entry.get("aka") or ()), tuple(entry.get("postcodes") or ()), entry["region"])


def _place(entry: dict[str, Any]) -> Place:
    return Place(
        id=entry["id"],
        label=entry["label"],
        regions=tuple(entry["regions"]),
        timezone=entry["timezone"],
        general_service=entry["general_service"],
        human=tuple(entry["human"]),
        data=entry,
    )


def _check_references(knowledge: Knowledge) -> None:
    def need(known: Iterable[str], wanted: Iterable[str], file: str, entry: str) -> None:
        known = set(known)
        for name in wanted:
            if name not in known:
                raise KnowledgeError(file, entry, f"points to {name!r}, which does not exist.", "correct the id.")

    services = knowledge.services
    need(knowledge.issues, ISSUES, "issues.yml", "the vocabulary")
    need(knowledge.strands, STRANDS, "strands.yml", "the vocabulary")
    need(services, knowledge.place.human + (knowledge.place.general_service,), "place.yml", knowledge.place.id)
    need(services, knowledge.place.data.get("volunteers") or (), "place.yml", knowledge.place.id)
    for issue in knowledge.issues.values():
        need(knowledge.routes, issue.get("routes") or (), "issues.yml", issue["id"])
        need(services, issue.get("lead_services") or (), "issues.yml", issue["id"])
    for strand in knowledge.strands.values():
        need(services, strand.get("lead_services") or (), "strands.yml", strand["id"])
    for answer in knowledge.answers.values():
        need(services, answer.get("services") or (), "answers.yml", answer["id"])
    for route in knowledge.routes.values():
        need(services, [route["service"]] if route.get("service") else (), "routes.yml", route["id"])
    for entry in knowledge.safety.values():
        need(services, entry.get("services") or (), "safety.yml", entry["id"])
        need(CUES, entry.get("cues") or (), "safety.yml", entry["id"])
    for entry in knowledge.consent.values():
        need(knowledge.routes, entry.get("routes") or (), "consent.yml", entry["id"])
    for entry in knowledge.prompts.values():
        need(services, entry.get("services") or (), "volunteer_prompts.yml", entry["id"])
        need(CUES, entry.get("cues") or (), "volunteer_prompts.yml", entry["id"])
    for service in services.values():
        need(services, [service.reach_through] if service.reach_through else (), "services.yml", service.id)
        need((*ISSUES, "any"), service.issues, "services.yml", service.id)
        need((*STRANDS, "any"), service.strands, "services.yml", service.id)


def is_about_hate(issues: Iterable[str]) -> bool:
    """Whether any of these issues is hate."""
    return any(issue in HATE for issue in issues)
