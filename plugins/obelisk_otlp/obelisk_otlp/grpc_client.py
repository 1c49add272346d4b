"""OTLP over gRPC: one try of one request. Whoever calls decides about further ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from obelisk_otlp.outcome import HEADERS, NOT_TAKEN, PORTS, START, TLS, Failed, Outcome, from_response, one_line
from obelisk_otlp.plan import Target
from obelisk_otlp.services import SERVICES

DETAILS: Final = "grpc-status-details-bin"
ALL_ADDRESSES: Final = "failed to connect to all addresses; last error: UNKNOWN: "
PASSING: Final = frozenset(
    {
        StatusCode.CANCELLED,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.ABORTED,
        StatusCode.OUT_OF_RANGE,
        StatusCode.UNAVAILABLE,
        StatusCode.DATA_LOSS,
    }
)
"""What may succeed later (https://opentelemetry.io/docs/specs/otlp/#failures); so may
``RESOURCE_EXHAUSTED`` that says when."""
_HINTS: Final = (
    (("http1", "http/1", "trying to connect", "http2 frame", "settings frame"), PORTS),
    (("unimplemented",), f"{NOT_TAKEN}; else {PORTS}"),
    (("ssl", "tls", "certificate", "handshake"), TLS),
    (("unauthenticated", "permission_denied"), HEADERS),
    (("refused", "resolution", "unreachable", "resolve"), START),
)


class GrpcClient:
    """A channel to a collector; it connects when it is first used, and again after each loss."""

    def __init__(self, target: Target) -> None:
        service = SERVICES[target.kind]
        compression = grpc.Compression.Gzip if target.is_compressed else grpc.Compression.NoCompression
        options = [
            ("grpc.primary_user_agent", "obelisk-otlp"),
            ("grpc.initial_reconnect_backoff_ms", 500),
            ("grpc.max_reconnect_backoff_ms", 10_000),
        ]
        channel = (
            grpc.secure_channel(target.address, _credentials(target), options, compression)
            if target.is_secure
            else grpc.insecure_channel(target.address, options, compression)
        )
        # Without a serializer the bytes of a request are sent as they are.
        self._call = channel.unary_unary(service.method, None, service.response.FromString)
        self._headers = target.headers

    def send(self, body: bytes, timeout: float) -> Outcome:
        """Try once."""
        try:
            return from_response(self._call(body, timeout=timeout, metadata=self._headers))
        except grpc.RpcError as error:
            return _failed(error, timeout)


def _credentials(target: Target) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        root_certificates=_content(target.certificate),
        private_key=_content(target.client_key),
        certificate_chain=_content(target.client_certificate),
    )


def _content(path: str | None) -> bytes | None:
    return None if path is None else Path(path).read_bytes()


def _failed(error: Any, timeout: float) -> Failed:
    code, details = error.code(), one_line((error.details() or "").removeprefix(ALL_ADDRESSES))
    wait = _wait(error)
    if code is StatusCode.DEADLINE_EXCEEDED:
        return Failed(f"no answer within {timeout:.3g} s", PORTS, is_passing=True)
    return Failed(
        f"{code.name}: {details}" if details else code.name,
        _hint(f"{code.name} {details}".lower()),
        is_passing=code in PASSING or (code is StatusCode.RESOURCE_EXHAUSTED and wait is not None),
        wait=wait,
    )


def _hint(text: str) -> str:
    return next((hint for words, hint in _HINTS if any(word in text for word in words)), "")


def _wait(error: Any) -> float | None:
    """Return how long the collector wants us to wait, from the details of its status."""
    content = {entry.key: entry.value for entry in error.trailing_metadata() or ()}.get(DETAILS)
    if not isinstance(content, bytes):
        return None
    try:
        status = Status.FromString(content)
        for detail in status.details:
            info = RetryInfo()
            if detail.Unpack(info):
                return max(float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9), 0.0)
    except DecodeError:
        pass  # what nobody can read says nothing
    return None
