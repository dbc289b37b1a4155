"""More messages than this machine can answer: who would wait too long is told so at once, with the emergency line."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.exceptions import TooManyRequests

from web.logs import log

# A message that stood in line for so long would be answered late, and so would everyone after it.
WAITED_SECONDS = 0.75
RETRY_AFTER = 5
# Texts are not sent away: the phone company does not try again.
DOORS = ("/api/v1/messages", "/chat")


def open_door(app: Flask) -> None:
    """Let the app send people away while it is too busy. It must come before whatever counts requests."""

    @app.before_request
    def _too_busy() -> None:
        # Gunicorn's worker notes how long a request stood in line (web/serving.py); elsewhere nobody waits.
        waited = getattr(request.environ.get("gunicorn.socket"), "waited", 0.0)
        if request.method == "POST" and request.path in DOORS and waited > WAITED_SECONDS:
            log.warning("turn.too_busy", milliseconds=round(waited * 1000))
            busy = TooManyRequests()
            busy.retry_after = RETRY_AFTER
            raise busy
