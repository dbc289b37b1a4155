"""Where the time of one turn goes: `python -m bench.profile`. Writes nothing; docs/performance.md says what was found.

The engine is loaded into this process with its own endpoints and asked over its own processor; the action server runs beside
it; the web app runs in this process too, over its test client, with the engine's answers kept. Each is profiled by itself.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
import structlog
from pyinstrument import Profiler

from bench.servers import ROOT
from tests.builders import SECRET
from tests.stack import another_caller, free_port

TEXTS = ("my neighbour shouts at me because i am polish", "can i report without my name?", "who can help me", "thank you")
ROUNDS = 60


def main() -> int:
    """Print medians and the two profiles."""
    folder, port = tempfile.mkdtemp(), free_port()
    os.environ.update(
        SECRET_KEY=SECRET, CHANNEL_SECRET="a-channel-secret-for-tests", TRACKER_URL=f"sqlite:///{folder}/tracker.db",
        ACTIONS_URL=f"http://127.0.0.1:{port}/webhook", DATABASE_URL=f"sqlite:///{folder}/web.db", TRUSTED_PROXIES="1",
    )  # fmt: skip
    log = (Path(folder) / "log").open("wb")
    actions = subprocess.Popen([sys.executable, "-m", "actions"], cwd=ROOT, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                requests.get(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except requests.RequestException:
                time.sleep(0.1)
        asyncio.run(_engine())
    finally:
        actions.terminate()
    _web()
    return 0


async def _engine() -> None:
    from bot.without_tensorflow import install

    install()
    from rasa.core.agent import load_agent
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.log_utils import configure_structlog

    from bot import lean

    lean.install()
    logging.disable(logging.INFO)
    configure_structlog(logging.WARNING)
    agent = await load_agent("models/model.tar.gz", endpoints=AvailableEndpoints.read_endpoints("endpoints.yml"))
    spent: list[float] = []

    async def ask(number: int) -> None:
        about = {"choice": None, "locale": None, "channel": "web", "situation": None}
        message = UserMessage(TEXTS[number % 4], CollectingOutputChannel(), f"{number // 4}", input_channel="signpost", metadata=about)
        began = time.perf_counter()
        await agent.handle_message(message)
        spent.append((time.perf_counter() - began) * 1000)

    for number in range(40):
        await ask(number)
    spent.clear()
    with Profiler(interval=0.0005, async_mode="enabled") as profiler:
        for number in range(1000, 1000 + ROUNDS * 4):
            await ask(number)
    print(f"engine with action server: median {statistics.median(spent):.1f} ms")
    print(profiler.output_text(unicode=False, show_all=True, timeline=False)[:9000])


def _web() -> None:
    from signpost.model import Situation
    from storage.settings import from_environment
    from web.gateway import Gateway, answer_alone
    from web.public.app import create_app

    class Kept(Gateway):
        """An engine that answers at once."""

        def turn(self, message: Any, token: str, situation: Situation) -> Any:
            return answers.setdefault(message.text, answer_alone(message, situation, "sefton", dt.datetime.now(dt.timezone.utc)))

    answers: dict[str, Any] = {}
    structlog.configure(processors=[lambda *_: ""], logger_factory=structlog.ReturnLoggerFactory())
    settings = from_environment()
    app = create_app(settings, Kept(settings.rasa_url, settings.channel_secret, _keys(), settings.place))
    logging.disable(logging.CRITICAL)
    spent: list[float] = []

    def talk() -> None:
        client, token = app.test_client(), None
        for text in TEXTS:
            began = time.perf_counter()
            answered = client.post("/api/v1/messages", json={"text": text, "conversation": token}, headers=another_caller())
            spent.append((time.perf_counter() - began) * 1000)
            token = answered.json["conversation"]

    for _ in range(10):
        talk()
    spent.clear()
    with Profiler(interval=0.0005) as profiler:
        for _ in range(ROUNDS):
            talk()
    print(f"web app without its engine: median {statistics.median(spent):.1f} ms")
    print(profiler.output_text(unicode=False, show_all=False)[:6000])


def _keys() -> Any:
    from storage.sealing import Keys

    return Keys.from_text(SECRET)


if __name__ == "__main__":
    sys.exit(main())
