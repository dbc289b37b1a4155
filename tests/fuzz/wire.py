"""Bad requests as bytes on a socket, to a real server: broken lines, headers, lengths and chunks around bad inputs."""

from __future__ import annotations

import random
import re
import socket
from collections import Counter
from urllib.parse import urlencode

from tests.fuzz.inputs import MARK, inputs

PATIENCE_SECONDS = 15.0


def _request(chance: random.Random, sent_seed: int) -> bytes:
    (sent,) = inputs(1, sent_seed)
    body = sent.body or urlencode(sent.fields).encode()
    address = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
    lines = [
        f"{sent.method} {sent.path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"X-Forwarded-For: {address}",
        f"Content-Type: {sent.kind}",
        f"Content-Length: {len(body)}",
        f"X-Marked: {MARK}",
        "Connection: close",
    ]
    way = chance.randrange(8)
    if way == 0:
        lines[4] = chance.choice(
            ("Content-Length: -1", "Content-Length: 9" + "9" * 20, "Content-Length: x", "Content-Length: 5\r\nContent-Length: 6")
        )
    elif way == 1:
        lines[4], body = (
            "Transfer-Encoding: chunked",
            chance.choice((b"zz\r\nx\r\n0\r\n\r\n", b"5\r\nab\r\n0\r\n\r\n", b"3\r\n{}}\r\n0\r\n\r\n")),
        )
    elif way == 2:
        lines[0] = chance.choice(("GET", f"GET {MARK}", "GET / HTTP/9.9", "\x00\x01\x02", "GET / HTTP/1.1 HTTP/1.1", "get / HTTP/1.1"))
    elif way == 3:
        lines += [f"X-{number}: {MARK}" for number in range(chance.choice((70, 400)))]
    elif way == 4:
        lines.append(chance.choice((f"Cookie: {MARK * 900}", f"{MARK}", f" {MARK}: folded", f"Bad Name: {MARK}", "X-Null: a\x00b")))
    elif way == 5:
        lines[1] = chance.choice((f"Host: {MARK}.example", "Host: ", "Host: a\r\nHost: b", "Host: [::1"))
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")
    return head + body if way != 6 else (head + body)[: chance.randrange(1, len(head))]


def put(port: int, count: int, seed: int) -> Counter[str]:
    """Send so many; the statuses that came back, `closed` where the server closed without one, `hung` where it said nothing."""
    chance, seen = random.Random(seed), Counter[str]()
    for number in range(count):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as wire:
            try:
                wire.sendall(_request(chance, seed * 1_000_000 + number))
                wire.shutdown(socket.SHUT_WR)
                answered = wire.recv(64)
            except TimeoutError:
                seen["hung"] += 1
                continue
            except OSError:
                answered = b""
        status = re.match(rb"HTTP/1\.[01] (\d{3})", answered)
        seen[status.group(1).decode() if status else "closed"] += 1
    return seen
