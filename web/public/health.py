"""Whether this process lives, and whether every part it needs answers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from web.readiness import readiness

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Each part by name: `ok`, `partly` where some of several answer, or `silent`. The engine silent is degraded, not down."""
    parts = readiness(current_app.extensions["readiness"])
    ready = "silent" not in parts.values()
    return jsonify(ready=ready, parts=parts), 200 if ready else 503
