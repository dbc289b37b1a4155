"""Twilio's Messages API as a local server: keeps what it was sent, answers what a test tells it to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Stub:
    """`answers` are given in turn, `(status, code)`; when they are used up, messages are taken."""

    address: str = ""
    answers: list[tuple[int, int]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def twilio_stub(*answers: tuple[int, int]) -> Iterator[Stub]:
    """A running stub; `with twilio_stub((400, 21610)) as stub` refuses the first message with 21610."""
    stub = Stub(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            user, _, password = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
            fields = parse_qs(body, keep_blank_values=True)
            sent = {"path": self.path, "type": self.headers["Content-Type"], "auth": (user, password), "fields": fields}
            stub.requests.append(sent)
            status, code = stub.answers.pop(0) if stub.answers else (201, 0)
            if status == 201:
                told = {"sid": "SM" + "1" * 32, "status": "queued", "to": fields["To"][0], "error_code": None}
            else:
                told = {"code": code, "status": status, "message": f"The 'To' number {fields['To'][0]} cannot be used."}
            answer = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.address = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
