"""A token server of the kind that registries name as their realm, and the registry's configuration for it.

It signs what a registry checks: a JSON Web Token (RFC 7519) with the certificate of the key in ``x5c``.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from plugins.obelisk_oci.tests.registry import PASSWORD, USER
from plugins.obelisk_oci.tests.serving import Handler, Server

SERVICE, ISSUER = "test-registry", "test-issuer"
IDENTITY_TOKEN = "an-identity-token"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass
class Asked:
    """A request for a token."""

    method: str
    scope: str
    authorization: str | None


@dataclass
class TokenServer:
    """What the server knows.

    ``anonymous`` lets everybody pull, ``life`` is how many seconds a token lasts, and who asks is sent on to ``moved_to``.
    """

    anonymous: bool = False
    moved_to: str | None = None
    life: int = 300
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        ca = trustme.CA(key_type=trustme.KeyType.RSA)
        leaf = ca.issue_cert("tokens.test", key_type=trustme.KeyType.RSA)
        key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._chain = [x509.load_pem_x509_certificate(pem.bytes()) for pem in leaf.cert_chain_pems]
        self._ca = ca

    def auth(self, realm: str, directory: Path) -> dict[str, Any]:
        """Return the registry's configuration."""
        bundle = directory / "token-roots.pem"
        self._ca.cert_pem.write_to_path(str(bundle))
        return {"token": {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": str(bundle)}}

    def token(self, scope: str, user: str) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": user, "aud": SERVICE, "exp": now + self.life, "nbf": now - 5, "iat": now, "jti": "1",
            "access": [_access(part) for part in scope.split()],
        }  # fmt: skip
        chain = [base64.b64encode(cert.public_bytes(serialization.Encoding.DER)).decode() for cert in self._chain]
        signed = f"{_part({'typ': 'JWT', 'alg': 'RS256', 'x5c': chain})}.{_part(claims)}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_plain(signature)}"


class _Handler(Handler):
    tokens: TokenServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        scope, authorization = query.get("scope", [""])[0], self.headers.get("Authorization")
        self.tokens.asked.append(Asked("GET", scope, authorization))
        if self.tokens.moved_to is not None:
            self.reply(307, b"", {"Location": self.tokens.moved_to})
        elif authorization == BASIC:
            self.grant(scope, USER)
        elif authorization is None and self.tokens.anonymous and scope.endswith(":pull"):
            self.grant(scope, "")
        else:
            self.reply(401, b"{}")

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.tokens.asked.append(Asked("POST", form["scope"][0], self.headers.get("Authorization")))
        if form["grant_type"] == ["refresh_token"] and form["refresh_token"] == [IDENTITY_TOKEN]:
            self.grant(form["scope"][0], USER)
        else:
            self.reply(401, b"{}")

    def grant(self, scope: str, user: str) -> None:
        answer = {"access_token": self.tokens.token(scope, user), "expires_in": self.tokens.life}
        self.reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def token_server(tokens: TokenServer) -> Server:
    """Return a server that is not started yet."""
    return Server(("127.0.0.1", 0), type("_Bound", (_Handler,), {"tokens": tokens}))


def _access(scope: str) -> dict[str, Any]:
    kind, name, actions = scope.split(":")
    return {"type": kind, "name": name, "actions": actions.split(",")}


def _part(value: Any) -> str:
    return _plain(json.dumps(value).encode())


def _plain(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
