"""Breaks every part of many machines while people talk and writes what they noticed: `python -m bench.faults`."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from dataclasses import asdict

from bench.servers import ROOT
from tests.services.cluster import Cluster
from tests.services.faults import ANSWER_WITHIN_SECONDS, FAULTS, PHONES, TALKERS, Found, suffer

RESULTS = ROOT / "bench" / "faults.json"
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = "| What | How | Times | Messages | Lost or unanswered | Forgotten | Sent again | Degraded | Slowest answer | Well again after |"


def table(found: list[Found]) -> str:
    """The lines of the table."""
    rows = [
        f"| {one.what} | {one.how} | {one.times} | {one.messages} | {len(one.unanswered)} | {one.forgotten} | {one.sent_again} "
        f"| {one.degraded} | {one.slowest_seconds:.1f} s | {one.recovered_seconds:.0f} s |"
        for one in found
    ]
    return "\n".join([HEAD, "|" + " --- |" * HEAD.count(" | ") + " --- |", *rows])


def main() -> int:
    """Run every fault once; 1 where a message was not answered in time or something was forgotten."""
    cluster = Cluster()
    found = []
    try:
        cluster.start()
        for fault in FAULTS:
            print(f"{fault.what}: {fault.how} ...", flush=True)
            found.append(suffer(cluster, fault))
    finally:
        cluster.end()
    today = dt.datetime.now(dt.timezone.utc).date()
    about = (
        f"Run on {today:%d %B %Y}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {TALKERS} people on the web and {PHONES} by text."
    )
    RESULTS.write_text(json.dumps({"date": str(today), "faults": [asdict(one) for one in found]}, indent=2) + "\n", encoding="utf-8")
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{about}\n\n{table(found)}\n{END}{after}", encoding="utf-8")
    bad = [one for one in found if one.unanswered or one.forgotten or one.slowest_seconds > ANSWER_WITHIN_SECONDS]
    print(table(found))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
