"""Whether a service answers at a given minute, and when it next does.

Times are local to the place (Europe/London), so summer time and bank holidays in England count. The minute is an
argument: nothing here reads a clock.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from signpost.knowledge import DAYS, Opening, Service
from signpost.wording import Wording

LOOK_AHEAD_DAYS = 14


@lru_cache(maxsize=8)
def _bank_holidays(year: int) -> frozenset[dt.date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


def is_bank_holiday(day: dt.date) -> bool:
    """Whether the day is a bank holiday in England (source: the `holidays` library, which follows gov.uk)."""
    return day in _bank_holidays(day.year)


def _openings(service: Service, day: dt.date) -> list[Opening]:
    """The hours of one day, earliest first. A bank holiday counts as closed unless the entry says otherwise."""
    if is_bank_holiday(day) and service.bank_holidays != "open":
        return []
    code = DAYS[day.weekday()]
    return sorted((item for item in service.schedule if code in item.byday), key=lambda item: item.opens_at)


def is_open(service: Service, now: dt.datetime, timezone: str = "Europe/London") -> bool | None:
    """True or false at this minute; None when the hours are not known.

    `now` must carry a time zone. Hours that end before they begin run past midnight.
    """
    if service.always_open:
        return True
    if not service.schedule:
        return None
    local = now.astimezone(ZoneInfo(timezone))
    for opening in _openings(service, local.date()):
        if opening.opens_at <= opening.closes_at:
            if opening.opens_at <= local.time() < opening.closes_at:
                return True
        elif local.time() >= opening.opens_at:
            return True
    yesterday = _openings(service, local.date() - dt.timedelta(days=1))
    return any(item.closes_at < item.opens_at and local.time() < item.closes_at for item in yesterday)


def opens_next(service: Service, now: dt.datetime, timezone: str = "Europe/London") -> dt.datetime | None:
    """The next opening after this minute, local time; None when it is open, always open, or hours are not known."""
    if is_open(service, now, timezone) is not False:
        return None
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    for ahead in range(LOOK_AHEAD_DAYS):
        day = local.date() + dt.timedelta(days=ahead)
        for opening in _openings(service, day):
            moment = dt.datetime.combine(day, opening.opens_at, zone)
            if moment > local:
                return moment
    return None


def describe(service: Service, _: Wording) -> str | None:
    """The hours in words (`Monday to Friday 8am to 6pm`), or None when not known."""
    if service.always_open:
        return _("Open all day, every day")
    if not service.schedule:
        return None
    monday = dt.date(2024, 1, 1)
    lines = []
    for opening in service.schedule:
        lines.append(
            _(
                "{days} {opens} to {closes}",
                days=_days(opening.byday, monday, _),
                opens=_.time(opening.opens_at),
                closes=_.time(opening.closes_at),
            )
        )
    return "; ".join(lines)


def _days(codes: tuple[str, ...], monday: dt.date, _: Wording) -> str:
    indexes = sorted(DAYS.index(code) for code in codes)
    if len(indexes) == 7:
        return _("Every day")
    names = [_.day(monday + dt.timedelta(days=index)) for index in indexes]
    if len(indexes) > 2 and indexes == list(range(indexes[0], indexes[-1] + 1)):
        return _("{first} to {last}", first=names[0], last=names[-1])
    return _.list(names)


def say_opening(moment: dt.datetime, now: dt.datetime, _: Wording, timezone: str = "Europe/London") -> str:
    """`today at 9am`, `tomorrow at 9am`, `Monday at 9am`, or the date where it is more than six days away."""
    local = now.astimezone(ZoneInfo(timezone))
    ahead = (moment.date() - local.date()).days
    clock = _.time(moment.timetz().replace(tzinfo=None))
    if ahead == 0:
        return _("Opens today at {time}", time=clock)
    if ahead == 1:
        return _("Opens tomorrow at {time}", time=clock)
    if ahead < 7:
        return _("Opens {day} at {time}", day=_.day(moment.date()), time=clock)
    return _("Opens {date} at {time}", date=_.date(moment.date()), time=clock)
