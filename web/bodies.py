"""Takes the whole body of a request before the app sees it: one that is malformed or never comes is the sender's fault."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
REFUSED = b"The request is malformed. In an emergency call 999."


class WholeBodies:
    """WSGI around the app. A body over `most` bytes is left unread: the app refuses it by its length."""

    def __init__(self, app: Wsgi, most: int) -> None:
        self._app = app
        self._most = most

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """One request; 400 where its body cannot be read."""
        chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        length = environ.get("CONTENT_LENGTH") or "0"
        if not chunked and (not length.isdecimal() or int(length) > self._most):
            return self._app(environ, start_response)
        try:
            body = environ["wsgi.input"].read(self._most + 1 if chunked else int(length))
        except Exception:  # noqa: BLE001  whatever breaks while bytes come in, they came from outside
            start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")])
            return [REFUSED]
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return self._app(environ, start_response)
