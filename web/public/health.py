"""Whether this process lives, and whether every part it needs answers."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Each part by name: `ok` or `silent`. The engine silent is degraded, not down."""
    conversations = current_app.extensions["conversations"]
    parts = {"engine": "ok" if current_app.extensions["gateway"].ready() else "silent", "store": "ok"}
    try:
        with conversations.store.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        parts["store"] = "silent"
    ready = all(value == "ok" for value in parts.values())
    return jsonify(ready=ready, parts=parts), 200 if ready else 503
