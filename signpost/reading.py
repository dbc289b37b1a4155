"""What a message says, read with phrases alone: no trained model, so it works when nothing else does.

The trained readers in `bot/` start from the same `Observed` and add what they know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signpost.knowledge import Area, Knowledge
from signpost.language import foreign, readable
from signpost.model import HATE, Reading, Scored
from signpost.patterns import Hit, Packed, Phrases, tokens, variants
from signpost.plaintext import fold
from signpost.risk import Cues, RiskReader, decide, graver
from signpost.spelling import Speller, Words
from signpost.wording import SOURCE_LOCALE

_DIGIT = re.compile(r"\d")
_POSTCODE = re.compile(r"(?<![a-z0-9])([a-z]{1,2}\d{1,2})(?:\s?\d[a-z]{2})?(?![a-z0-9])")


@dataclass(frozen=True)
class Observed:
    """Phrase hits of one message, counted by label within each kind. `text` is what was read: shorthand written out,
    slips mended."""

    cues: Cues
    text: str = ""
    hits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    area: str | None = None
    age: int | None = None
    words: int = 0

    def best(self, kind: str) -> list[str]:
        """Labels of a kind, most hits first."""
        return [label for label, _ in Counter(self.hits.get(kind, {})).most_common()]

    def any(self, kind: str) -> str | None:
        """The label of a kind with most hits, if any."""
        return next(iter(self.best(kind)), None)


class Reader:
    """Reads messages of one language with its phrases, and place names of the place.

    With what `packed` gave it needs no time to make ready. With `words` it mends misspelt ones.
    """

    KINDS = ("issues", "strands", "asks", "moves", "who", "gender", "communities", "tenure", "age_words", "languages")
    LISTS = ("hostility", "repeated", "for_someone_else")

    def __init__(self, language: str, knowledge: Knowledge, packed: Packed | None = None, words: Words | None = None) -> None:
        phrases = knowledge.phrases.get(language) or {}
        self._words = words or (Words.unpacked(packed["words"]) if packed and packed["words"] else None)
        self._speller = Speller(phrases.get("shorthand") or {}, self._words)
        self.language = language
        self.others = knowledge.other_languages
        self._risk = RiskReader(language, knowledge.risk_phrases.get(language) or {}, packed and packed["risk"])
        labelled = [(f"{kind}:{label}", items) for kind in self.KINDS for label, items in (phrases.get(kind) or {}).items()]
        labelled += [(f"{name}:yes", phrases.get(name) or ()) for name in self.LISTS]
        labelled += [(f"area:{area.id}", [area.label, *area.aka]) for area in knowledge.areas.values()]
        self._phrases = Phrases.of(language, labelled, packed and packed["phrases"])
        self._ages = [made for item in phrases.get("age_patterns") or () for made in _age_patterns(item)]
        self._districts = _districts(knowledge.areas)

    def knows(self, text: str) -> bool:
        """Whether every word of a text is one of this language, as far as its words were learnt."""
        return self._speller.knows(text)

    def packed(self) -> Packed:
        """Its phrases ready to be found, as JSON can hold them."""
        words = self._words.packed() if self._words else None
        return {"risk": self._risk.packed(), "phrases": self._phrases.packed(), "words": words}

    @property
    def mends(self) -> bool:
        """Whether it knows enough words to mend misspelt ones."""
        return self._words is not None

    def respelt(self, text: str) -> str:
        """The text with its shorthand written out and, where it knows words, its slips mended."""
        return self._speller.respelt(text)

    def observe(self, text: str, mended: bool = False) -> Observed:
        """Every phrase hit and fact in the text; one that is `mended` already is read as it stands."""
        spelt = text if mended else self.respelt(text)
        doc = tokens(spelt, self.language)
        folded = doc.text
        counted: dict[str, Counter[str]] = {}
        for hit in _longest(self._phrases.find(doc)):
            kind, _, label = hit.label.partition(":")
            counted.setdefault(kind, Counter())[label] += 1
        area = next(iter(Counter(counted.get("area", {})).most_common(1)), (None, 0))[0]
        return Observed(
            # A word that was mended wrongly must not hide danger.
            cues=self._risk.read(doc) if spelt == text else graver(self._risk.read(doc), self._risk.read(tokens(text, self.language))),
            text=spelt,
            hits=counted,
            area=self._district(folded) or area,
            age=self._age(folded, counted),
            words=sum(token.text.isalpha() for token in doc),
        )

    def _district(self, folded: str) -> str | None:
        for found in _POSTCODE.finditer(folded):
            if found.group(1) in self._districts:
                return self._districts[found.group(1)]
        return None

    def _age(self, folded: str, counted: Mapping[str, Mapping[str, int]]) -> int | None:
        # Most messages name no number, and there are a hundred ways to say an age.
        for pattern in self._ages if _DIGIT.search(folded) else ():
            if (found := pattern.search(folded)) and 5 <= int(found.group(1)) <= 99:
                return int(found.group(1))
        # A child's way of speaking with no number: any age under 18 serves the same rules.
        return 15 if counted.get("age_words", {}).get("child") else None


class Readers:
    """One phrase reader a language, made when it is first needed.

    `packed` gives what `Reader.packed` gave for a language, or None: then its phrases are made ready from the knowledge.
    """

    def __init__(self, knowledge: Knowledge, packed: Callable[[str], Packed | None] = lambda language: None) -> None:
        self._knowledge = knowledge
        self._packed = packed
        self._made: dict[str, Reader] = {}

    def of(self, language: str | None) -> Reader:
        """The reader of a language, or of the one it is read as; English where there is none."""
        name = str(self._knowledge.languages.get(language or "", {}).get("read_as") or language)
        if name not in self._knowledge.phrases:
            name = SOURCE_LOCALE
        if name not in self._made:
            self._made[name] = Reader(name, self._knowledge, self._packed(name))
        return self._made[name]


# A story longer than this is also read sentence by sentence, so that what is over in one does not hush what is happening
# in another. Where nobody wrote full stops, a run of words is read in overlapping parts.
STORY_WORDS, PART_WORDS, STEP_WORDS, LEAST_WORDS = 60, 24, 16, 4
# Reading a part takes a few milliseconds, and nobody may make the next person wait by writing in single letters.
MOST_PARTS = 20
_SENTENCE_END = re.compile(r"(?<=[.!?\n؟。！？])\s*")


def parts_of(text: str) -> list[str]:
    """The parts of a long story, each short enough to be read for itself; of anything shorter none."""
    if len(text.split()) <= STORY_WORDS:
        return []
    parts: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        if parts and len(words) < LEAST_WORDS:
            parts[-1] += f" {sentence}"
        else:
            starts = range(0, max(1, len(words) - PART_WORDS + STEP_WORDS), STEP_WORDS)
            parts += [" ".join(words[start : start + PART_WORDS]) for start in starts]
    together = -(-len(parts) // MOST_PARTS)
    return [" ".join(parts[start : start + together]) for start in range(0, len(parts), together)] if parts else []


UNREADABLE = "unreadable"


def read(text: str, reader: Reader) -> Reading:
    """A whole reading from phrases alone, for when no trained reader answers."""
    seen = reader.observe(text)
    other = foreign(text, reader.others)
    return unread(text, seen, [reader.language], other) or reading_from(seen, language=other or reader.language)


def unread(text: str, seen: Observed, languages: Iterable[str], other: str | None) -> Reading | None:
    """The reading of a message in a language that nobody here reads, with that language as its `value` if it can be
    named (`other`, see `language.foreign`); None for every other message, and for one in which danger is heard all the same."""
    if seen.cues.risk == "now":
        return None
    return None if other is None and readable(text, languages) else Reading(intent=UNREADABLE, value=other)


def reading_from(seen: Observed, language: str | None = None) -> Reading:
    """The reading that the phrase hits alone stand for."""
    issues = [Scored(label, min(0.9, 0.5 + 0.1 * count)) for label, count in Counter(seen.hits.get("issues", {})).most_common()]
    hostile = bool(seen.hits.get("hostility")) or any(item.id in HATE for item in issues)
    strands = seen.best("strands") if hostile else []
    if strands and not any(item.id in HATE for item in issues):
        issues.insert(0, Scored("hate_incident", 0.6))
    intent, confidence = _intent(seen, bool(issues))
    risk = decide(seen.cues, None, None)
    return Reading(
        intent=intent,
        confidence=confidence,
        value=wanted_language(intent, seen),
        sure=bool(issues) or intent != "tell" or risk != "none",
        is_question=intent.startswith("ask_"),
        issues=tuple(issues[:4]),
        strands=tuple(Scored(label, 0.7) for label in strands[:3]),
        risk=risk,
        cues=seen.cues.cues if risk != "none" else (),
        language=language,
        **facts(seen),
    )


def wanted_language(intent: str, seen: Observed) -> str | None:
    """The language that someone who asks for one names."""
    return seen.any("languages") if intent == "change_language" else None


def facts(seen: Observed) -> dict[str, Any]:
    """What only phrases read: place, age, gender, tenure, who did it, how often, for whom."""
    return {
        "area": seen.area,
        "age": seen.age,
        "gender": seen.any("gender"),
        "tenure": seen.any("tenure"),
        "communities": tuple(seen.best("communities")),
        "for_someone_else": bool(seen.hits.get("for_someone_else")),
        "who": seen.any("who"),
        "repeated": bool(seen.hits.get("repeated")),
    }


def _intent(seen: Observed, told: bool) -> tuple[str, float]:
    ask, move = seen.any("asks"), seen.any("moves")
    if move and (seen.words <= 6 or not told):
        return move, 0.6
    if ask and (not told or seen.words <= 14):
        return ask, 0.6
    if not told and seen.words <= 4:
        for kind, intent in (("languages", "change_language"), ("tenure", "give_tenure")):
            if seen.hits.get(kind):
                return intent, 0.6
        if seen.area:
            return "give_area", 0.6
        if seen.age is not None:
            return "give_age", 0.6
    return "tell", 0.6 if told else 0.3


def _longest(hits: list[Hit]) -> list[Hit]:
    """Hits without those that lie inside a longer hit of the same kind (`Great Crosby` is not also `Crosby`)."""
    kept: list[Hit] = []
    reach: dict[str, tuple[int, int]] = {}
    # Longest first from each start: a hit is inside another of its kind if that one began no later and ends no sooner.
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        kind = hit.label.partition(":")[0]
        start, end = reach.get(kind, (-1, -1))
        if hit.end > end or (hit.start, hit.end) == (start, end):
            kept.append(hit)
            reach[kind] = (hit.start, hit.end)
    return kept


def _age_patterns(phrase: str) -> list[re.Pattern[str]]:
    made = (re.escape(fold(item.replace("{age}", "9173"))).replace("9173", r"(\d{1,2})") for item in variants(phrase))
    return [re.compile(rf"(?<!\w){item}(?!\w)") for item in made]


def _districts(areas: Mapping[str, Area]) -> dict[str, str]:
    found: dict[str, str] = {}
    for area in areas.values():
        for code in area.postcodes:
            found.setdefault(code.lower(), area.id)
    return found
