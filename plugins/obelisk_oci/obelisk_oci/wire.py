"""Single HTTP requests: trust, silence, sizes, and what their failures mean.

Nothing is followed or repeated here. Messages never hold a URL with its query, which may carry a signature.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import certifi
import msgspec
import requests
import urllib3
from msgspec import Struct
from requests.adapters import HTTPAdapter

from obelisk_oci.errors import RegistryError, TransientError, UnreachableError
from obelisk_oci.manifest import shown
from obelisk_oci.reference import is_loopback
from obelisk_oci.retrying import retry_after

CONNECT_SECONDS: Final = 10.0
CHUNK: Final = 64 * 1024
MAX_ANSWER: Final = 64 * 1024
"""Bytes that are read of an answer which is no content: an error, a token."""
TRANSIENT: Final = (408, 429, 500, 502, 503, 504)
NOT_FOUND: Final = 404
REFUSED: Final = (401, 403)
FAILED: Final = 400
NO_PROXY: Final = {"http": "", "https": ""}
_NETLOC = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


class _Problem(Struct, frozen=True):
    """One error in the answer of a registry."""

    code: str = ""
    message: str = ""


class _Problems(Struct, frozen=True):
    """The body of an answer that is an error."""

    errors: tuple[_Problem, ...] = ()


class _Adapter(HTTPAdapter):
    """Checks certificates with the context that it is given."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        return super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the context alone: the library would load its own authorities into it again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, ``certifi``'s where it has none, and those in ``ca_file``.

    Raises ``RegistryError`` when the file cannot be used.
    """
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # an SSLError is one
            reason = error.strerror or error
            raise RegistryError(f"`oci.ca_file`: cannot read certificates from {ca_file}: {reason}") from error
    return context


def use_context(session: requests.Session, context: ssl.SSLContext) -> None:
    """Let a session check certificates with ``context``, and leave redirects to us.

    The library prepares the next request of a redirect that it is told not to follow, and reads the whole answer for that.
    """
    session.mount("https://", _Adapter(context))
    session.get_redirect_target = _nowhere  # type: ignore[method-assign]


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL that a registry names. Raises ``RegistryError`` when its host is no plain ``host[:port]``.

    Anything else, such as a user before the host, is read as one host by some parsers and as another by others.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RegistryError("the registry names a URL that is none") from None
    if parts.netloc and not _NETLOC.fullmatch(parts.netloc):
        found = shown(parts.netloc.rpartition("@")[2])
        raise RegistryError(f"the registry names a URL with the host `{found}`, expected `host` or `host:port`")
    return parts


def send(
    session: requests.Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    timeout: float,
    data: Any = None,
) -> requests.Response:
    """Send one request and return the answer with its body unread. Redirects are not followed.

    Raises ``TransientError`` for what may pass, and ``RegistryError``.
    """
    host = urlsplit(url).netloc
    try:
        return session.request(
            method, url, data=data, headers={**headers, "Accept-Encoding": "identity"}, stream=True,
            allow_redirects=False, auth=_as_it_is, timeout=(CONNECT_SECONDS, timeout), verify=True,
            proxies=NO_PROXY if is_loopback(host) else None,
        )  # fmt: skip
    except requests.exceptions.SSLError as error:
        raise _tls_error(host, error) from None
    except requests.exceptions.ConnectTimeout:
        raise UnreachableError(f"cannot reach `{host}`: it does not answer") from None
    except requests.exceptions.Timeout:
        raise TransientError(f"`{host}` did not answer in time") from None
    except requests.exceptions.ConnectionError as error:
        raise _connection_error(host, error) from None
    except urllib3.exceptions.LocationParseError:
        raise RegistryError(f"the host `{host}` is not known: no host can have this name") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        # The libraries let some of what names and headers cannot hold through as it is.
        raise RegistryError(f"cannot ask `{host}`: {type(error).__name__}") from None


def chunks(response: requests.Response, limit: int, what: str) -> Iterator[bytes]:
    """Yield the body of an answer as it comes over the wire.

    Raises ``RegistryError`` as soon as there are more than ``limit`` bytes, ``TransientError`` when the connection is cut.
    """
    count = 0
    try:
        while chunk := response.raw.read(CHUNK, decode_content=False):
            count += len(chunk)
            if count > limit:
                raise RegistryError(f"{what} is larger than {limit} bytes")
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TransientError(f"the connection was cut after {count} bytes of {what}: {_innermost(error)}") from None


def small_body(response: requests.Response) -> bytes:
    """Return the body of an answer that is no content, at most ``MAX_ANSWER`` bytes, and close it."""
    try:
        return b"".join(chunks(response, MAX_ANSWER, "the answer"))
    finally:
        response.close()


def check_status(response: requests.Response, what: str, *, now: datetime) -> None:
    """Raise ``RegistryError`` unless the answer is a success; it names ``what`` was asked for, and the registry's reason."""
    status = response.status_code
    if status < FAILED:
        return
    reason = _reason(response)
    if status == NOT_FOUND:
        raise RegistryError(f"the registry has no {what} ({reason})")
    if status in REFUSED:
        raise RegistryError(f"the registry does not allow it ({reason})")
    if status in TRANSIENT:
        after = retry_after(response.headers.get("Retry-After"), now)
        raise TransientError(f"the registry failed with {reason}", after=after)
    raise RegistryError(f"the registry answered {reason} for {what}")


def _reason(response: requests.Response) -> str:
    status = f"{response.status_code} {shown(response.reason or '')}".rstrip()
    try:
        problems = msgspec.json.decode(small_body(response), type=_Problems).errors
    except (msgspec.MsgspecError, RecursionError, RegistryError):
        return status
    texts = [shown(f"{problem.code}: {problem.message}") for problem in problems[:3]]
    return f"{status}, {'; '.join(texts)}" if texts else status


def _nowhere(resp: requests.Response) -> str | None:
    return None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep ``requests`` from adding what it finds in a ``.netrc``, in place of what we decided."""
    return request


def _tls_error(host: str, error: Exception) -> RegistryError:
    cause = _find(error, ssl.SSLCertVerificationError)
    if cause is not None:
        return RegistryError(
            f"the certificate of `{host}` is not trusted: {cause.verify_message}; if it should be, name the certificate of "
            "its authority as `oci.ca_file`"
        )
    return TransientError(f"cannot speak TLS with `{host}`: {_innermost(error)}")


def _connection_error(host: str, error: Exception) -> RegistryError:
    lookup = _find(error, socket.gaierror)
    if lookup is not None and lookup.errno != socket.EAI_AGAIN:
        return RegistryError(f"the host `{host}` is not known: {lookup.strerror}")
    kind = UnreachableError if lookup is not None or _find(error, ConnectionRefusedError) else TransientError
    return kind(f"cannot reach `{host}`: {_innermost(error)}")


def _find(error: BaseException, kind: type[Any]) -> Any:
    return next((each for each in _causes(error) if isinstance(each, kind)), None)


def _innermost(error: BaseException) -> str:
    """Return the text of what went wrong at the bottom, which holds no URL."""
    last = list(_causes(error))[-1]
    text = (last.strerror if isinstance(last, OSError) else None) or type(last).__name__
    return shown(str(text))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what lies below: ``requests`` and urllib3 pack causes into arguments and attributes."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        yield found
        seen.append(found)
        packed = [getattr(found, "reason", None), *found.args, found.__cause__, found.__context__]
        found = next((each for each in packed if isinstance(each, BaseException) and each not in seen), None)
