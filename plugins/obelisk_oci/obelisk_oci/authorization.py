"""Answering the challenges of a registry: Basic (RFC 7617) and Bearer (RFC 6750, Docker's token specification).

An ``Authorization`` belongs to the registry that asked for it, and to the realm that it named; nobody else ever gets one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
import requests
from msgspec import Struct

from obelisk_oci.challenge import Challenge, parse_challenges
from obelisk_oci.credentials import Credentials
from obelisk_oci.errors import RegistryError
from obelisk_oci.manifest import shown
from obelisk_oci.reference import Reference
from obelisk_oci.tokens import DEFAULT_LIFE, Token, TokenKey, Tokens
from obelisk_oci.wire import check_status, small_body, split_url

CLIENT_ID: Final = "obelisk"
MAX_LIFE: Final = 30 * 24 * 3600

Send = Callable[[str, str, Mapping[str, str], "Mapping[str, str] | None"], requests.Response]
"""Sends method, URL, headers and form to a realm, without an authorization of its own."""


class _Granted(Struct, frozen=True):
    """What a realm answers: a token under either name, and for how many seconds it holds."""

    token: str = ""
    access_token: str = ""
    expires_in: float = DEFAULT_LIFE.total_seconds()

    def __repr__(self) -> str:
        return "_Granted()"


class Authorization:
    """The header that one client shows to one registry."""

    def __init__(
        self,
        reference: Reference,
        *,
        find: Callable[[], Credentials | None],
        tokens: Tokens,
        send: Send,
        now: Callable[[], datetime],
        may_send_plainly: Callable[[str], bool],
    ) -> None:
        self._reference = reference
        self._find = find
        self._tokens = tokens
        self._send = send
        self._now = now
        self._may_send_plainly = may_send_plainly
        self._asked: TokenKey | None = None
        self.header: str | None = None

    def answer(self, response: requests.Response, *, actions: str) -> None:
        """Set ``header`` to what the registry asked for with 401. Raises ``RegistryError`` when that is not possible."""
        challenges = {each.scheme: each for each in parse_challenges(response.headers.get("WWW-Authenticate", ""))}
        small_body(response)
        credentials = self._find()
        if "bearer" in challenges:
            self.header = self._bearer(challenges["bearer"], credentials, actions)
        elif "basic" in challenges:
            self.header = self._basic(credentials)
        else:
            schemes = ", ".join(map(shown, challenges)) or "nothing"
            raise RegistryError(f"the registry asks for {schemes} in `WWW-Authenticate`, expected Basic or Bearer")

    def _basic(self, credentials: Credentials | None) -> str:
        if credentials is None:
            raise RegistryError(_missing(self._reference))
        if not credentials.username:
            raise RegistryError(
                f"the registry asks for a name and a password, and {credentials.origin} has only a token"
            )
        if self.header == credentials.basic:
            raise RegistryError(_refused(credentials))
        return credentials.basic

    def _bearer(self, challenge: Challenge, credentials: Credentials | None, actions: str) -> str:
        if credentials is not None and credentials.registry_token:
            header = f"Bearer {credentials.registry_token}"
            if header == self.header:
                raise RegistryError(_refused(credentials))
            return header
        key = self._key(challenge, credentials, actions)
        if self._asked == key:
            self._tokens.forget(key)  # it was refused just now, perhaps because it expired
        self._asked = key
        token = self._tokens.find(key, self._now())
        if token is None:
            granted = self._granted(key, credentials)
            self._tokens.keep(key, granted)
            token = granted.value
        return f"Bearer {token}"

    def _key(self, challenge: Challenge, credentials: Credentials | None, actions: str) -> TokenKey:
        realm = challenge.params.get("realm", "")
        parts = split_url(realm)
        if not (parts.scheme == "https" or (parts.scheme == "http" and self._may_send_plainly(parts.netloc))):
            raise RegistryError(
                f"the registry names the realm `{shown(realm)}` for tokens, expected an `https://` URL; plain HTTP is for "
                "this machine and for `oci.insecure_registries`"
            )
        scope = challenge.params.get("scope") or f"repository:{self._reference.repository}:{actions}"
        holder = "" if credentials is None else f"{credentials.origin} {credentials.username}"
        return TokenKey(realm, challenge.params.get("service", ""), scope, holder)

    def _granted(self, key: TokenKey, credentials: Credentials | None) -> Token:
        asked = {"service": key.service, "scope": key.scope}
        if credentials is not None and credentials.identity_token:
            form = {
                **asked,
                "grant_type": "refresh_token",
                "client_id": CLIENT_ID,
                "refresh_token": credentials.identity_token,
            }
            response = self._send("POST", key.realm, {}, form)
        else:
            headers = {} if credentials is None else {"Authorization": credentials.basic}
            response = self._send("GET", _with_query(key.realm, asked), headers, None)
        return self._token(response, key.realm, credentials)

    def _token(self, response: requests.Response, realm: str, credentials: Credentials | None) -> Token:
        host = urlsplit(realm).netloc
        if response.status_code in (401, 403):
            small_body(response)
            raise RegistryError(_missing(self._reference) if credentials is None else _refused(credentials))
        if response.is_redirect:
            response.close()
            raise RegistryError(f"`{host}`, which gives tokens, redirects; that is not followed with credentials")
        check_status(response, "token", now=self._now())
        try:
            granted = msgspec.json.decode(small_body(response), type=_Granted)
        except (msgspec.MsgspecError, RecursionError):
            raise RegistryError(f"what `{host}` sends is no token") from None
        value = granted.token or granted.access_token
        if not value or not value.isascii() or not value.isprintable():
            raise RegistryError(f"what `{host}` sends is no token")
        life = min(max(granted.expires_in, 0), MAX_LIFE) or DEFAULT_LIFE.total_seconds()
        return Token(value, self._now() + timedelta(seconds=life))


def _with_query(url: str, params: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query), *((key, value) for key, value in params.items() if value)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _missing(reference: Reference) -> str:
    return (
        f"the registry asks for credentials, and none are known for `{reference.host}`; log in with `docker login` or "
        "`podman login`, or set OBELISK_OCI_REGISTRY, OBELISK_OCI_USERNAME and OBELISK_OCI_PASSWORD"
    )


def _refused(credentials: Credentials) -> str:
    return f"the registry refuses the credentials from {credentials.origin}"
