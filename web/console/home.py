"""The desk's first page, and where the volunteer sits today."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.console import audit
from web.console.sittings import Sittings

blueprint = Blueprint("home", __name__)


@blueprint.app_context_processor
def _centres() -> dict[str, object]:
    """`centre_name(id)`: what a centre is called."""
    return {"centre_name": centre_name}


def centre_name(centre: str) -> str:
    """What a centre is called, without what it is in brackets; its id where the knowledge no longer has it."""
    services = current_app.extensions["facts"].services
    return re.sub(r" \([^)]*\)$", "", services[centre].name) if centre in services else centre


@blueprint.get("/")
def show() -> str:
    """What can be done at this desk."""
    return render_template("desk.html")


@blueprint.post("/centre")
def centre() -> Response:
    """The volunteer sits at another of their centres today."""
    wanted = request.form.get("centre", "")
    if wanted in g.volunteer.centres and wanted != g.volunteer.centre:
        sittings: Sittings = current_app.extensions["sittings"]
        sittings.move(g.sitting.name, wanted)
        audit.record("door.moved")
    return redirect(url_for("home.show"), 303)
