"""The action server on the loopback address alone."""

from __future__ import annotations

import hmac
import logging
import os
import resource
import warnings
from urllib.parse import urlsplit

from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

SECRET_HEADER = "X-Signpost-Secret"


def guard(app: Sanic, secret: str) -> None:
    """Refuse every call without the shared secret but the one that asks whether this process lives."""

    @app.on_request
    async def _allowed(request: Request) -> HTTPResponse | None:
        if request.path == "/health" or hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode()):
            return None
        return response.empty(403)


def main() -> None:
    """Serve until told to stop.

    Raises:
        ValueError: CHANNEL_SECRET is shorter than 16 characters.
    """
    warnings.filterwarnings("ignore")
    # What is in memory must not reach a disk when a process dies.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from rasa_sdk.endpoint import create_app

    from actions import bridge

    secret = os.environ.get("CHANNEL_SECRET", "")
    if len(secret) < 16:
        raise ValueError("CHANNEL_SECRET must be at least 16 characters.")
    # Only warnings: the SDK's debug lines carry the whole conversation.
    logging.basicConfig(level=logging.WARNING)
    bridge.facts()
    address = urlsplit(os.environ.get("ACTIONS_URL", "http://127.0.0.1:5055/webhook"))
    app = create_app("actions.topics")
    guard(app, secret)
    app.run(host=os.environ.get("ACTIONS_HOST", "127.0.0.1"), port=address.port or 5055, access_log=False, motd=False)


if __name__ == "__main__":
    main()
