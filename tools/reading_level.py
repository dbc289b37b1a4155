"""How old a reader must be: the reading level of every English sentence (Flesch-Kincaid grade, United States).

Safety sentences must be at grade 3 or below, all others at grade 6 or below (an eleven-year-old). Names are not
counted against a sentence: proper names that a person must recognise, and the field's own terms, which the answers
explain in plain words. Labels of fewer than five words have no grade worth the name.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

import textstat

from tools.translations import extracted, safety_sentences, sentences

SAFETY_GRADE, GRADE = 3.0, 6.0
FEWEST_WORDS = 5
# Names of harms, laws and bodies that a person will need to say to someone else as they are.
TERMS = (
    "anti-social behaviour", "domestic abuse", "stalking", "cuckooing", "Modern Slavery Helpline", "modern slavery",
    "learning disability", "Victim Care Merseyside", "Samaritans", "Childline", "Merseyside Police", "forced marriage",
    "Anthony Walker Foundation", "Citizens Advice",
)  # fmt: skip
_TERM = re.compile("|".join(re.escape(term) for term in TERMS))
_PLACEHOLDER = re.compile(r"\{\w*\}")


@dataclass(frozen=True)
class Level:
    """A sentence, its grade and the highest grade it may have."""

    sentence: str
    grade: float
    most: float


def grade(sentence: str) -> float:
    """The Flesch-Kincaid grade, each name and placeholder counted as one short word."""
    return float(textstat.flesch_kincaid_grade(_TERM.sub("it", _PLACEHOLDER.sub("it", sentence))))


def levels() -> list[Level]:
    """Every sentence long enough to measure."""
    _lines, safety = safety_sentences()
    wanted = [sentence for sentence in sentences(extracted()) if len(sentence.split()) >= FEWEST_WORDS]
    return [Level(sentence, grade(sentence), SAFETY_GRADE if sentence in safety else GRADE) for sentence in wanted]


def main() -> int:
    """Print the report; 1 where a sentence is too hard."""
    found = levels()
    for most, name in ((SAFETY_GRADE, "safety sentences"), (GRADE, "other sentences")):
        grades = sorted(level.grade for level in found if level.most == most)
        print(f"{len(grades)} {name}: median grade {grades[len(grades) // 2]:.1f}, highest {grades[-1]:.1f}, limit {most:g}")
    hard = [level for level in found if level.grade > level.most]
    for level in hard:
        print(f"grade {level.grade:.1f}, limit {level.most:g}: {level.sentence}", file=sys.stderr)
    return 1 if hard else 0


if __name__ == "__main__":
    raise SystemExit(main())
