"""The values that move through the core: a message, what was read in it, the situation so far, the reply.

Everything is frozen and made of plain values, so it can be stored, sent and compared. Ids are those of the
public vocabulary (docs/contracts.md): issues, strands, risk, cues, channels, locales.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal

Risk = Literal["none", "soon", "now"]
Channel = Literal["web", "sms", "volunteer"]

# What a message is about that names no harm: a question in general must not sound like one.
NO_HARM = "other"
ISSUES = (
    "hate_crime",
    "hate_incident",
    "asb",
    "domestic_abuse",
    "sexual_violence",
    "sexual_harassment",
    "stalking",
    "honour_based_abuse",
    "forced_marriage",
    "modern_slavery",
    "child_exploitation",
    "child_at_risk",
    "cuckooing",
    "online_abuse",
    "fraud",
    "burglary_theft",
    "violence",
    "mental_health_crisis",
    "radicalisation",
    NO_HARM,
)
STRANDS = ("race", "religion", "disability", "sexual_orientation", "transgender", "sex_worker")
RISKS: tuple[Risk, ...] = ("none", "soon", "now")
CUES = (
    "danger_now",
    "self_harm",
    "child_in_danger",
    "weapon",
    "medical",
    "trapped",
    "perpetrator_present",
    "followed",
    "cannot_speak",
    "phone_watched",
    "threat_planned",
    "harm_others",
    "missing_child",
)
CHANNELS: tuple[Channel, ...] = ("web", "sms", "volunteer")
HATE = ("hate_crime", "hate_incident")


def worse(one: Risk, other: Risk) -> Risk:
    """The graver of two risks."""
    return max(one, other, key=RISKS.index)


@dataclass(frozen=True)
class Message:
    """What a person sent: their words, or the id of an option they chose."""

    text: str
    channel: Channel = "web"
    choice: str | None = None
    locale_hint: str | None = None


@dataclass(frozen=True)
class Scored:
    """An id with how sure the reader is of it, from 0 to 1."""

    id: str
    score: float


@dataclass(frozen=True)
class Reading:
    """What one message says, before anything is decided.

    `intent` is what the person does (`tell`, `ask_...`, `human` ...), `value` goes with a chosen option
    (`give_area` with `bootle`). `sure` is false below the confidence at which the bot says so and offers choices.
    """

    intent: str = "tell"
    confidence: float = 0.0
    sure: bool = False
    value: str | None = None
    is_question: bool = False
    issues: tuple[Scored, ...] = ()
    strands: tuple[Scored, ...] = ()
    risk: Risk = "none"
    cues: tuple[str, ...] = ()
    area: str | None = None
    age: int | None = None
    gender: str | None = None
    tenure: str | None = None
    communities: tuple[str, ...] = ()
    for_someone_else: bool = False
    who: str | None = None
    repeated: bool = False
    language: str | None = None

    @property
    def asked_language(self) -> str | None:
        """The language that this message asks for by name or by choice."""
        return self.value if self.intent == "change_language" else None

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a hop between processes."""
        return dict(_plain(self))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reading:
        """The reading that `as_json` came from; unknown keys are ignored."""
        known = _known(cls, data)
        for name in ("issues", "strands"):
            known[name] = tuple(Scored(item["id"], item["score"]) for item in known.get(name) or ())
        for name in ("cues", "communities"):
            known[name] = tuple(known.get(name) or ())
        return cls(**known)


