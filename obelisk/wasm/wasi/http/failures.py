"""What went wrong below HTTP, as the guest is told it."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import Final

from obelisk.wasm.wasi.http.error_codes import AlertReceived, DnsError, ErrorCase, HttpFailedError

_CASES: Final = {
    errno.ECONNREFUSED: ErrorCase.CONNECTION_REFUSED,
    errno.ECONNRESET: ErrorCase.CONNECTION_TERMINATED,
    errno.ECONNABORTED: ErrorCase.CONNECTION_TERMINATED,
    errno.EPIPE: ErrorCase.CONNECTION_TERMINATED,
    errno.ETIMEDOUT: ErrorCase.CONNECTION_TIMEOUT,
    errno.ENETUNREACH: ErrorCase.DESTINATION_IP_UNROUTABLE,
    errno.EHOSTUNREACH: ErrorCase.DESTINATION_IP_UNROUTABLE,
    errno.EADDRNOTAVAIL: ErrorCase.DESTINATION_IP_UNROUTABLE,
    errno.EMFILE: ErrorCase.CONNECTION_LIMIT_REACHED,
    errno.ENFILE: ErrorCase.CONNECTION_LIMIT_REACHED,
}
NO_SUCH_NAME: Final = "NXDOMAIN"
NAME_SERVER_FAILED: Final = "SERVFAIL"
_ALERT: Final = "ALERT"


def connection_failure(error: OSError, *, default: ErrorCase) -> HttpFailedError:
    """Return what a failed operation of a connection means; ``default`` when it is none of the usual ones."""
    if isinstance(error, ssl.SSLError):
        return tls_failure(error)
    if isinstance(error, ConnectionError):
        default = ErrorCase.CONNECTION_TERMINATED  # asyncio raises some without a number
    return HttpFailedError(str(error) or type(error).__name__, _CASES.get(error.errno or 0, default))


def tls_failure(error: ssl.SSLError) -> HttpFailedError:
    """Return what a failed handshake or record means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the server's certificate is not valid: {error.verify_message}"
        return HttpFailedError(message, ErrorCase.TLS_CERTIFICATE_ERROR)
    reason = error.reason or str(error)
    if _ALERT in reason:
        return HttpFailedError(f"TLS alert: {reason}", ErrorCase.TLS_ALERT_RECEIVED, AlertReceived(None, reason))
    return HttpFailedError(f"TLS: {reason}", ErrorCase.TLS_PROTOCOL_ERROR)


def lookup_failure(host: str, error: OSError | UnicodeError) -> HttpFailedError:
    """Return what a failed look-up of a name means. The resolver tells no more than whether there is such a name."""
    temporary = isinstance(error, socket.gaierror) and error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
    rcode = NAME_SERVER_FAILED if temporary else NO_SUCH_NAME
    return HttpFailedError(f"`{host}` cannot be looked up: {error}", ErrorCase.DNS_ERROR, DnsError(rcode))
