"""Who talks in a load test, for locust: people on the web and by text, in whole conversations. `bench/load.py` runs it."""

from __future__ import annotations

import json
import os
import random
import secrets
import time
from pathlib import Path
from xml.etree import ElementTree

from locust import HttpUser, LoadTestShape, constant_pacing, events, task

from web.public.twilio.signature import HEADER, sign

PLAN = json.loads(os.environ["LOAD_PLAN"])
# Everyone says something this often.
PACE_SECONDS = 2.0
OPENINGS = (
    "my neighbour in bootle shouts at me because i am polish", "my husband hits me and takes my phone", "someone took my money",
    "kids throw stones at my windows every night", "a man keeps following me home from work", "they call me names because i am gay",
    "my boss took my passport", "my son has two phones and goes missing", "people at work mock my accent", "he is outside with a knife",
)  # fmt: skip
THEN = (
    "can i report without my name?", "who can help me",
    "i live in crosby", "what happens next", "how much does it cost", "it was my religion",
    "talk to a person", "more", "thank you", "what are my rights", "asdfgh", "is it a crime",
)  # fmt: skip
seen: list[tuple[float, str, int, float, str]] = []


def note(kind: str, status: int, seconds: float, what: str) -> None:
    """`what`: answered, degraded, sent_away (429 with the emergency line) or unanswered."""
    seen.append((round(time.time() - PLAN["began"], 2), kind, status, round(seconds, 4), what))


class OnTheWeb(HttpUser):
    """Someone in the chat."""

    weight = 7
    host = PLAN["address"]
    wait_time = constant_pacing(PACE_SECONDS)

    def on_start(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.token, self.left = None, random.randrange(3, 8)
        self.from_ = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"

    @task
    def say(self) -> None:
        text = random.choice(THEN) if self.token else random.choice(OPENINGS)
        began = time.perf_counter()
        asked = {"text": text, "conversation": self.token}
        with self.client.post(
            "/api/v1/messages", json=asked, headers={"X-Forwarded-For": self.from_}, catch_response=True, timeout=15
        ) as got:
            took = time.perf_counter() - began
            got.success()
            if got.status_code == 200:
                answer = got.json()
                self.token = answer["conversation"]
                note("web", 200, took, "degraded" if answer["degraded"] else "answered")
            elif got.status_code == 429 and "999" in got.text:
                note("web", 429, took, "sent_away")
            else:
                note("web", got.status_code, took, "unanswered")
        self.left -= 1
        if not self.left:
            self.begin()


class ByText(HttpUser):
    """Someone with a phone."""

    weight = 3
    host = PLAN["address"]
    wait_time = constant_pacing(PACE_SECONDS)

    def on_start(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.number, self.said = f"+4477{random.randrange(10**8):08d}", 0

    @task
    def text(self) -> None:
        words = (random.choice(OPENINGS), "1", "more", random.choice(THEN), random.choice(THEN))[self.said]
        fields = {"MessageSid": "SM" + secrets.token_hex(16), "From": self.number, "To": "+447700909999", "Body": words, "NumMedia": "0"}
        headers = {HEADER: sign(PLAN["token"], f"{PLAN['address']}/sms", fields)}
        began = time.perf_counter()
        with self.client.post("/sms", data=fields, headers=headers, catch_response=True, timeout=15) as got:
            took = time.perf_counter() - began
            got.success()
            answered = got.status_code == 200 and len(list(ElementTree.fromstring(got.content).iter("Message"))) > 0
            note("sms", got.status_code, took, "answered" if answered else "unanswered")
        self.said += 1
        if self.said == 5:
            self.begin()


class Stages(LoadTestShape):
    """So many people for so long, one stage after another."""

    def tick(self) -> tuple[int, float] | None:
        run = self.get_run_time()
        for stage in PLAN["stages"]:
            if run < stage["until"]:
                return stage["people"], 50.0
        return None


@events.quitting.add_listener
def _write(**_given: object) -> None:
    Path(PLAN["result"]).write_text(json.dumps(seen))
