"""How one reading changes what is known: added to, corrected, or begun afresh."""

from __future__ import annotations

from signpost.model import HATE, NO_HARM, Reading, Situation

MAX_ISSUES = 4
# Scores below these are a guess, not a reading: they are offered as choices, never acted on.
ISSUE_AT_LEAST = 0.35
STRAND_AT_LEAST = 0.5


def told(situation: Situation, reading: Reading) -> Situation:
    """The situation after a person told what happened. What is newest comes first."""
    issues = [item.id for item in reading.issues if item.score >= ISSUE_AT_LEAST or item is reading.issues[0]][:3]
    if not reading.sure and situation.issues:
        issues = []
    issues = [name for name in issues if name not in situation.refused_issues]
    real = [name for name in issues if name != NO_HARM]
    strands = [item.id for item in reading.strands if item.score >= STRAND_AT_LEAST and item.id not in situation.refused_strands]
    merged = (*(real or issues), *(name for name in situation.issues if name not in issues and name != NO_HARM))
    return facts(situation, reading).with_(
        issues=_one_hate(merged)[:MAX_ISSUES],
        strands=tuple(dict.fromkeys((*strands, *situation.strands)))[:3],
        sure=reading.sure or bool(situation.issues),
        who=reading.who or situation.who,
        repeated=reading.repeated or situation.repeated,
        for_someone_else=reading.for_someone_else or situation.for_someone_else,
    )


def facts(situation: Situation, reading: Reading) -> Situation:
    """The situation with the place, age and the like that a message happened to say."""
    return situation.with_(
        area=reading.area or situation.area,
        age=reading.age if reading.age is not None else situation.age,
        gender=reading.gender or situation.gender,
        tenure=reading.tenure or situation.tenure,
        communities=tuple(dict.fromkeys((*situation.communities, *reading.communities))),
        risk=reading.risk,
        cues=reading.cues,
    )


def chosen_issue(situation: Situation, issue: str) -> Situation:
    """The person said which harm it is: that comes first, and is sure."""
    rest = (name for name in situation.issues if name not in (issue, NO_HARM))
    return situation.with_(
        issues=_one_hate((issue, *rest))[:MAX_ISSUES],
        refused_issues=tuple(name for name in situation.refused_issues if name != issue),
        sure=True,
    )


def chosen_strand(situation: Situation, strand: str) -> Situation:
    """The person said what it was about: only that, and it is hate if it was not before."""
    issues = situation.issues if any(name in HATE for name in situation.issues) else ("hate_incident", *situation.issues)
    return situation.with_(
        strands=(strand,),
        issues=tuple(name for name in issues if name != NO_HARM)[:MAX_ISSUES],
        refused_strands=tuple(name for name in situation.strands if name != strand),
        sure=True,
    )


def refused(situation: Situation) -> Situation:
    """The person said that it was not that: the issue that led goes, and is not offered again."""
    if not situation.issues and not situation.strands:
        return situation
    lead = situation.issues[:1]
    hate = any(name in HATE for name in lead)
    return situation.with_(
        issues=situation.issues[1:],
        refused_issues=tuple(dict.fromkeys((*situation.refused_issues, *lead))),
        strands=() if hate else situation.strands,
        refused_strands=tuple(dict.fromkeys((*situation.refused_strands, *(situation.strands if hate else ())))),
        sure=False,
    )


def _one_hate(issues: tuple[str, ...]) -> tuple[str, ...]:
    """Hate crime and hate incident are one thing to the person: the graver name stands."""
    if all(name in issues for name in HATE):
        first = min(issues.index(name) for name in HATE)
        rest = [name for name in issues if name not in HATE]
        return (*rest[:first], "hate_crime", *rest[first:])
    return tuple(dict.fromkeys(issues))