@dataclass(frozen=True)
class Situation:
    """What is known of one conversation so far. Nothing in it names the person.

    `asked` holds the questions already put (none is put twice), `refused_issues` what the person said it was not,
    `last` the intent of the turn before (for *more* and *say it again*), `noticed` the locale whose translation the
    person has been told is not yet checked.
    """

    locale: str = "en"
    channel: Channel = "web"
    issues: tuple[str, ...] = ()
    strands: tuple[str, ...] = ()
    refused_issues: tuple[str, ...] = ()
    refused_strands: tuple[str, ...] = ()
    risk: Risk = "none"
    cues: tuple[str, ...] = ()
    area: str | None = None
    age: int | None = None
    gender: str | None = None
    tenure: str | None = None
    communities: tuple[str, ...] = ()
    for_someone_else: bool = False
    who: str | None = None
    repeated: bool = False
    sure: bool = True
    asked: tuple[str, ...] = ()
    shown_services: int = 0
    turns: int = 0
    last: str = ""
    noticed: str = ""

    @property
    def under_18(self) -> bool | None:
        """True or false where an age is known, else None."""
        return None if self.age is None else self.age < 18

    @property
    def hate(self) -> bool:
        """Whether hostility because of who the person is has been told of."""
        return bool(self.strands) or any(issue in HATE for issue in self.issues)

    def with_(self, **changes: Any) -> Situation:
        """A copy with these fields changed."""
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a slot or a store."""
        return dict(_plain(self))

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Situation:
        """The situation that `as_json` came from; unknown keys are ignored."""
        known = _known(cls, data or {})
        for item in fields(cls):
            if isinstance(known.get(item.name), list):
                known[item.name] = tuple(known[item.name])
        return cls(**known)


def _known(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(cls)}
    return {name: value for name, value in data.items() if name in names}


# The reply: a list of blocks, in the order in which they are read.


@dataclass(frozen=True)
class Action:
    """A thing to tap: a label and where it leads (`tel:999`)."""

    label: str
    href: str


@dataclass(frozen=True)
class Contact:
    """One way to reach a service, already allowed to be shown."""

    kind: str
    value: str
    label: str | None = None
    caution: str | None = None
    href: str | None = None


@dataclass(frozen=True)
class RouteItem:
    """One way to report (or not to), in the same fields and order as every other."""

    id: str
    name: str
    anonymous: bool | None
    who_sees_it: str
    what_happens_next: str
    can_change_mind: str = ""
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class ServiceItem:
    """One service, with the reason it was chosen and whether someone answers now."""

    id: str
    name: str
    description: str
    why: str
    open_now: bool | None
    opens_next: str | None
    hours: str | None = None
    languages: str | None = None
    reach: str | None = None
    cost: str | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True)
class Option:
    """A choice that may be tapped, typed or numbered."""

    id: str
    label: str


@dataclass(frozen=True)
class Text:
    """Words. `short` is the same said in a text message, where the long form would not fit."""

    text: str
    short: str | None = None
    type: str = field(default="text", init=False)


@dataclass(frozen=True)
class Alert:
    """What comes before everything else when someone is in danger."""

    level: Risk
    text: str
    actions: tuple[Action, ...] = ()
    steps: tuple[str, ...] = ()
    type: str = field(default="alert", init=False)


@dataclass(frozen=True)
class Routes:
    """Ways to report, side by side."""

    items: tuple[RouteItem, ...]
    title: str = ""
    type: str = field(default="routes", init=False)


@dataclass(frozen=True)
class Services:
    """Who can help."""

    items: tuple[ServiceItem, ...]
    title: str = ""
    type: str = field(default="services", init=False)


@dataclass(frozen=True)
class Question:
    """At most one a turn, after the help."""

    id: str
    text: str
    options: tuple[Option, ...]
    type: str = field(default="question", init=False)


Block = Text | Alert | Routes | Services | Question
BLOCKS: dict[str, Any] = {"text": Text, "alert": Alert, "routes": Routes, "services": Services, "question": Question}


def block_as_json(block: Block) -> dict[str, Any]:
    """One block in the shape of the JSON API (docs/contracts.md)."""
    return {"type": block.type, **_plain(block)}


def _plain(value: Any) -> Any:
    # As `dataclasses.asdict`, without a deep copy of each word: nothing here can be changed.
    if is_dataclass(value):
        return {key: _plain(item) for key, item in vars(value).items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def block_from_json(data: dict[str, Any]) -> Block:
    """The block that `block_as_json` came from."""
    made = {key: value for key, value in data.items() if key != "type"}
    kind = data["type"]
    if kind == "alert":
        made["actions"] = tuple(Action(**item) for item in made.get("actions", ()))
        made["steps"] = tuple(made.get("steps", ()))
    elif kind in ("routes", "services"):
        item_type = RouteItem if kind == "routes" else ServiceItem
        made["items"] = tuple(
            item_type(**{**item, "contacts": tuple(Contact(**contact) for contact in item.get("contacts", ()))}) for item in made["items"]
        )
    elif kind == "question":
        made["options"] = tuple(Option(**item) for item in made["options"])
    return BLOCKS[kind](**made)


@dataclass(frozen=True)
class Turn:
    """One answer and the situation after it."""

    reply: tuple[Block, ...]
    situation: Situation
    erase: bool = False
