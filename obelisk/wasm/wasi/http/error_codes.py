"""The type ``error-code`` of ``wasi:http``, and the exception that carries one.

Most cases are the error types of RFC 9209 (Proxy-Status), section 2.3, and mean what is said there.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from obelisk.wasm.wasi.streams import StreamFailedError


class ErrorCase(Enum):
    """The cases, with the names that they have in lifted values."""

    DNS_TIMEOUT = "DNS_timeout"
    DNS_ERROR = "DNS_error"
    DESTINATION_NOT_FOUND = "destination_not_found"
    DESTINATION_UNAVAILABLE = "destination_unavailable"
    DESTINATION_IP_PROHIBITED = "destination_IP_prohibited"
    DESTINATION_IP_UNROUTABLE = "destination_IP_unroutable"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_TERMINATED = "connection_terminated"
    CONNECTION_TIMEOUT = "connection_timeout"
    CONNECTION_READ_TIMEOUT = "connection_read_timeout"
    CONNECTION_WRITE_TIMEOUT = "connection_write_timeout"
    CONNECTION_LIMIT_REACHED = "connection_limit_reached"
    TLS_PROTOCOL_ERROR = "TLS_protocol_error"
    TLS_CERTIFICATE_ERROR = "TLS_certificate_error"
    TLS_ALERT_RECEIVED = "TLS_alert_received"
    HTTP_REQUEST_DENIED = "HTTP_request_denied"
    HTTP_REQUEST_LENGTH_REQUIRED = "HTTP_request_length_required"
    HTTP_REQUEST_BODY_SIZE = "HTTP_request_body_size"
    HTTP_REQUEST_METHOD_INVALID = "HTTP_request_method_invalid"
    HTTP_REQUEST_URI_INVALID = "HTTP_request_URI_invalid"
    HTTP_REQUEST_URI_TOO_LONG = "HTTP_request_URI_too_long"
    HTTP_REQUEST_HEADER_SECTION_SIZE = "HTTP_request_header_section_size"
    HTTP_REQUEST_HEADER_SIZE = "HTTP_request_header_size"
    HTTP_REQUEST_TRAILER_SECTION_SIZE = "HTTP_request_trailer_section_size"
    HTTP_REQUEST_TRAILER_SIZE = "HTTP_request_trailer_size"
    HTTP_RESPONSE_INCOMPLETE = "HTTP_response_incomplete"
    HTTP_RESPONSE_HEADER_SECTION_SIZE = "HTTP_response_header_section_size"
    HTTP_RESPONSE_HEADER_SIZE = "HTTP_response_header_size"
    HTTP_RESPONSE_BODY_SIZE = "HTTP_response_body_size"
    HTTP_RESPONSE_TRAILER_SECTION_SIZE = "HTTP_response_trailer_section_size"
    HTTP_RESPONSE_TRAILER_SIZE = "HTTP_response_trailer_size"
    HTTP_RESPONSE_TRANSFER_CODING = "HTTP_response_transfer_coding"
    HTTP_RESPONSE_CONTENT_CODING = "HTTP_response_content_coding"
    HTTP_RESPONSE_TIMEOUT = "HTTP_response_timeout"
    HTTP_UPGRADE_FAILED = "HTTP_upgrade_failed"
    HTTP_PROTOCOL_ERROR = "HTTP_protocol_error"
    LOOP_DETECTED = "loop_detected"
    CONFIGURATION_ERROR = "configuration_error"
    INTERNAL_ERROR = "internal_error"


class DnsError(Struct, frozen=True):
    """``DNS-error-payload``: the name of the DNS response code, and an extended code (RFC 8914)."""

    rcode: str | None = None
    info_code: int | None = None


class AlertReceived(Struct, frozen=True):
    """``TLS-alert-received-payload``."""

    alert_id: int | None = None
    alert_message: str | None = None


class FieldSize(Struct, frozen=True):
    """``field-size-payload``: which field, and its size in bytes."""

    field_name: str | None = None
    field_size: int | None = None


Payload = DnsError | AlertReceived | FieldSize | int | str | None

WITH_PAYLOAD: Final = frozenset(
    {
        ErrorCase.DNS_ERROR,
        ErrorCase.TLS_ALERT_RECEIVED,
        ErrorCase.HTTP_REQUEST_BODY_SIZE,
        ErrorCase.HTTP_REQUEST_HEADER_SECTION_SIZE,
        ErrorCase.HTTP_REQUEST_HEADER_SIZE,
        ErrorCase.HTTP_REQUEST_TRAILER_SECTION_SIZE,
        ErrorCase.HTTP_REQUEST_TRAILER_SIZE,
        ErrorCase.HTTP_RESPONSE_HEADER_SECTION_SIZE,
        ErrorCase.HTTP_RESPONSE_HEADER_SIZE,
        ErrorCase.HTTP_RESPONSE_BODY_SIZE,
        ErrorCase.HTTP_RESPONSE_TRAILER_SECTION_SIZE,
        ErrorCase.HTTP_RESPONSE_TRAILER_SIZE,
        ErrorCase.HTTP_RESPONSE_TRANSFER_CODING,
        ErrorCase.HTTP_RESPONSE_CONTENT_CODING,
        ErrorCase.INTERNAL_ERROR,
    }
)


class ErrorCode(Struct, frozen=True):
    """A value of the type."""

    case: ErrorCase
    payload: Payload = None

    @property
    def lifted(self) -> Any:
        """The value in the form that ``lower`` takes."""
        if self.case not in WITH_PAYLOAD:
            return self.case.value
        return {self.case.value: asdict(self.payload) if isinstance(self.payload, Struct) else self.payload}

    @property
    def name(self) -> str:
        """The case as WIT spells it."""
        return self.case.value.replace("_", "-")


class HttpFailedError(StreamFailedError):
    """A request, a response or one of their bodies failed. The message is for people, ``code`` for the guest."""

    code: ErrorCode

    def __init__(self, message: str, case: ErrorCase, payload: Payload = None) -> None:
        super().__init__(message, code=ErrorCode(case, payload))


def lifted_text(code: Any) -> str:
    """Return a code that a guest gave, in the form that ``lift`` gives it, for people: ``internal-error: ...``."""
    if isinstance(code, str):
        return code.replace("_", "-")
    name, payload = next(iter(code.items()))
    parts = payload.values() if isinstance(payload, dict) else (payload,)
    return ": ".join([name.replace("_", "-"), *(str(part) for part in parts if part is not None)])
