"""The desk's first page, and where the volunteer sits today."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.console import audit
from web.console.sittings import Sittings

blueprint = Blueprint("home", __name__)


@blueprint.app_context_processor
def _centres() -> dict[str, object]:
    """`centre_name(id)`: what a centre is called."""
    services = current_app.extensions["facts"].services
    return {"centre_name": lambda centre: services[centre].name if centre in services else centre}


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
