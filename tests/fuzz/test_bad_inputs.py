"""Bad input at every door: no fault, no hang, no word in a log. `make fuzz` sends a hundred thousand; these are fewer."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings

from tests.builders import ROOT
from tests.fuzz.inputs import MARK, inputs
from tests.fuzz.wire import put
from tests.stack import another_caller
from tests.web.gunicorn_server import Gunicorn
from web.serving import REQUEST_SECONDS

INPUTS, ON_THE_WIRE, RUNS = 1500, 400, 8000
API = schemathesis.openapi.from_path(str(ROOT / "web" / "public" / "openapi.yml"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    with Gunicorn(tmp_path_factory.mktemp("web")) as running:
        yield running


def test_bad_inputs_at_every_door_give_no_fault_and_leave_no_word_in_a_log(tmp_path: Path):
    log, result = tmp_path / "log", tmp_path / "result"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.fuzz.doors", str(INPUTS), "11", str(result)]
        subprocess.run(command, cwd=ROOT, stdout=output, stderr=output, check=True, timeout=400)
    seen = json.loads(result.read_text())
    assert seen["faults"] == []
    assert sum(seen["statuses"].values()) == INPUTS
    assert seen["slowest"]["seconds"] < 10
    # Answers, refusals and redirects all came: the inputs reached what they were made for.
    assert {"200", "303", "400", "403", "404", "413", "415", "422"} <= set(seen["statuses"])
    printed = log.read_text(errors="replace")
    assert "turn" in printed
    assert MARK not in printed


def test_nearly_every_input_carries_the_word_that_is_looked_for():
    made = list(inputs(500, 3))
    carrying = [sent for sent in made if MARK in str(sent.body) + str(sent.fields) + sent.path + str(sent.headers) + sent.kind]
    assert len(carrying) > 400


def test_broken_requests_on_the_wire_are_refused_and_not_written_down(server: Gunicorn):
    seen = put(server.port, ON_THE_WIRE, 5)
    assert "hung" not in seen
    assert not [status for status in seen if status.startswith("5")]
    assert server.lives()
    assert MARK not in server.printed()


@API.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_does_what_its_document_says(case: schemathesis.Case, server: Gunicorn):
    answered = case.call(base_url=server.address, headers=another_caller())
    # It knows of no 413 for a text that is too long, which is what the document says.
    excluded = [schemathesis.checks.negative_data_rejection] if answered.status_code == 413 else []
    case.validate_response(answered, excluded_checks=excluded)


@pytest.mark.parametrize("name", ["reader", "cut", "signature", "yaml"])
def test_a_parser_takes_any_bytes_at_all(name: str):
    command = [sys.executable, "-m", "tests.fuzz.parsers", name, str(RUNS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300, check=False)
    # The input that broke it would be in what it prints: made by a machine, nobody's words.
    assert ended.returncode == 0, ended.stderr.decode(errors="replace")[-1500:]
    assert f"Done {RUNS} runs" in ended.stderr.decode(errors="replace")


def test_ten_megabytes_are_refused_and_cost_nothing(server: Gunicorn):
    body = b'{"text": "' + b"x" * 10_000_000 + b'"}'
    for path, kind in (("/api/v1/messages", "application/json"), ("/chat", "application/x-www-form-urlencoded"), ("/sms", "text/plain")):
        try:
            answered = requests.post(server.address + path, data=body, headers={"Content-Type": kind, **another_caller()}, timeout=15)
            assert answered.status_code in (303, 400, 403, 413)
        except requests.ConnectionError:
            # It closed the door while we were still talking.
            pass
        assert server.lives()


def test_ten_megabytes_in_chunks_are_refused_too(server: Gunicorn):
    def chunks() -> Iterator[bytes]:
        for _ in range(160):
            yield b"x" * 65536

    try:
        answered = requests.post(
            f"{server.address}/api/v1/messages", data=chunks(), headers={"Content-Type": "application/json", **another_caller()}, timeout=15
        )
        assert answered.status_code in (400, 413)
    except requests.ConnectionError:
        pass
    assert server.lives()


@pytest.mark.parametrize(
    "slow", [b"GET /chat HTTP/1.1\r\nHost: x\r\nX-a: ", b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"]
)
def test_clients_that_never_finish_a_request_do_not_keep_the_others_out(server: Gunicorn, slow: bytes):
    # As many as there are threads, each sending a byte now and then.
    wires = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(8)]
    try:
        for wire in wires:
            wire.sendall(slow)
        began = time.monotonic()
        while not server.lives(1.0):
            for wire in wires:
                try:
                    wire.sendall(b"a")
                except OSError:
                    continue
            assert time.monotonic() - began < REQUEST_SECONDS + 5
        assert time.monotonic() - began < REQUEST_SECONDS + 3
    finally:
        for wire in wires:
            wire.close()
