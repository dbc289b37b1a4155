"""Danger, read before anything else, and independent of every trained model.

Stage one finds cues of danger as phrases and weighs what softens them (past, negation, idiom, fiction, hypothesis,
a helper asking, already safe). It over-triggers by choice. Stage two is a probability from a trained reader, where
there is one: it ranks what stage one lets through and catches what it misses. `decide` joins the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc

from signpost.model import RISKS, Risk
from signpost.patterns import Hit, Packed, Phrases

# Softeners that cancel a cue only where they cover the same words.
_COVERING = ("idiom", "negation")
# Softeners that lower every cue of the message, unless something says that it is now.
_OVERALL = ("past", "fiction", "hypothetical", "helper", "safe_now")


@dataclass(frozen=True)
class Cues:
    """What stage one saw: the risk it stands for, the cues, and what softened them."""

    risk: Risk
    cues: tuple[str, ...]
    softeners: tuple[str, ...]
    found: tuple[str, ...]
    # Danger said so plainly that no trained reader may doubt it.
    certain: bool = False


@dataclass(frozen=True)
class Thresholds:
    """Probabilities of danger at which stage two speaks, chosen on held-out messages at training time.

    `alone` raises risk to `now` with no cue at all; `with_cue` confirms a cue; below `dismiss` a softened cue falls
    to `soon`. `soon` is the probability of *afraid or escalating*.
    """

    alone: float = 0.5
    with_cue: float = 0.15
    soon: float = 0.5


class RiskReader:
    """Stage one for one language."""

    def __init__(self, language: str, phrases: Mapping[str, Any], packed: Packed | None = None) -> None:
        self._entries = {f"{level}:{entry['id']}": entry for level in ("now", "soon") for entry in phrases.get(level) or ()}
        cues = ((key, entry["phrases"]) for key, entry in self._entries.items())
        self._cues = Phrases.of(language, cues, packed and packed["cues"])
        self._softeners = Phrases.of(language, (phrases.get("softeners") or {}).items(), packed and packed["softeners"])

    def packed(self) -> Packed:
        """Its phrases ready to be found, as JSON can hold them."""
        return {"cues": self._cues.packed(), "softeners": self._softeners.packed()}

    def read(self, doc: Doc) -> Cues:
        """The cues of a folded, tokenised message."""
        hits = self._cues.find(doc)
        if not hits:
            return Cues("none", (), (), ())
        soft = self._softeners.find(doc)
        standing = [hit for hit in hits if not _covered(hit, soft)]
        overall = sorted({hit.label for hit in soft if hit.label in _OVERALL})
        present = any(hit.label == "present" for hit in soft)
        cues = tuple(dict.fromkeys(cue for hit in standing for cue in self._entries[hit.label]["cues"]))
        found = tuple(dict.fromkeys(hit.label for hit in standing))
        if any(label.startswith("now:") for label in found):
            risk: Risk = "soon" if overall and not present else "now"
        else:
            risk = "soon" if found else "none"
        certain = risk == "now" and not overall and any(self._entries[label].get("certain") for label in found)
        return Cues(risk, cues, tuple(sorted({hit.label for hit in soft})), found, certain)


def _covered(hit: Hit, soft: list[Hit]) -> bool:
    return any(other.label in _COVERING and other.overlaps(hit) for other in soft)


def graver(one: Cues, other: Cues) -> Cues:
    """The graver of two readings of the same message; the first where they are alike."""
    return max(one, other, key=lambda cues: (RISKS.index(cues.risk), cues.certain))


def decide(cues: Cues, now: float | None, soon: float | None, thresholds: Thresholds = Thresholds()) -> Risk:
    """The risk of a message from its cues and, where a trained reader spoke, the probabilities it gave.

    With no trained reader (`None`) the cues decide alone, and a softened cue still counts as `soon`.
    """
    if now is None or cues.certain:
        return cues.risk
    if now >= thresholds.alone or (cues.risk == "now" and now >= thresholds.with_cue):
        return "now"
    if cues.risk != "none" or (soon or 0.0) >= thresholds.soon:
        return "soon"
    return "none"
