"""The whole service as real processes on loopback ports, with its own stores in a folder of its own."""

from __future__ import annotations

import ipaddress
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.builders import ROOT, SECRET

START_SECONDS = 180


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def another_caller() -> dict[str, str]:
    """The header of a caller who was not here before."""
    return {"X-Forwarded-For": str(ipaddress.IPv4Address(random.randrange(0x0A000001, 0x0AFFFFFF)))}


class Stack:
    """Actions, engine and web; each can be killed, stopped and started again by name."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("actions", "engine", "web")}
        self.address = f"http://127.0.0.1:{self.ports['web']}"
        # One service can be written to from the desk, by a mail server where nobody listens.
        calls = folder / "referral-routes.yml"
        calls.write_text("- service: anthony-walker-foundation\n  email: calls@example.org\n", encoding="utf-8")
        self.env = {
            **os.environ,
            "PORT": str(self.ports["web"]),
            "PUBLIC_URL": self.address,
            "SECRET_KEY": SECRET,
            "CHANNEL_SECRET": "a-channel-secret-for-tests",
            "RASA_URL": f"http://127.0.0.1:{self.ports['engine']}",
            "ACTIONS_URL": f"http://127.0.0.1:{self.ports['actions']}/webhook",
            "DATABASE_URL": f"sqlite:///{folder}/web.db",
            "TRACKER_URL": f"sqlite:///{folder}/tracker.db",
            "STATE_FOLDER": str(folder),
            "REFERRAL_ROUTES": str(calls),
            "SMTP_URL": "smtp://127.0.0.1:9",
            "SMTP_FROM": "desk@example.org",
            "METRICS_PORT": "0",
            # Each caller says who it is, so that no test meets the limit on what one person may send.
            "TRUSTED_PROXIES": "1",
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONWARNINGS": "ignore",
            **settings,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.hung: set[str] = set()

    def commands(self) -> dict[str, list[str]]:
        """How each process is started, as in the Procfile."""
        engine = ["-m", "bot", "run", "--model", "models/model.tar.gz", "--endpoints", "endpoints.yml"]
        return {
            "actions": [sys.executable, "-m", "actions"],
            "engine": [sys.executable, *engine, "--credentials", "credentials.yml", "-i", "127.0.0.1", "--port", str(self.ports["engine"])],
            "web": [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "web.wsgi:application"],
        }

    def start(self, *names: str) -> Stack:
        """Start the named processes (all by default) and wait until each answers."""
        for name in names or ("actions", "engine", "web"):
            log = (self.folder / f"{name}.log").open("ab")
            self.processes[name] = subprocess.Popen(self.commands()[name], cwd=ROOT, env=self.env, stdout=log, stderr=log)
        self.wait_ready(bool(not names or {"engine", "actions"} & set(names)))
        return self

    def wait_ready(self, engine_too: bool = True) -> None:
        """Wait for the web app, and for the engine where asked."""
        paths = ["/healthz", *(["/readyz"] if engine_too else [])]
        began = time.monotonic()
        while paths:
            try:
                if requests.get(self.address + paths[0], timeout=3).status_code == 200:
                    paths.pop(0)
                    continue
            except requests.RequestException:
                pass
            if time.monotonic() - began > START_SECONDS:
                raise AssertionError(f"{paths[0]} did not answer; the end of the logs:\n{self.logs()[-3000:]}")
            time.sleep(0.2)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a process (SIGSTOP hangs it, SIGCONT lets it go on)."""
        self.processes[name].send_signal(number)
        (self.hung.add if number == signal.SIGSTOP else self.hung.discard)(name)

    def kill(self, name: str) -> None:
        """End a process without warning."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(10)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def logs(self) -> str:
        """Everything any process printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def say(self, text: str | None = None, conversation: str | None = None, **more: object) -> dict:
        """One message over the JSON API. On a crowded machine the engine may be late once: while every part is meant to
        be up, a degraded answer is asked for again."""
        for _ in range(4):
            answer = self._say_once(text, conversation, **more)
            if not answer["degraded"] or not self._all_up():
                break
            time.sleep(5.5)
        return answer

    def _all_up(self) -> bool:
        return not self.hung and all(process.poll() is None for process in self.processes.values())

    def _say_once(self, text: str | None = None, conversation: str | None = None, **more: object) -> dict:
        """One message over the JSON API."""
        body = {"conversation": conversation, "locale": None, **({"text": text} if text is not None else {}), **more}
        answered = requests.post(f"{self.address}/api/v1/messages", json=body, headers=another_caller(), timeout=20)
        assert answered.status_code == 200, answered.text
        return answered.json()

    def forget(self, conversation: str) -> int:
        """Erase a conversation over the JSON API."""
        return requests.delete(f"{self.address}/api/v1/conversations/{conversation}", timeout=10).status_code

    def on_disk(self) -> bytes:
        """Every byte of every store and log."""
        return b"\n".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())
