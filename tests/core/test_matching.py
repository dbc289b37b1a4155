"""Which services fit, and why."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpost.hours import is_open
from signpost.knowledge import shown_contacts
from signpost.matching import eligible, matches, reasons, shortlist
from signpost.model import ISSUES, STRANDS, Situation
from tests.builders import NOON, a_service, a_situation, the_knowledge


def ids(situation: Situation, now: dt.datetime = NOON) -> list[str]:
    return [match.service.id for match in shortlist(situation, the_knowledge(), now)]


@pytest.mark.parametrize(
    ("situation", "wanted"),
    [
        (
            a_situation(issues=("hate_crime",), strands=("race",), area="bootle"),
            {"anthony-walker-foundation", "stop-hate-uk-merseyside", "victim-care-merseyside"},
        ),
        (a_situation(issues=("hate_incident",), strands=("religion",)), {"anthony-walker-foundation", "stop-hate-uk-merseyside"}),
        (a_situation(issues=("hate_crime",), strands=("disability",)), {"daisy-inclusive-uk", "victim-care-merseyside"}),
        (a_situation(issues=("hate_crime",), strands=("sexual_orientation",)), {"citizens-advice-liverpool-hate-crime", "sahir"}),
        (a_situation(issues=("hate_incident",), strands=("transgender",)), {"citizens-advice-liverpool-hate-crime", "sahir"}),
        (a_situation(issues=("hate_crime",), strands=("race",), communities=("traveller",)), {"irish-community-care"}),
        (a_situation(issues=("hate_incident",), strands=("race",), communities=("irish",)), {"irish-community-care"}),
        (a_situation(issues=("domestic_abuse",)), {"sefton-domestic-abuse-helpline", "swaca"}),
        (a_situation(issues=("child_exploitation",), age=15), {"childline"}),
        (a_situation(issues=("forced_marriage",)), {"karma-nirvana", "forced-marriage-unit"}),
        (a_situation(issues=("modern_slavery",)), {"modern-slavery-helpline"}),
        (a_situation(issues=("asb",)), {"sefton-council-asb"}),
        (a_situation(issues=("stalking",)), {"national-stalking-helpline"}),
        (a_situation(issues=("sexual_violence",)), {"rasa-merseyside"}),
        (a_situation(issues=("mental_health_crisis",)), {"mersey-care-crisis", "samaritans"}),
        (a_situation(issues=("fraud",)), {"victim-care-merseyside"}),
        (a_situation(issues=("cuckooing",)), {"victim-care-merseyside"}),
    ],
    ids=lambda value: "+".join((*value.issues, *value.strands, *value.communities)) if isinstance(value, Situation) else "",
)  # fmt: skip
def test_each_harm_leads_to_its_own_people(situation, wanted):
    assert wanted <= set(ids(situation))


def test_each_match_has_a_reason():
    for match in matches(a_situation(issues=("hate_crime",), strands=("race",)), the_knowledge(), NOON):
        assert match.reasons


def test_a_service_for_one_strand_is_not_offered_for_another():
    assert "anthony-walker-foundation" not in ids(a_situation(issues=("hate_crime",), strands=("disability",)))
    assert "daisy-inclusive-uk" not in ids(a_situation(issues=("hate_crime",), strands=("race",)))


def test_what_is_not_known_rules_nothing_out_but_a_childs_service_needs_a_child():
    assert eligible(a_service(minimum_age=18), a_situation())
    assert not eligible(a_service(minimum_age=18), a_situation(age=15))
    assert not eligible(a_service(maximum_age=18), a_situation())
    assert eligible(a_service(maximum_age=18), a_situation(issues=("child_at_risk",)))


def test_a_landlord_is_offered_to_its_own_tenants_alone():
    landlord = a_service(tenure=("one_vision",))
    assert eligible(landlord, a_situation(tenure="one_vision"))
    assert not eligible(landlord, a_situation(tenure="sanctuary"))
    assert not eligible(landlord, a_situation())


def test_outside_sefton_no_sefton_service_is_offered():
    for match in matches(a_situation(issues=("domestic_abuse",), area="liverpool"), the_knowledge(), NOON):
        assert "sefton" not in match.service.service_areas or len(match.service.service_areas) > 1


SITUATIONS = st.builds(
    Situation,
    issues=st.lists(st.sampled_from(ISSUES), max_size=3, unique=True).map(tuple),
    strands=st.lists(st.sampled_from(STRANDS), max_size=2, unique=True).map(tuple),
    age=st.one_of(st.none(), st.integers(5, 99)),
    gender=st.sampled_from([None, "women", "men"]),
    area=st.sampled_from([None, *the_knowledge().areas]),
    tenure=st.sampled_from([None, "one_vision", "sanctuary", "social"]),
)


@settings(max_examples=300, deadline=None)
@given(SITUATIONS, st.datetimes(dt.datetime(2026, 11, 21), dt.datetime(2027, 11, 20)))
def test_at_every_minute_of_a_year_someone_answers(situation, moment):
    now = moment.replace(tzinfo=dt.timezone.utc)
    found = shortlist(situation, the_knowledge(), now)
    assert found
    # After the review dates numbers go; within them one of those shown must be open and reachable.
    if now.date() <= dt.date(2027, 2, 21):
        assert any(is_open(match.service, now) and shown_contacts(match.service, now.date()) for match in found)
    for match in found:
        assert eligible(match.service, situation) or match.reasons == ("human",)


@settings(max_examples=100, deadline=None)
@given(SITUATIONS)
def test_the_same_situation_gives_the_same_list_and_no_service_twice(situation):
    first, second = (ids(situation) for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


def test_a_reason_names_the_strand_before_anything_else():
    service = a_service(strands=("race",), issues=("hate_crime",), general=True)
    assert reasons(service, a_situation(issues=("hate_crime",), strands=("race",)))[0] == "strand:race"
