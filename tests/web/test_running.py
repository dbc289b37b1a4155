"""The web app as it runs: what it counts, and how it stops."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests
from ruamel.yaml import YAML

from tests.builders import ROOT
from tests.stack import another_caller
from tests.web.gunicorn_server import Gunicorn, SlowEngine
from web import metrics

MARK = "zebrafinch"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    with Gunicorn(tmp_path_factory.mktemp("web"), WEB_WORKERS="2") as running:
        yield running


def say(server: Gunicorn, text: str) -> dict:
    answered = requests.post(f"{server.address}/api/v1/messages", json={"text": text}, headers=another_caller(), timeout=10)
    assert answered.status_code == 200
    return answered.json()


def total(found: dict[str, float], name: str, *labels: str) -> float:
    return sum(value for key, value in found.items() if key.startswith(name) and all(label in key for label in labels))


def test_turns_are_counted_over_all_worker_processes(server: Gunicorn):
    before = server.metrics()
    for _ in range(12):
        say(server, "my neighbour plays loud music")
    say(server, f"he is outside my door with a knife {MARK}")
    after = server.metrics()
    assert total(after, "signpost_turns_total") - total(before, "signpost_turns_total") == 13
    assert total(after, "signpost_turns_total", 'risk="now"') - total(before, "signpost_turns_total", 'risk="now"') == 1
    assert total(after, "signpost_turns_total", 'degraded="True"') - total(before, "signpost_turns_total", 'degraded="True"') == 13
    assert total(after, "signpost_turn_seconds_count") - total(before, "signpost_turn_seconds_count") == 13
    assert after['signpost_part_up{part="store"}'] == 1
    assert after['signpost_part_up{part="engine"}'] == 0
    assert after["signpost_queue_depth"] >= 0
    assert after["signpost_stale_facts"] >= 0


def test_what_is_counted_names_nobody(server: Gunicorn):
    token = say(server, f"my number is 07700 900123 {MARK}")["conversation"]
    shown = requests.get(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=10).text
    for marked in (MARK, "900123", token):
        assert marked not in shown
    # Every label has one of few values.
    assert set(re.findall(r"(\w+)=\"", shown)) <= {"channel", "risk", "degraded", "le", "why", "where", "part"}


def test_metrics_are_on_the_private_port_alone(server: Gunicorn):
    assert requests.get(f"{server.address}/metrics", timeout=5).status_code == 404
    (listening,) = {one.laddr.ip for one in psutil.Process(server.process.pid).connections("inet") if one.laddr.port == server.metrics_port}
    assert listening == "127.0.0.1"


def test_every_figure_that_an_alert_asks_for_is_counted():
    rules = YAML(typ="safe").load((ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"signpost_[a-z_]+", rule["expr"])}
    counted = {sample.name for family in (metrics.turns, metrics.turn_seconds, metrics.refused, metrics.faults)
               for described in family.collect() for sample in (*described.samples, described)}  # fmt: skip
    counted |= {f"{name}_total" for name in counted} | {f"{name}_bucket" for name in counted}
    counted |= {"signpost_part_up", "signpost_queue_depth", "signpost_stale_facts"}
    assert asked <= counted
    assert all(rule["annotations"]["summary"] and rule["annotations"]["do"] for rule in rules)


def test_ready_names_what_is_down(server: Gunicorn):
    answered = requests.get(f"{server.address}/readyz", timeout=10)
    assert answered.status_code == 503
    assert answered.json()["ready"] is False
    assert answered.json()["parts"]["store"] == "ok"
    assert answered.json()["parts"]["engine"] == "silent"
    assert set(answered.json()["parts"]) == {"engine", "actions", "store", "queue"}


@pytest.mark.parametrize("path", ["/api/v1/messages", "/console/sign-in"])
def test_a_body_that_is_broken_on_its_way_is_refused_at_both_doors(server: Gunicorn, path: str):
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(head.encode() + b"not-a-length\r\nname=x\r\n")
        answered = b""
        while b"999" not in answered and (more := line.recv(4096)):
            answered += more
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"999" in answered
    assert "fault" not in server.printed()


def test_a_turn_that_is_under_way_is_finished_before_it_stops(tmp_path: Path):
    engine = SlowEngine(seconds=0.8)
    try:
        with Gunicorn(tmp_path, engine.url) as server, ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(say, server, "my neighbour plays loud music") for _ in range(3)]
            began = time.monotonic()
            while engine.asked < 3 and time.monotonic() - began < 10:
                time.sleep(0.02)
            server.process.send_signal(signal.SIGTERM)
            answers = [one.result(20) for one in asked]
            server.process.wait(20)
    finally:
        engine.stop()
    assert [answer["degraded"] for answer in answers] == [False] * 3


def test_a_worker_that_is_killed_is_replaced_and_the_rest_go_on(tmp_path: Path):
    with Gunicorn(tmp_path, WEB_WORKERS="2") as server:
        workers = psutil.Process(server.process.pid).children
        began = time.monotonic()
        while len(workers()) < 2 and time.monotonic() - began < 10:
            time.sleep(0.1)
        workers()[0].kill()
        for _ in range(5):
            assert say(server, "hello")["reply"]
        began = time.monotonic()
        while len(workers()) < 2 and time.monotonic() - began < 10:
            time.sleep(0.1)
        assert len(workers()) == 2


def test_who_would_wait_too_long_is_sent_away_with_the_emergency_line(tmp_path: Path):
    engine = SlowEngine(seconds=1.2)

    def ask(server: Gunicorn) -> requests.Response:
        return requests.post(f"{server.address}/api/v1/messages", json={"text": "hello"}, headers=another_caller(), timeout=20)

    try:
        with Gunicorn(tmp_path, engine.url, WEB_THREADS="2") as server, ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _number: ask(server), range(12)))
            assert {answer.status_code for answer in answers} == {200, 429}
            for answer in answers:
                if answer.status_code == 429:
                    assert int(answer.headers["Retry-After"]) > 0
                    assert "999" in answer.json()["detail"]
            # Everyone else is answered as ever.
            assert ask(server).status_code == 200
            assert total(server.metrics(), "signpost_refused_total", 'why="flood"') > 0
    finally:
        engine.stop()
