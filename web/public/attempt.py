"""Which request this is. A proxy of our own numbers them, and sends one again when a process died over it."""

from __future__ import annotations

from flask import current_app, request

HEADER = "X-Request-ID"
# nginx writes 32 hexadecimal characters.
LONGEST = 64


def attempt() -> str:
    """The number of this request, the same when it is sent again; empty where no proxy of ours stands in front."""
    if not current_app.extensions["settings"].trusted_proxies:
        return ""
    return request.headers.get(HEADER, "")[:LONGEST]
