"""Texts that a person asked for: to a mobile that may be texted, after they said it is safe, and not too often."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from signpost.model import Block
from signpost.rendering import MOST_SEGMENTS, Part, discreet_parts, text_parts
from signpost.segments import segments
from signpost.wording import Wording
from web.logs import log
from web.public.sms_store import SmsStore

DAY = 86400
# A form that sends texts can be turned against a stranger. Twice a day is enough for one's own phone.
PER_NUMBER_A_DAY = 2
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


class CannotTextError(Exception):
    """This number is not a mobile that may be texted. Says nothing of the number."""


class Outbox:
    """Takes texts and gives them to the queue. `enqueue` gets the name of a sealed row, never a number or words."""

    def __init__(self, store: SmsStore, enqueue: Callable[[str], object], daily_cap: int, countries: str = "GB") -> None:
        self._store = store
        self._enqueue = enqueue
        self._cap = daily_cap
        self._countries = tuple(part.strip().upper() for part in countries.split(",") if part.strip())

    def mobile(self, typed: str) -> str:
        """The number in E.164 of what was typed; without a country code it is read as one of the first country.

        Raises:
            CannotTextError: it is not a valid mobile of a country that may be texted.
        """
        try:
            number = phonenumbers.parse(typed, self._countries[0])
        except NumberParseException:
            raise CannotTextError from None
        if phonenumbers.region_code_for_number(number) not in self._countries or phonenumbers.number_type(number) not in _MOBILE:
            raise CannotTextError
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def text_details(self, number: str, blocks: Sequence[Block], _: Wording, numbers_only: bool = False) -> bool:
        """Send the most useful of these blocks to a number (E.164), at most three segments; whether it will be sent.

        It is not for a phone that stopped texts, one that was sent enough today, or when the day's segments are used up.
        The caller has asked for consent and whether it is safe.
        """
        part = details_part(blocks, _, numbers_only)
        if part is None or not self._allowed(number, part):
            return False
        for message in part.messages:
            self._enqueue(self._store.put_outbound(number, message, secrets.token_urlsafe(18)))
        return True

    def _allowed(self, number: str, part: Part) -> bool:
        talk = self._store.find(number)
        if talk is not None and talk.stopped:
            log.info("sms.not_sent", kind="stopped")
            return False
        if self._store.count(f"to:{number}", DAY) > PER_NUMBER_A_DAY:
            log.warning("sms.not_sent", kind="often")
            return False
        if self._store.count("segments", DAY, by=part.segments) > self._cap:
            log.error("sms.daily_cap_reached", kind="outbound")
            return False
        return True


def details_part(blocks: Sequence[Block], _: Wording, numbers_only: bool = False) -> Part | None:
    """What would be sent: the first part of the blocks, with how to end it where there is room; None when nothing fits."""
    parts = discreet_parts(blocks, _) if numbers_only else text_parts(blocks, _)
    if not parts or not any(parts[0].messages):
        return None
    *before, last = parts[0].messages
    ended = last + "\n" + _("Text STOP to get no more.")
    whole = Part((*before, ended))
    return whole if segments(ended) == segments(last) and whole.segments <= MOST_SEGMENTS else parts[0]
