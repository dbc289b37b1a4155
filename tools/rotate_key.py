"""Seals every stored row anew under the newest key: `make rotate-key`. SECRET_KEY holds the new key first, the old one after it."""

from __future__ import annotations

import sys

from storage.database import engine_for
from storage.rows import seal_anew
from storage.sealing import Keys
from storage.settings import from_environment
from tools.serve import environment

# Every store of the service, each of which says what it seals.
from web import jobs  # noqa: F401
from web.console.audit import Audit


def main() -> int:
    """Seal anew; 1 where a row opens with none of the listed keys or the record is not whole, 2 where only one key is listed."""
    settings = from_environment(environment())
    keys = Keys.from_text(settings.secret_key)
    if len(keys.secrets) < 2:
        print("SECRET_KEY holds one key. Set SECRET_KEY=new,old, restart everything, then run this again.")
        return 2
    done = lost = 0
    for url in dict.fromkeys((settings.database_url, settings.tracker_url)):
        some_done, some_lost = seal_anew(engine_for(url), keys)
        done, lost = done + some_done, lost + some_lost
    broken = Audit(engine_for(settings.database_url), keys).vouch()
    print(f"{done} rows are sealed under the newest key now. The old key opens none of them; it still finds rows by their names and")
    print("knows receipts of consent: keep it second in SECRET_KEY until the longest retention time and the last receipt are over.")
    if lost:
        print(f"{lost} rows open with no listed key. They are of no use to anyone and go when their time is over.")
    if broken is not None:
        print(f"The desk's record is not vouched for under the new key: row {broken} is missing or was changed.")
    return 1 if lost or broken is not None else 0


if __name__ == "__main__":
    sys.exit(main())
