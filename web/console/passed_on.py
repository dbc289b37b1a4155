"""What has left the desk or is on its way: the list of call-backs, and taking consent back with a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from signpost.consent import Receipt, ReceiptError
from storage.database import together
from storage.settings import STATE
from web.console import audit
from web.console.delivery import load_routes
from web.console.receipts import Receipts
from web.console.referrals import Referral, Referrals
from web.console.words import desk, words
from web.jobs import into_queue

blueprint = Blueprint("passed_on", __name__)
# Longer than a code with every way of writing it.
MOST_TYPED = 80


def open_list(app: Flask, folder: Path = STATE) -> None:
    """Give the app its call-backs. The queue is opened when the first goes into it."""
    settings = app.extensions["settings"]
    app.extensions["referrals"] = Referrals(app.extensions["engine"], app.extensions["keys"])
    app.extensions["referral_routes"] = load_routes(settings.referral_routes)
    app.extensions["refer"] = into_queue(settings, folder, lambda jobs: jobs.refer)
    app.register_blueprint(blueprint)
    app.context_processor(_in_every_page)


def _referrals() -> Referrals:
    return current_app.extensions["referrals"]


def _receipts() -> Receipts:
    return current_app.extensions["receipts"]


def _in_every_page() -> dict[str, Any]:
    services = current_app.extensions["facts"].services
    name: Callable[[str], str] = lambda service: services[service].name if service in services else service  # noqa: E731
    return {"referrals_here": _list, "how_far": _how_far, "service_name": name, "when": _when, "day": words().date}


def _list() -> list[Referral]:
    return _referrals().of_centre(g.volunteer.centre)


def _when(moment: int) -> str:
    """The day and the minute, local time."""
    local = dt.datetime.fromtimestamp(moment, ZoneInfo(current_app.extensions["facts"].place.timezone))
    return f"{words().date(local.date())}, {words().time(local.time())}"


def _how_far(referral: Referral) -> str:
    """The state of a call-back in words."""
    said = {
        "waiting": desk("On its way"),
        "sending": desk("On its way"),
        "trying": desk("Not delivered yet. It is tried again by itself"),
        "failed": desk("Not delivered"),
        "delivered": desk("Delivered"),
        "expired": desk("Not delivered in time. It is erased"),
    }
    return said[referral.state]


@blueprint.post("/call-backs/<name>/again")
def again(name: str) -> Response:
    """Try one again now."""
    if _referrals().try_again(name, g.volunteer.centre):
        current_app.extensions["refer"](name)
    return redirect(url_for("home.show") + "#call-backs", 303)


@blueprint.post("/call-backs/<name>/off")
def off(name: str) -> Response:
    """Seen: off the list, with whatever it still holds."""
    found = _referrals().find(name)
    if _referrals().take_off(name, g.volunteer.centre):
        audit.record("referral.acknowledged" if found and not found.open else "referral.withdrawn")
    return redirect(url_for("home.show") + "#call-backs", 303)


@blueprint.route("/receipt", methods=["GET", "POST"])
def receipt() -> str | tuple[str, int]:
    """Read a receipt that someone brings, and take back what was agreed where they want that."""
    if request.method == "GET":
        return render_template("receipt_check.html")
    code = request.form.get("code", "")[:MOST_TYPED]
    try:
        found = _receipts().read(code)
    except ReceiptError:
        return render_template("receipt_check.html", problem=desk("This code was not made here. Check each sign.")), 422
    audit.record("receipt.checked")
    if request.form.get("take_back") == "yes":
        return _taken_back(code, found)
    return render_template("receipt_check.html", receipt=found, code=code, **_about(code, found))


def _taken_back(code: str, found: Receipt) -> str | tuple[str, int]:
    with together(current_app.extensions["engine"], erasing=True) as connection:
        used_now = _receipts().use(code, connection)
        erased, left = _referrals().withdraw(_receipts().names(code), connection)
    if not used_now:
        return render_template("receipt_check.html", problem=desk("This code was used before. Everything was taken back then.")), 422
    audit.record("consent.withdrawn")
    if erased:
        audit.record("referral.withdrawn")
    return render_template("receipt_check.html", done=True, erased=erased, left=left, receipt=found)


def _about(code: str, found: Receipt) -> dict[str, Any]:
    rules = current_app.extensions["facts"].consent
    agreed: dict[str, list[str]] = {}
    for recipient in rules:
        names = [rules[item]["label"] for item in rules if (recipient, item) in found.agreed]
        if names:
            agreed[rules[recipient]["label"]] = names
    today = dt.datetime.now(dt.timezone.utc).date()
    return {"agreed": agreed, "live": found.live(today), "used": _receipts().used(code)}
