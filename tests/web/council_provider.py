"""A council's OpenID Connect provider on a loopback port: a real server, real keys, and faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "the-desk", "a-client-secret-for-tests"


@dataclass
class Asked:
    """One visit of a browser to the provider, until its code is used."""

    nonce: str
    challenge: str
    back: str


@dataclass
class Provider:
    """Vouches for whoever `claims` says. `fault` names what it does wrong."""

    claims: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    asked: dict[str, Asked] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    other_key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))

    def __post_init__(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path)
                if path.path == "/.well-known/openid-configuration":
                    self._json(provider.configuration())
                elif path.path == "/keys":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                elif path.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize({key: value[0] for key, value in parse_qs(path.query).items()}))
                    self.end_headers()

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._json(*provider.token({key: value[0] for key, value in form.items()}, self.headers.get("Authorization", "")))

            def _json(self, value: dict[str, Any], status: int = 200) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """A test's output holds no addresses."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": "https://someone-else.example" if self.fault == "another issuer" else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """The person gave their password: back to the desk with a code."""
        self.seen.append(query)
        code = secrets.token_urlsafe(12)
        self.asked[code] = Asked(query["nonce"], query["code_challenge"], query["redirect_uri"])
        state = "forged" if self.fault == "another state" else query["state"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': state})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[dict[str, Any], int]:
        """A code for a token, once, for who knows the client's secret and the verifier."""
        asked = self.asked.pop(form.get("code", ""), None)
        verifier = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        known = base64.b64decode(authorization.removeprefix("Basic ") or b"").decode() == f"{CLIENT}:{SECRET}"
        if asked is None or verifier != asked.challenge or form["redirect_uri"] != asked.back or not known:
            return {"error": "invalid_grant"}, 400
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "someone-else" if self.fault == "another audience" else CLIENT,
            "sub": "u-1",
            "iat": now,
            "exp": now - 4000 if self.fault == "too old" else now + 300,
            "nonce": "forged" if self.fault == "another nonce" else asked.nonce,
            "auth_time": now - 3600 if self.fault == "no new password" else now,
            **self.claims,
        }
        if self.fault == "no time":
            del claims["auth_time"]
        return {"access_token": "t", "token_type": "Bearer", "id_token": self._signed(claims)}, 200

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.fault == "no signature":
            head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "none"}, claims))
            return f"{head}.{body}."
        key = self.other_key if self.fault == "another key" else self.key
        return jwt.encode({"alg": "RS256", "kid": "first"}, claims, key)
