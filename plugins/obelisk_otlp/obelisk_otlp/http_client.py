"""OTLP over HTTP with protobuf: one try of one request. Whoever calls decides about further ones."""

from __future__ import annotations

import gzip
import math
from typing import Final

import requests
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from obelisk_otlp.outcome import (
    HEADERS,
    NOT_TAKEN,
    PORTS,
    START,
    TLS,
    Accepted,
    Failed,
    Outcome,
    from_response,
    one_line,
)
from obelisk_otlp.plan import Target
from obelisk_otlp.services import SERVICES

TYPE: Final = "application/x-protobuf"
PASSING: Final = frozenset({429, 502, 503, 504})
"""What may succeed later (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes)."""
MAX_ANSWER: Final = 64 * 1024
_HINTS: Final = {
    401: HEADERS,
    403: HEADERS,
    404: f"check the path of `endpoint`, to which `/v1/traces` and so on is appended; {NOT_TAKEN}",
    405: PORTS,
    415: "check `protocol` and `compression`",
}


class HttpClient:
    """A connection to a collector that stays open; it is made again after each loss."""

    def __init__(self, target: Target) -> None:
        self._url = target.address
        self._is_compressed = target.is_compressed
        self._response = SERVICES[target.kind].response
        self._session = requests.Session()
        # Else a password in ~/.netrc would take the place of the header that was configured.
        self._session.trust_env = False
        self._session.proxies = dict(get_environ_proxies(target.address))
        self._session.verify = target.certificate or True
        if target.client_certificate is not None and target.client_key is not None:
            self._session.cert = (target.client_certificate, target.client_key)
        self._session.headers.update({"User-Agent": "obelisk-otlp", **dict(target.headers), "Content-Type": TYPE})
        if target.is_compressed:
            self._session.headers["Content-Encoding"] = "gzip"

    def send(self, body: bytes, timeout: float) -> Outcome:
        """Try once."""
        content = gzip.compress(body, 3) if self._is_compressed else body
        outcome = self._try(content, timeout)
        # A connection that the collector closed while it was not used is found out by using it.
        return self._try(content, timeout) if isinstance(outcome, _HungUp) else outcome

    def _try(self, content: bytes, timeout: float) -> Outcome:
        try:
            with self._session.post(
                self._url, data=content, timeout=timeout, allow_redirects=False, stream=True
            ) as response:
                answer = response.raw.read(MAX_ANSWER, decode_content=True)
                return self._outcome(response, answer)
        except requests.exceptions.Timeout:
            return Failed(f"no answer within {timeout:.3g} s", PORTS, is_passing=True)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            return _failed(error)

    def _outcome(self, response: requests.Response, answer: bytes) -> Outcome:
        if not 200 <= response.status_code < 300:
            return _refused(response, answer)
        if not response.headers.get("content-type", "").startswith(TYPE):
            return Accepted()
        try:
            return from_response(self._response.FromString(answer))
        except DecodeError:
            return Accepted()


def _refused(response: requests.Response, answer: bytes) -> Failed:
    code = response.status_code
    said = _message(response, answer)
    return Failed(
        one_line(f"HTTP {code} {response.reason or ''}{': ' if said else ''}{said}"),
        _HINTS.get(code, ""),
        is_passing=code in PASSING,
        wait=_wait(response.headers.get("retry-after", "")),
    )


def _message(response: requests.Response, answer: bytes) -> str:
    """Return what a collector said to a refusal: a ``Status``, or a plain text."""
    kind = response.headers.get("content-type", "")
    if kind.startswith(TYPE):
        try:
            return str(Status.FromString(answer).message)
        except DecodeError:
            return ""
    return answer[:200].decode("utf-8", "replace") if kind.startswith("text/plain") else ""


def _wait(text: str) -> float | None:
    """Return the seconds of a ``retry-after``; a date is not looked at."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


class _HungUp(Failed, frozen=True):
    """The connection ended without an answer."""


def _failed(error: Exception) -> Failed:
    cause = _innermost(error)
    text = f"{type(error).__name__} {error}".lower()
    if "ssl" in text or "certificate" in text:
        hint = TLS
    elif "badstatusline" in text or "protocol" in text or "remotedisconnected" in text or "reset" in text:
        hint = PORTS
    else:
        hint = START
    kind = _HungUp if hint is PORTS else Failed
    return kind(one_line(cause), hint, is_passing=True)


def _innermost(error: BaseException) -> str:
    """Return the message of what is behind the exceptions that wrap each other."""
    seen = error
    while True:
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((value for value in seen.args if isinstance(value, BaseException)), None)
        if inner is None or inner is seen:
            return str(seen) or type(seen).__name__
        seen = inner
