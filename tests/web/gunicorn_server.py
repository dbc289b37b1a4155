"""The public app under its real gunicorn, with a stub in the engine's place, on free loopback ports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import requests
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from signpost.model import Message, Situation, block_as_json
from tests.builders import NOON, ROOT, SECRET
from tests.stack import free_port
from web.gateway import answer_alone


class SlowEngine:
    """An engine that thinks for `seconds` and then says what the core would."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked = 0
        # The phrases are read before anyone waits for them.
        answer_alone(Message("hello"), Situation(), "sefton", NOON)

        @Request.application
        def answer(request: Request) -> Response:
            if request.method != "POST":
                return Response("{}", mimetype="application/json")
            self.asked += 1
            time.sleep(self.seconds)
            asked: dict[str, Any] = json.loads(request.get_data())
            message = Message(asked["text"], asked["channel"], asked["choice"], asked["locale"])
            made = answer_alone(message, Situation.from_json(asked["situation"]), "sefton", NOON)
            said = {"reply": [block_as_json(block) for block in made.blocks], "plain": made.plain, "erase": made.erase}
            said |= {"situation": made.situation.as_json(), "reading": made.reading.as_json()}
            return Response(json.dumps(said), mimetype="application/json")

        self._server = make_server("127.0.0.1", 0, answer, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Gunicorn:
    """One gunicorn with this project's settings for it. `with Gunicorn(folder) as server`."""

    def __init__(self, folder: Path, engine_url: str = "http://127.0.0.1:9", **settings: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = folder / "web.log"
        self._env = {
            **os.environ, "PORT": str(self.port), "PUBLIC_URL": self.address, "SECRET_KEY": SECRET,
            "CHANNEL_SECRET": "a-channel-secret-for-tests", "RASA_URL": engine_url, "DATABASE_URL": f"sqlite:///{folder}/web.db",
            "TRACKER_URL": f"sqlite:///{folder}/tracker.db", "TRUSTED_PROXIES": "1", "METRICS_PORT": str(self.metrics_port), **settings,
        }  # fmt: skip

    def __enter__(self) -> Gunicorn:
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.py", "web.wsgi:application"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self._env, stdout=log, stderr=log)
        began = time.monotonic()
        while not self.lives():
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() - began < 60, self.printed()
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def lives(self, seconds: float = 2.0) -> bool:
        try:
            return requests.get(f"{self.address}/healthz", timeout=seconds).ok
        except requests.RequestException:
            return False

    def printed(self) -> str:
        return self._log.read_text(errors="replace")

    def metrics(self) -> dict[str, float]:
        """Every figure by its name and labels."""
        lines = requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10).text.splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
