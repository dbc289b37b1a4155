"""The end of a shift: how the volunteer is, and who to ring. The answer is kept nowhere."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, current_app, render_template, request

from signpost.house import House
from signpost.presenting import named_services, services_block
from web.console import audit
from web.console.words import words

blueprint = Blueprint("shift", __name__, url_prefix="/shift")
FEELINGS = ("fine", "tired", "shaken")


@blueprint.get("")
def show() -> str:
    """How are you?"""
    return render_template("shift.html", feeling=None, services=None)


@blueprint.post("")
def answer() -> str | tuple[str, int]:
    """What may help, for the answer given; who to ring, whatever it was."""
    feeling = request.form.get("feeling")
    if feeling not in FEELINGS:
        return render_template("shift.html", feeling=None, services=None, problem=True), 422
    audit.record("shift.ended")
    facts = current_app.extensions["facts"]
    house = House(facts, words(), dt.datetime.now(dt.timezone.utc))
    found = services_block(named_services(facts.place.data.get("volunteers") or (), house), house)
    return render_template("shift.html", feeling=feeling, services=found)
