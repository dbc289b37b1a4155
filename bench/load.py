"""Conversations by the dozen, on the web and by text: `make load`, or `python -m bench.load --minutes 10 --rate 10`.

First so many messages a second for so long, then three times as many for a fifth of that, then as many as before. Everything
runs on this machine, the people too. Writes `bench/load.md` and `bench/load.json`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.servers import ROOT
from tests.stack import Stack

TOKEN = "test-token-of-no-account-0123456789"
PACE_SECONDS = 2.0
SETTLE_SECONDS = 10.0
WANTED_P95_MS = 500.0
STAGES = ("held", "three times that", "after it")


def main() -> int:
    """Run, write the report; 1 where the first stage was not held."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=8.0, help="messages a second in the first stage")
    given = parser.parse_args()
    people = max(1, round(given.rate * PACE_SECONDS))
    first = given.minutes * 60
    ends = (first, first * 1.2, first * 1.2 + max(20.0, first * 0.1))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        settings = {"TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_SENDER": "unmanaged", "SMS_DAILY_CAP": "1000000000"}
        stack = Stack(folder, **settings).start()
        try:
            plan = {
                "address": stack.address, "token": TOKEN, "result": str(folder / "seen.json"), "began": time.time(),
                "stages": [{"until": until, "people": people * times} for until, times in zip(ends, (1, 3, 1))],
            }  # fmt: skip
            command = [sys.executable, "-m", "bench.crowd", "-f", "bench/talkers.py", "--headless", "--only-summary", "--loglevel", "ERROR"]
            with (folder / "locust.log").open("wb") as log:
                subprocess.run(command, cwd=ROOT, env={**os.environ, "LOAD_PLAN": json.dumps(plan)}, stdout=log, stderr=log, check=False)
            result = folder / "seen.json"
            if not result.exists():
                print((folder / "locust.log").read_text()[-3000:], file=sys.stderr)
                return 1
            seen = json.loads(result.read_text())
        finally:
            stack.stop()
    began = [0.0, *ends[:-1]]
    stages = {name: figures(seen, start + min(SETTLE_SECONDS, (end - start) / 4), end) for name, start, end in zip(STAGES, began, ends)}
    write(given.minutes, given.rate, stages)
    held = stages["held"]
    return 0 if held["p95_ms"] < WANTED_P95_MS and not sum(stage["unanswered"] for stage in stages.values()) else 1


def figures(seen: list[list[Any]], start: float, end: float) -> dict[str, Any]:
    """What one stage saw, without the seconds in which people were still coming."""
    of_stage = [item for item in seen if start <= item[0] < end]
    answered = [item for item in of_stage if item[4] in ("answered", "degraded")]
    took = [item[3] * 1000 for item in answered] or [0.0]
    return {
        "messages": len(of_stage),
        "web": sum(item[1] == "web" for item in of_stage),
        "texts": sum(item[1] == "sms" for item in of_stage),
        "answered_a_second": round(len(answered) / (end - start), 1),
        "median_ms": round(float(np.percentile(took, 50))),
        "p95_ms": round(float(np.percentile(took, 95))),
        "slowest_ms": round(max(took)),
        "degraded": sum(item[4] == "degraded" for item in of_stage),
        "sent_away": sum(item[4] == "sent_away" for item in of_stage),
        "unanswered": sum(item[4] == "unanswered" for item in of_stage),
    }


def write(minutes: float, rate: float, stages: dict[str, dict[str, Any]]) -> None:
    """Write the report."""
    about = {
        "date": str(dt.datetime.now(dt.timezone.utc).date()), "minutes": minutes, "rate": rate,
        "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    (ROOT / "bench" / "load.json").write_text(json.dumps({**about, "stages": stages}, indent=2) + "\n", encoding="utf-8")
    names = list(stages["held"])
    rows = [f"| {name.replace('_', ' ')} | " + " | ".join(str(stages[stage][name]) for stage in STAGES) + " |" for name in names]
    text = (
        "# Load\n\n"
        f"Run on {about['date']} by `make load`: {minutes:g} minutes at {rate:g} messages a second, then three times as many, then as "
        f"many as before. {about['cores']} cores for everything: web app, engine, action server, SQLite and the people who talk "
        "(`bench/talkers.py`, seven on the web to three by text, whole conversations, a message every two seconds each).\n\n"
        f"Load average at the end: {about['load_average']}.\n\n"
        + "\n".join(["|  | " + " | ".join(STAGES) + " |", "| --- | --- | --- | --- |", *rows])
        + "\n\n**Sent away**: 429 with the emergency line and when to try again, because the message had stood in line for too long "
        "(`web/public/shedding.py`). **Unanswered**: an error, nothing, or a text with no answer.\n"
    )
    (ROOT / "bench" / "load.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
