"""Checks of signatures.

``github``    ``X-Hub-Signature-256: sha256=HEX``, the HMAC-SHA256 of the body with the secret (GitHub's documentation,
              "Validating webhook deliveries").
``standard``  ``webhook-signature`` holds, separated by spaces, ``v1,BASE64``: the HMAC-SHA256 of ``ID.TIMESTAMP.BODY`` with
              the secret, which is Base64 after ``whsec_`` (Standard Webhooks specification 1.0). The timestamp, in seconds,
              may not be far from now: a request that somebody recorded is of no use later.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta
from typing import Final, Protocol

from obelisk.clock import EPOCH, Clock
from obelisk.errors import ConfigError
from obelisk.interfaces.secrets import Secrets
from obelisk_http_webhook.request import Request
from obelisk_http_webhook.settings import SignatureForm, SignatureSettings

GITHUB_HEADER: Final = b"x-hub-signature-256"
GITHUB_PREFIX: Final = "sha256="
STANDARD_PREFIX: Final = "whsec_"
STANDARD_VERSION: Final = "v1"
MAX_DIGITS: Final = 15


class SignatureCheck(Protocol):
    """Tells whether a request is signed as it has to be."""

    def fits(self, request: Request, body: bytes) -> bool:
        """Compare in constant time; whatever is missing does not fit."""


def open_check(settings: SignatureSettings | None, secrets: Secrets, clock: Clock) -> SignatureCheck | None:
    """Return the check that settings ask for.

    Raises ``ComponentError`` for an unknown secret, ``ConfigError`` for one that cannot be a key.
    """
    if settings is None:
        return None
    secret = secrets.value(settings.secret)
    if settings.form is SignatureForm.GITHUB:
        return _Github(secret.encode())
    return _Standard(_standard_key(settings.secret, secret), settings.tolerance, clock)


def _standard_key(name: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:  # what is signed with an empty key anybody can sign
        raise ConfigError(
            f"the secret `{name}` is no key of Standard Webhooks: expected Base64, perhaps after `{STANDARD_PREFIX}`"
        )
    return key


class _Github:
    """Requests that are signed as those of GitHub."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fits(self, request: Request, body: bytes) -> bool:
        found = request.field(GITHUB_HEADER) or ""
        expected = GITHUB_PREFIX + hmac.new(self._key, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(found.encode(), expected.encode())


class _Standard:
    """Requests that are signed by Standard Webhooks, and were sent within ``tolerance`` of the clock."""

    def __init__(self, key: bytes, tolerance: timedelta, clock: Clock) -> None:
        self._key = key
        self._tolerance = tolerance
        self._clock = clock

    def fits(self, request: Request, body: bytes) -> bool:
        message, sent = request.field(b"webhook-id"), request.field(b"webhook-timestamp")
        found = request.field(b"webhook-signature")
        if not message or not found or sent is None or not self._is_recent(sent):
            return False
        signed = f"{message}.{sent}.".encode("latin-1") + body
        digest = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest())
        expected = f"{STANDARD_VERSION},".encode() + digest
        return any(hmac.compare_digest(each.encode("latin-1"), expected) for each in found.split(" "))

    def _is_recent(self, sent: str) -> bool:
        if not (sent.isascii() and sent.isdigit() and len(sent) <= MAX_DIGITS):
            return False
        now = (self._clock.now() - EPOCH) // timedelta(seconds=1)
        return abs(now - int(sent)) <= self._tolerance.total_seconds()
