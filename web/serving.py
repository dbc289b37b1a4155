"""What gunicorn needs to face people: patience with an end, and a log that names nobody."""

from __future__ import annotations

import socket
import sys
import time
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn, ThreadWorker

# A request, all of it, is here within this or its connection is closed. The largest is 64 KB.
REQUEST_SECONDS = 8.0


class PatientSocket(socket.socket):
    """A socket that waits for a whole request, not for each byte of it."""

    _until = 0.0
    # How long the request waited for a thread, in seconds: the app sends people away early rather than late.
    waited = 0.0

    @classmethod
    def of(cls, plain: socket.socket) -> PatientSocket:
        """The same connection; the plain socket must not be used any more."""
        return cls(plain.family, plain.type, plain.proto, fileno=plain.detach())

    def request_begins(self) -> None:
        """From now on the time of one request runs."""
        self._until = time.monotonic() + REQUEST_SECONDS

    def recv(self, *given: Any) -> bytes:
        """Some bytes.

        Raises:
            ConnectionResetError: the time of this request is over.
        """
        left = self._until - time.monotonic()
        try:
            if left > 0:
                self.settimeout(left)
                return super().recv(*given)
        except TimeoutError:
            pass
        finally:
            # A client that does not take its answer does not hold a thread for ever either.
            self.settimeout(REQUEST_SECONDS)
        raise ConnectionResetError(104, "The request did not come in time.")


class PatientWorker(ThreadWorker):
    """Threads, each of which a slow client can hold for `REQUEST_SECONDS` and no longer."""

    def enqueue_req(self, conn: TConn) -> None:
        """A request stands in line for a thread from now on."""
        conn.queued_at = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> Any:
        """One request."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket.of(conn.sock)
        conn.sock.request_begins()
        conn.sock.waited = time.monotonic() - conn.queued_at
        return super().handle(conn)


class QuietLogger(Logger):
    """Gunicorn's log without what it says of requests: addresses, paths and malformed lines."""

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """A warning of the server itself; what is wrong with a request is answered and not written down."""
        if not msg.startswith("Invalid request"):
            super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """The kind of a fault, without its words and where they came from."""
        kind = sys.exc_info()[0]
        super().error("A fault outside the app: %s", kind.__name__ if kind else "unknown")
