"""All other machines of the world, played by one server on this one, so that a browser can truly leave and nothing does."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# The empty icon keeps the browser from asking for one.
PAGE = b"<!DOCTYPE html><html lang=en><link rel=icon href=data:,><title>Somewhere else</title><p>Sunny"


class Quiet(ThreadingHTTPServer):
    """Says nothing when a browser, on its own account, calls home and does not trust who answers, or hangs up."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Outside:
    """Answers every address with a plain page, over TLS, and remembers which were asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Anything(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(f"https://{self.headers.get('Host', '')}{self.path}")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """A test's output holds no addresses."""

        self._server = Quiet(("127.0.0.1", 0), Anything)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(a_certificate(folder))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def rules(self) -> str:
        """The argument that sends a Chromium here for every name but this machine's own."""
        return f"--host-resolver-rules=MAP * 127.0.0.1:{self._server.server_port}, EXCLUDE 127.0.0.1"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def a_certificate(folder: Path) -> Path:
    """A certificate and its key in one file, signed by itself, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "outside")])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "outside.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file
