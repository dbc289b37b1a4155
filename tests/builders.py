"""Builders that hide what a test does not care about."""

from __future__ import annotations

import atexit
import datetime as dt
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from signpost import knowledge
from signpost.house import House
from signpost.knowledge import ContactFact, Opening, Service
from signpost.model import Reading, Scored, Situation
from signpost.reading import Reader
from signpost.wording import Wording

ROOT = Path(__file__).resolve().parent.parent
LONDON = ZoneInfo("Europe/London")
# A plain working Tuesday.
NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=LONDON)
SECRET = "a-secret-for-tests-only-0123456789abcdef"


@lru_cache(maxsize=1)
def the_knowledge() -> knowledge.Knowledge:
    """The real facts."""
    return knowledge.load(ROOT / "knowledge")


@lru_cache(maxsize=4)
def the_reader(language: str = "en") -> Reader:
    """The real phrases of a language."""
    return Reader(language, the_knowledge())


def a_folder() -> Path:
    """An empty folder that goes when the tests end."""
    made = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def a_house(now: dt.datetime = NOON, wording: Wording | None = None) -> House:
    """Real facts, English words, a Tuesday noon."""
    return House(the_knowledge(), wording or Wording(), now)


def a_situation(**known: Any) -> Situation:
    """Someone of whom nothing is known but what is given."""
    return Situation(**known)


def a_reading(intent: str = "tell", issues: tuple[str, ...] = (), strands: tuple[str, ...] = (), **known: Any) -> Reading:
    """A sure reading."""
    return Reading(
        intent=intent,
        confidence=0.9,
        sure=known.pop("sure", True),
        issues=tuple(Scored(name, 0.9 - 0.1 * place) for place, name in enumerate(issues)),
        strands=tuple(Scored(name, 0.9) for name in strands),
        **known,
    )


def a_service(**changes: Any) -> Service:
    """A service that takes everyone, with one sure number and no hours known."""
    fields: dict[str, Any] = {
        "id": "some-service",
        "name": "Some Service",
        "kind": "support_service",
        "publish": "ready",
        "description": "Help.",
        "service_areas": ("sefton",),
        "strands": ("any",),
        "issues": ("hate_crime",),
        "minimum_age": None,
        "maximum_age": None,
        "gender": None,
        "communities": (),
        "tenure": (),
        "general": False,
        "specialist": False,
        "contacts": (a_contact(),),
        "always_open": False,
        "schedule": (),
        "bank_holidays": "unknown",
        "cost": None,
        "anonymous": None,
        "tells_police": None,
        "languages": (),
        "interpreters": None,
        "accessibility": None,
        "reach_through": None,
        "caution": None,
        "seed": None,
        "checked_on": dt.date(2026, 11, 21),
        "review_by": dt.date(2027, 2, 21),
        "confirmed_on": None,
        "sources": (),
    }
    return Service(**{**fields, **changes})


def a_contact(kind: str = "phone", value: str = "0808 000 0000", confidence: str = "high") -> ContactFact:
    """A contact of high confidence."""
    return ContactFact(kind, value, confidence)


def weekdays(opens: str = "09:00", closes: str = "17:00") -> tuple[Opening, ...]:
    """Hours from Monday to Friday."""
    return (Opening(("MO", "TU", "WE", "TH", "FR"), dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)),)
