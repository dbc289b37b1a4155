"""Nothing leaves without a live yes, and a receipt says what was agreed and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.consent import (
    SAID,
    SEAL,
    Consent,
    Receipt,
    ReceiptError,
    ends,
    items,
    naming,
    receipt_body,
    receipt_code,
    receipt_from_body,
    recipients,
    released,
    split_code,
)
from tests.builders import NOON, the_knowledge

RULES = the_knowledge().consent
RECIPIENTS, ITEMS = recipients(RULES), items(RULES)
FACTS = {item: f"the {item}" for item in ITEMS}

pairs = st.tuples(st.sampled_from(RECIPIENTS), st.sampled_from(ITEMS))
minutes = st.integers(-100_000, 100_000).map(lambda number: NOON + dt.timedelta(minutes=number))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), pairs, st.sampled_from(SAID), minutes),
        st.tuples(st.just("withdraw"), st.tuples(st.sampled_from([*RECIPIENTS, None]), st.sampled_from([*ITEMS, None]))),
    ),
    max_size=30,
)


def after(walk: list) -> tuple[Consent, dict]:
    """The consent after these steps, and beside it the plainest book of the same: the last word on each pair."""
    consent, book = Consent(), {}
    for step in walk:
        if step[0] == "answer":
            _, (recipient, item), said, until = step
            consent = consent.with_answer(recipient, item, said, until)
            book[recipient, item] = until if said == "yes" else None
        else:
            recipient, item = step[1]
            consent = consent.withdrawn(recipient, item)
            for pair in book:
                if recipient in (None, pair[0]) and item in (None, pair[1]):
                    book[pair] = None
    return consent, book


@given(steps, st.sampled_from(RECIPIENTS), minutes)
def test_nothing_leaves_without_a_yes_that_is_still_live_and_was_not_taken_back(walk, recipient, now):
    consent, book = after(walk)
    wanted = {item for (to, item), until in book.items() if to == recipient and until is not None and now < until}
    assert set(released(FACTS, consent, recipient, now)) == wanted


@given(steps, minutes)
def test_after_everything_is_taken_back_nothing_leaves_for_anyone(walk, now):
    consent = after(walk)[0].withdrawn()
    assert all(released(FACTS, consent, recipient, now) == {} for recipient in RECIPIENTS)


@given(steps)
def test_a_consent_comes_back_from_its_row_unchanged(walk):
    consent = after(walk)[0]
    assert Consent.from_json(consent.as_json()) == consent


def test_what_was_never_asked_counts_as_no():
    assert released(FACTS, Consent(), "police", NOON) == {}


def test_a_yes_for_one_recipient_opens_nothing_for_another():
    consent = Consent().with_answer("stop_hate_uk", "what_happened", "yes", ends(RULES, "stop_hate_uk", NOON))
    assert released(FACTS, consent, "police", NOON) == {}
    assert released(FACTS, consent, "stop_hate_uk", NOON) == {"what_happened": "the what_happened"}


def test_a_yes_ends_on_its_day():
    until = ends(RULES, "police", NOON)
    consent = Consent().with_answer("police", "place", "yes", until)
    assert consent.live("police", until - dt.timedelta(seconds=1)) == {"place"}
    assert consent.live("police", until) == frozenset()


def test_someone_under_16_is_asked_less_and_never_for_their_name():
    assert set(items(RULES, under_16=True)) < set(ITEMS)
    assert "name" not in items(RULES, under_16=True)


def test_leaving_out_name_and_contact_leaves_a_person_nameless():
    assert set(naming(RULES)) == {"name", "contact"}


receipts = st.builds(Receipt, st.frozensets(pairs), st.dates(dt.date(2020, 1, 1), dt.date(2190, 1, 1)), st.binary(min_size=4, max_size=4))


@given(receipts, st.binary(min_size=SEAL, max_size=40))
def test_a_code_gives_back_its_receipt_however_it_is_typed(receipt, seal):
    code = receipt_code(receipt_body(receipt, RULES), seal)
    body, sealed = split_code(code.lower().replace("-", " "))
    assert receipt_from_body(body, RULES) == receipt
    assert sealed == seal[:SEAL]


@given(st.text(max_size=60))
def test_whatever_else_is_typed_is_refused_and_never_breaks(text):
    try:
        body, _seal = split_code(text)
        receipt_from_body(body, RULES)
    except ReceiptError:
        return
    assert len("".join(char for char in text if char.isalnum())) == 32


def test_a_receipt_of_another_form_is_refused():
    with pytest.raises(ReceiptError):
        receipt_from_body(b"\x09" + bytes(12), RULES)
