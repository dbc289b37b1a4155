"""Starts every process with one set of settings, says where it is, and stops them all together."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Thread

from dotenv import dotenv_values
from honcho.manager import Manager
from honcho.printer import Printer

from storage.settings import as_lines, from_environment

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 240


def environment() -> dict[str, str]:
    """The settings of every process: the environment, then `.env`, then defaults."""
    given = {key: value for key, value in dotenv_values(ROOT / ".env").items() if value is not None}
    given = {**given, **os.environ}
    settings = from_environment(given)
    bin_folder = str(Path(sys.executable).parent)
    return {**given, **dict(line.split("=", 1) for line in as_lines(settings)), "PATH": f"{bin_folder}:{given.get('PATH', '')}"}


def _announce(address: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_SECONDS:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                print(f"\n  Ready: {address}\n  Stop with Ctrl-C.\n", flush=True)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    print("\n  The engine has not answered; the core answers alone. Look at the lines above.\n", flush=True)


def main() -> int:
    """Run until Ctrl-C."""
    env = environment()
    manager = Manager(Printer(sys.stdout, prefix=True))
    for line in (ROOT / "Procfile").read_text().splitlines():
        name, _, command = line.partition(":")
        manager.add_process(name.strip(), f"exec {command.strip()}", env=env, cwd=str(ROOT))
    Thread(target=_announce, args=(f"http://127.0.0.1:{env['PORT']}",), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: manager.terminate())
    manager.loop()
    return manager.returncode or 0


if __name__ == "__main__":
    raise SystemExit(main())
