"""Sends bad inputs through every door of the real app, in a process of its own so that everything it prints can be read.

`python -m tests.fuzz.doors COUNT SEED RESULT` writes what was seen as JSON; it prints only what the app prints.
"""

from __future__ import annotations

import collections
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

from storage.settings import from_environment
from tests.builders import SECRET
from tests.fuzz.inputs import Sent, inputs
from web.public.app import create_app
from web.public.twilio.signature import HEADER, sign

TWILIO_TOKEN = "test-token-of-no-account-0123456789"
PUBLIC = "https://help.example.org"
# A browser of its own now and then, with a fresh token for its forms.
PER_BROWSER = 200
# The stores lie in memory where that can be: a hundred thousand small writes wear a disk.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def an_app(folder: Path) -> Any:
    """The app as it runs, with an engine that is silent and no limits, which would hide the rest behind 429."""
    given = {
        "SECRET_KEY": SECRET, "CHANNEL_SECRET": "a-channel-secret-for-tests", "RASA_URL": "http://127.0.0.1:9", "PUBLIC_URL": PUBLIC,
        "DATABASE_URL": f"sqlite:///{folder}/web.db", "TRACKER_URL": f"sqlite:///{folder}/tracker.db", "TWILIO_AUTH_TOKEN": TWILIO_TOKEN,
        "SMS_DAILY_CAP": "1000000000",
    }  # fmt: skip
    app = create_app(from_environment(given))
    app.extensions["limit"].enabled = False
    return app


def send(client: FlaskClient, sent: Sent, csrf: str) -> int:
    """The status that came back."""
    body, headers = sent.body, dict(sent.headers)
    if sent.fields:
        fields = {key: csrf if value == "TOKEN" else value for key, value in sent.fields.items()}
        body = urlencode(fields).encode()
        if sent.signed:
            headers[HEADER] = sign(TWILIO_TOKEN, PUBLIC + sent.path, fields)
    with client.open(
        sent.path, method=sent.method, data=body, content_type=sent.kind or None, headers=headers, base_url=PUBLIC
    ) as answered:
        answered.get_data()
        return answered.status_code


def main(count: int, seed: int, result: Path) -> int:
    """Send and write what was seen."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        app = an_app(Path(folder))
        statuses: collections.Counter[str] = collections.Counter()
        slowest, faults = {"seconds": 0.0}, []
        began = time.monotonic()
        client, csrf = app.test_client(), ""
        for number, sent in enumerate(inputs(count, seed)):
            if number % PER_BROWSER == 0:
                client = app.test_client()
                page = client.get("/chat", base_url=PUBLIC).get_data(as_text=True)
                found = re.search(r'name="csrf_token" value="([^"]+)"', page)
                csrf = found.group(1) if found else ""
            at, worked = time.monotonic(), time.process_time()
            try:
                status = send(client, sent, csrf)
            except Exception as error:  # noqa: BLE001  what breaks is counted, with the seed to make it again
                status = 599
                faults.append(f"{number} {sent.method} {sent.path[:12]} {type(error).__name__}")
            if status >= 500:
                faults.append(f"{number} {sent.method} {sent.path[:12]} {status}")
            if (took := time.monotonic() - at) > slowest["seconds"]:
                # Time of the processor beside time of the clock: what waits for a busy machine has far less of the first.
                at_work = time.process_time() - worked
                slowest = {
                    "seconds": round(took, 3),
                    "processor": round(at_work, 3),
                    "at": f"{number} {sent.method} {sent.path[:12]} {status}",
                }
            statuses[str(status)] += 1
        seen = {"count": count, "seed": seed, "statuses": dict(statuses), "slowest": slowest}
        result.write_text(json.dumps({**seen, "seconds": round(time.monotonic() - began, 1), "faults": faults}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
