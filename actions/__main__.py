"""The action server on the loopback address alone."""

from __future__ import annotations

import logging
import os
import warnings
from urllib.parse import urlsplit


def main() -> None:
    """Serve until told to stop."""
    warnings.filterwarnings("ignore")
    from rasa_sdk.endpoint import create_app

    from actions import bridge

    # Only warnings: the SDK's debug lines carry the whole conversation.
    logging.basicConfig(level=logging.WARNING)
    bridge.facts()
    address = urlsplit(os.environ.get("ACTIONS_URL", "http://127.0.0.1:5055/webhook"))
    app = create_app("actions.topics")
    app.run(host=os.environ.get("ACTIONS_HOST", "127.0.0.1"), port=address.port or 5055, access_log=False, motd=False)


if __name__ == "__main__":
    main()
