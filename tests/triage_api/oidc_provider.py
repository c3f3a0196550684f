"""A real OpenID Connect provider on 127.0.0.1: it signs, checks client, redirect URI and PKCE, and takes a code once.

What it gets wrong on request is named in `Provider.wrong`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "sahut", "rahasia-klien"


@dataclass
class Provider:
    """``person`` is who signs in there, as claims; ``wrong`` overrides claims of tokens, or says what fails."""

    now: Any
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    more_keys: list[Any] = field(default_factory=list)
    refuses: str = ""
    down: bool = False

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on, and publish that one alone."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})

    def token(self, code: dict[str, str], access: str) -> str:
        now = int(self.now().timestamp())
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": code["nonce"],
            "at_hash": urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self.person,
            **{name: value for name, value in self.wrong.items() if not name.startswith("_")},
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        alg = self.wrong.get("_alg", "RS256")
        if alg == "none":
            parts = [{"alg": "none", "typ": "JWT"}, claims]
            return ".".join(_b64(json.dumps(one).encode()) for one in parts) + "."
        if alg == "HS256":  # signed with what everybody may read: the public key
            public = self.key.as_pem(private=False)
            signed = ".".join(_b64(json.dumps(one).encode()) for one in ({"alg": alg, "kid": self.key.kid}, claims))
            return f"{signed}.{_b64(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"
        key: Any = self.key
        if self.wrong.get("_key") == "another":
            key = RSAKey.generate_key(2048, {"kid": self.key.kid})
        if self.wrong.get("_key") == "unknown":
            key = ECKey.generate_key("P-256", {"kid": "nobody-knows"})
            alg = "ES256"
        return jwt.encode({"alg": alg, "kid": key.kid}, claims, key)


def _b64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    owner: Provider

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.owner.asked.append(parts.path)
        if self.owner.down:
            self._json(503, {"error": "down"})
        elif parts.path == "/.well-known/openid-configuration":
            base = self.owner.issuer
            about = {
                "issuer": base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "jwks_uri": f"{base}/keys",
                "userinfo_endpoint": f"{base}/me",
                "response_types_supported": ["code"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
            self._json(200, {**about, **self.owner.metadata})
        elif parts.path == "/keys":
            self._json(200, {"keys": [*self.owner.more_keys, self.owner.key.as_dict(private=False)]})
        elif parts.path == "/me":
            self._json(200, self.owner.wrong.get("_me", self.owner.person))
        elif parts.path == "/authorize":
            self._authorize(query)
        else:
            self._json(404, {})

    def _authorize(self, query: dict[str, str]) -> None:
        owner = self.owner
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        back = {"state": query["state"], "iss": owner.issuer}
        if owner.refuses:
            back["error"] = owner.refuses
        else:
            back["code"] = secrets.token_urlsafe(16)
            owner.codes[back["code"]] = query
        self.send_response(302)
        self.send_header("Location", f"{query['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        said = b64decode(self.headers.get("authorization", "Basic ").split(" ")[1]).decode()
        code = self.owner.codes.pop(form.get("code", ""), None)
        made = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        self.owner.asked.append("/token")
        if self.owner.wrong.get("_token") == "drops":
            self.connection.close()
        elif said != f"{CLIENT}:{SECRET}":
            self._json(401, {"error": "invalid_client"})
        elif (
            code is None
            or form.get("redirect_uri") != code["redirect_uri"]
            or urlsafe_b64encode(made).rstrip(b"=").decode() != code["code_challenge"]
        ):
            self._json(400, {"error": "invalid_grant"})
        else:
            access = secrets.token_urlsafe(16)
            token = self.owner.token(code, access)
            self._json(200, {"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": token})

    def _json(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(now: Any) -> Iterator[Provider]:
    """One that answers; its clock is the app's."""
    owner = Provider(now)
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": owner}))
    http.daemon_threads = True
    owner.issuer = f"http://127.0.0.1:{http.server_address[1]}"
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield owner
    finally:
        http.shutdown()
        http.server_close()
        time.sleep(0)
