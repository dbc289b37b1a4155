"""Sends 100,000 bad inputs to every door and writes what was seen: `make fuzz`; `python -m bench.fuzz 5000` sends fewer."""

from __future__ import annotations

import collections
import datetime as dt
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.faults import DOCUMENT
from bench.servers import ROOT
from tests.fuzz.inputs import MARK
from tests.fuzz.wire import put
from tests.web.gunicorn_server import Gunicorn

ALL, AT_ONCE, ON_THE_WIRE = 100_000, 20_000, 3_000
RESULTS = ROOT / "bench" / "fuzz.json"
BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"


def main(count: int = ALL) -> int:
    """Send them; 1 where anything gave a fault, hung, or left a marked word in a log."""
    statuses: collections.Counter[str] = collections.Counter()
    faults: list[str] = []
    slowest: dict[str, Any] = {"seconds": 0.0}
    seconds = 0.0
    leaks = sent = 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        while sent < count:
            some, seed, log, result = min(AT_ONCE, count - sent), sent + 1, folder / "log", folder / "result"
            with log.open("wb") as output:
                command = [sys.executable, "-m", "tests.fuzz.doors", str(some), str(seed), str(result)]
                subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=True)
            seen = json.loads(result.read_text())
            statuses.update(seen["statuses"])
            faults += [f"seed {seed}: {fault}" for fault in seen["faults"]]
            slowest = max(slowest, {**seen["slowest"], "seed": seed}, key=lambda one: one["seconds"])
            seconds += seen["seconds"]
            leaks += log.read_bytes().count(MARK.encode())
            sent += some
            print(f"{sent:,} of {count:,}: {len(faults)} faults, {leaks} leaks, slowest {slowest['seconds']:.1f} s", flush=True)
        with Gunicorn(folder, TRUSTED_PROXIES="1") as server:
            wire = put(server.port, min(ON_THE_WIRE, count), 7)
            alive = server.lives()
        leaks += server.printed().count(MARK)
    bad = {status: number for status, number in wire.items() if status == "hung" or status.startswith("5")}
    found = {
        "date": str(dt.datetime.now(dt.timezone.utc).date()), "inputs": sent, "seconds": round(seconds),
        "statuses": dict(statuses.most_common()), "faults": faults, "leaks": leaks, "slowest": slowest,
        "on_the_wire": dict(wire.most_common()), "alive_after": alive,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    said = ", ".join(f"{number:,} times {status}" for status, number in statuses.most_common())
    wired = ", ".join(f"{number:,} times {status}" for status, number in wire.most_common())
    longest = f"slowest {slowest['seconds']:.1f} s, of which {slowest['processor']:.1f} s at work"
    prose = (
        f"Run on {found['date']}: {sent:,} bad inputs in {seconds / 60:.0f} minutes. {len(faults)} gave a 5xx or broke, {leaks} left a "
        f"marked word in a log, none hung ({longest}). Answers: {said}.\n\n"
        "The first message in a language is slow without an engine, because its phrases are then read (a second of processor time).\n\n"
        f"{sum(wire.values()):,} more as bytes on a socket to the real server: {wired}."
    )
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{prose}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 1 if faults or leaks or bad or not alive else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
