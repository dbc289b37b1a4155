"""The one question of a turn, after the help. It is asked only if two of its answers would lead to different help."""

from __future__ import annotations

from signpost.house import House
from signpost.matching import shortlist
from signpost.model import STRANDS, Option, Question, Situation

_ISSUE_CHOICES = 3


def question(situation: Situation, house: House, likely: tuple[str, ...] = ()) -> Question:
    """The question that helps most now; when none would change the help, what the person may want next."""
    asked = situation.asked
    if not situation.sure and "issue" not in asked:
        return issue_question(house, likely)
    if situation.hate and not situation.strands and "strand" not in asked:
        return strand_question(house)
    # From someone under 18 less is asked, not more.
    if situation.under_18 is not True:
        if situation.area is None and "area" not in asked and _area_matters(situation, house):
            return area_question(house)
        if situation.age is None and "age" not in asked and _age_matters(situation, house):
            return age_question(house)
    return next_question(situation, house)


def _area_matters(situation: Situation, house: House) -> bool:
    inside = next(area.id for area in house.knowledge.areas.values() if area.region == house.knowledge.place.id)
    outside = next((area.id for area in house.knowledge.areas.values() if area.region != house.knowledge.place.id), inside)
    return _differs([situation.with_(area=inside), situation.with_(area=outside)], house)


def _age_matters(situation: Situation, house: House) -> bool:
    return _differs([situation.with_(age=15), situation.with_(age=30)], house)


def _differs(situations: list[Situation], house: House) -> bool:
    lists = {tuple(match.service.id for match in shortlist(item, house.knowledge, house.now)) for item in situations}
    return len(lists) > 1


def issue_question(house: House, likely: tuple[str, ...] = ()) -> Question:
    """Which of the likely harms it is, or none of them."""
    _, issues = house._, house.knowledge.issues
    wanted = [name for name in likely if name != "other"][:_ISSUE_CHOICES]
    wanted += [name for name in ("hate_incident", "asb", "domestic_abuse", "online_abuse") if name not in wanted]
    chosen = wanted[: max(_ISSUE_CHOICES, len(likely[:_ISSUE_CHOICES]))]
    return Question(
        "issue",
        _("Which is closest? This helps me find the right people."),
        (
            *(Option(f"give_issue:{name}", _(issues[name]["label"])) for name in chosen),
            Option("give_issue:other", _("Something else")),
            human(house),
        ),
    )


def strand_question(house: House) -> Question:
    """What about the person the hostility is about. Perception is enough; no reason is suggested first."""
    _, strands = house._, house.knowledge.strands
    return Question(
        "strand",
        _("What do you think it was about? Different people help with each."),
        (
            *(Option(f"give_strand:{name}", _(strands[name]["label"])) for name in STRANDS if strands[name].get("monitored")),
            Option("skip:strand", _("Something else, or not sure")),
            human(house),
        ),
    )


def area_question(house: House) -> Question:
    """Where the person is, roughly."""
    _ = house._
    named = [area for area in house.knowledge.areas.values() if area.id in house.knowledge.place.data["asked_areas"]]
    return Question(
        "area",
        _("Where do you live, roughly? Some help is only for some places. You can also type a postcode."),
        (
            *(Option(f"give_area:{area.id}", area.label) for area in named),
            Option("give_area:liverpool", _("Outside {place}", place=house.knowledge.place.label)),
            Option("skip:area", _("Skip")),
            human(house),
        ),
    )


def age_question(house: House) -> Question:
    """Whether the person is under 18."""
    _ = house._
    return Question(
        "age",
        _("Is this about someone under 18? Some help is only for young people."),
        (
            Option("give_age:15", _("Under 18")),
            Option("give_age:30", _("18 or over")),
            Option("skip:age", _("Skip")),
            human(house),
        ),
    )


def next_question(situation: Situation, house: House) -> Question:
    """What the person may want next. Every choice weighs the same."""
    _ = house._
    options = [Option("show_routes", _("Ways to report")), Option("show_services", _("Who can help"))]
    if situation.issues or situation.strands:
        options.append(Option("correct_issue", _("That is not right")))
    options += [Option("not_now", _("Not now")), human(house)]
    return Question("next", _("What would help now?"), tuple(options))


def human(house: House) -> Option:
    """A person to talk to is one tap away in every reply."""
    return Option("human", house._("Talk to a person"))
