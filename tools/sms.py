"""Text with the service in this terminal, without a Twilio account: signed requests to the real webhook.

The web app runs in this process on a free port, with a made-up account and a store that is gone afterwards. The engine
answers where it runs (`make run` in another terminal); else the core answers alone. Lines on standard input are texts.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import requests
import structlog
from werkzeug.serving import make_server

from signpost.segments import size
from storage.settings import from_environment
from web.public.app import create_app
from web.public.twilio.signature import HEADER, sign

# Numbers that no phone has (Ofcom, numbers for drama).
PERSON, LINE = "+447700900123", "+447700900456"


class Terminal:
    """A phone whose texts go to a webhook and whose answers are printed."""

    def __init__(self, url: str, token: str, number: str = PERSON) -> None:
        self._url = url
        self._token = token
        self._number = number

    def text(self, words: str) -> list[str]:
        """Send one text; the messages that come back.

        Raises:
            requests.RequestException: the webhook did not answer with 200.
        """
        message_id = "SM" + secrets.token_hex(16)
        fields = {"MessageSid": message_id, "From": self._number, "To": LINE, "Body": words, "NumMedia": "0"}
        answered = requests.post(self._url, data=fields, headers={HEADER: sign(self._token, self._url, fields)}, timeout=60)
        answered.raise_for_status()
        # The XML is the answer of this same program.
        return [node.text or "" for node in ElementTree.fromstring(answered.content).iter("Message")]


def converse(phone: Terminal, texts: Iterable[str], sender: str) -> None:
    """Send each line and print what comes back, with its size."""
    for line in texts:
        for message in phone.text(line.rstrip("\n")) or ["(no answer)"]:
            made = size(message)
            print(f"\n{message}\n   [{made.segments} x {made.encoding}, {made.units} units, {sender}]\n", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run until the input ends."""
    parser = argparse.ArgumentParser(prog="make sms", description=__doc__.splitlines()[0])
    parser.add_argument("--sender", default="unmanaged", help="a kind of number from knowledge/carrier_words.yml")
    given = parser.parse_args(arguments)
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
        address = f"http://127.0.0.1:{server.server_port}"
        settings = replace(
            from_environment(),
            public_url=address,
            database_url=f"sqlite:///{Path(folder)}/web.db",
            twilio_auth_token=token,
            twilio_from=LINE,
            twilio_sender=given.sender,
        )
        # Log lines are for operators; here they would stand between the texts.
        server.app = create_app(settings)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        Thread(target=server.serve_forever, daemon=True).start()
        if sys.stdin.isatty():
            print("Type a text and press Enter. Words to try: MORE, SAFE, PLAIN, HUMAN, ERASE, STOP, HELP. Ctrl-D ends.\n")
        try:
            converse(Terminal(f"{address}/sms", token), sys.stdin, given.sender)
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
