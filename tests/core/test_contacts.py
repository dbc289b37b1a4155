"""Which contacts may be shown (the directory's confidence rule)."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from signpost.knowledge import shown_contacts
from tests.builders import a_contact, a_service, the_knowledge

TODAY = dt.date(2026, 11, 24)
HIGH, MEDIUM, LOW = (a_contact("phone", f"0{number}", name) for number, name in enumerate(("high", "medium", "low")))


def test_a_high_contact_is_shown():
    assert shown_contacts(a_service(contacts=(HIGH,)), TODAY) == (HIGH,)


def test_a_medium_contact_is_shown_only_beside_a_high_one():
    assert shown_contacts(a_service(contacts=(HIGH, MEDIUM)), TODAY) == (HIGH, MEDIUM)
    assert shown_contacts(a_service(contacts=(MEDIUM,)), TODAY) == ()


def test_a_medium_contact_is_never_shown_to_someone_in_danger():
    assert shown_contacts(a_service(contacts=(HIGH, MEDIUM)), TODAY, in_danger=True) == (HIGH,)


def test_a_low_contact_is_never_shown_even_where_a_person_confirmed_the_entry():
    assert shown_contacts(a_service(contacts=(LOW,), confirmed_on=TODAY), TODAY) == ()


def test_a_medium_contact_that_a_person_confirmed_counts_as_high():
    assert shown_contacts(a_service(contacts=(MEDIUM,), confirmed_on=TODAY), TODAY, in_danger=True) == (MEDIUM,)


def test_past_its_review_an_entry_says_less_and_half_a_year_later_nothing():
    entry = a_service(contacts=(HIGH, MEDIUM), review_by=TODAY)
    assert shown_contacts(entry, TODAY + dt.timedelta(days=1)) == (HIGH,)
    assert shown_contacts(entry, TODAY + dt.timedelta(days=181)) == ()


def test_an_entry_without_a_verified_contact_shows_none():
    assert shown_contacts(a_service(publish="no_contact", contacts=(HIGH,)), TODAY) == ()


@given(
    st.lists(st.sampled_from([HIGH, MEDIUM, LOW]), max_size=6),
    st.booleans(),
    st.integers(-300, 300),
    st.sampled_from(["ready", "check_first", "no_contact"]),
)
def test_whatever_an_entry_holds_nothing_forbidden_is_shown(contacts, in_danger, days, publish):
    entry = a_service(contacts=tuple(contacts), publish=publish)
    shown = shown_contacts(entry, entry.review_by + dt.timedelta(days=days), in_danger)
    assert LOW not in shown
    if MEDIUM in shown:
        assert HIGH in shown
        assert not in_danger
        assert days <= 0


def test_every_partner_that_the_strategies_name_is_in_the_directory():
    named = [service.id for service in the_knowledge().services.values() if service.seed]
    for partner in (
        "stop-hate-uk-merseyside", "anthony-walker-foundation", "daisy-inclusive-uk", "citizens-advice-liverpool-hate-crime",
        "irish-community-care", "venus-charity", "sefton-cvs", "sahir", "one-vision-housing", "sanctuary-housing",
    ):  # fmt: skip
        assert partner in named
    assert len(the_knowledge().services) >= 95
