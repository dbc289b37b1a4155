"""When a service answers."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from signpost.hours import describe, is_bank_holiday, is_open, opens_next, say_opening
from signpost.knowledge import Opening
from signpost.wording import Wording
from tests.builders import LONDON, NOON, a_service, weekdays

ANY_MINUTE = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=dt.timezone.utc))


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LONDON)


def test_a_service_with_no_known_hours_is_neither_open_nor_closed():
    assert is_open(a_service(), NOON) is None
    assert opens_next(a_service(), NOON) is None


def test_it_is_open_from_the_first_minute_until_before_the_last():
    service = a_service(schedule=weekdays("09:00", "17:00"))
    assert is_open(service, at("2026-11-24T09:00"))
    assert is_open(service, at("2026-11-24T16:59:59"))
    assert not is_open(service, at("2026-11-24T17:00"))


def test_a_friday_night_leads_to_monday():
    service = a_service(schedule=weekdays("08:00", "18:00"))
    assert opens_next(service, at("2026-11-27T20:00")) == at("2026-11-30T08:00")


def test_a_bank_holiday_counts_as_closed_unless_the_entry_says_open():
    christmas = at("2026-12-25T12:00")
    assert is_bank_holiday(christmas.date())
    assert is_open(a_service(schedule=weekdays()), christmas) is False
    assert is_open(a_service(schedule=weekdays(), bank_holidays="open"), christmas) is True


def test_hours_past_midnight_belong_to_the_day_they_began():
    late = a_service(schedule=(Opening(("FR",), dt.time(20, 0), dt.time(2, 0)),))
    assert is_open(late, at("2026-11-28T01:30"))
    assert not is_open(late, at("2026-11-28T02:30"))


def test_summer_time_shifts_the_clock_not_the_hours():
    service = a_service(schedule=weekdays("09:00", "17:00"))
    winter = dt.datetime(2026, 3, 27, 8, 30, tzinfo=dt.timezone.utc)
    summer = dt.datetime(2026, 3, 30, 8, 30, tzinfo=dt.timezone.utc)
    assert not is_open(service, winter)
    assert is_open(service, summer)


@given(ANY_MINUTE)
def test_what_opens_next_is_open_then_and_not_before_now(now):
    service = a_service(schedule=weekdays("08:00", "18:00"))
    moment = opens_next(service, now)
    if moment is None:
        assert is_open(service, now)
    else:
        assert moment > now
        assert is_open(service, moment)


def test_hours_are_said_in_plain_words():
    assert describe(a_service(schedule=weekdays("08:00", "18:30")), Wording()) == "Monday to Friday 8am to 6:30pm"
    assert describe(a_service(always_open=True), Wording()) == "Open all day, every day"


def test_the_next_opening_is_said_as_a_person_would():
    assert say_opening(at("2026-11-24T14:00"), NOON, Wording()) == "Opens today at 2pm"
    assert say_opening(at("2026-11-25T09:00"), NOON, Wording()) == "Opens tomorrow at 9am"
    assert say_opening(at("2026-11-27T09:00"), NOON, Wording()) == "Opens Friday at 9am"
