"""``incoming-request`` and ``outgoing-request``."""

from __future__ import annotations

import re
from typing import Any, Final

from obelisk.wasm.wasi.calls import Handlers, err, ok
from obelisk.wasm.wasi.http.fields import Entries, Fields, memory_size
from obelisk.wasm.wasi.http.grammar import TOKEN
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.message_bodies import HasIncomingBody, HasOutgoingBody
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.unsent import UnsentBytes

METHODS: Final = ("get", "head", "post", "put", "delete", "connect", "options", "trace", "patch")
SCHEMES: Final = ("HTTP", "HTTPS")
OTHER: Final = "other"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_PATH = re.compile(r"([/?][!-\"$-~]*)?")


class Request:
    """What both kinds have. ``method`` is the name as it is sent; of the rest ``None`` is what nobody gave."""

    def __init__(self, fields: Entries) -> None:
        self.fields = fields
        self.method = "GET"
        self.path_with_query: str | None = None
        self.scheme: str | None = None
        self.authority: str | None = None

    @property
    def weight(self) -> int:
        """How many bytes it takes without its body, roughly; see ``Resources``."""
        texts = (self.method, self.path_with_query, self.scheme, self.authority)
        return memory_size(self.fields) + sum(len(text) for text in texts if text is not None)


class IncomingRequest(Request, HasIncomingBody):
    """The resource: a request that the host received and hands to a guest. ``fields`` come from ``received``."""

    def __init__(
        self, method: str, path_with_query: str | None, *, scheme: str | None, authority: str | None, fields: Entries,
        content: IncomingContent,
    ) -> None:  # fmt: skip
        Request.__init__(self, fields)
        HasIncomingBody.__init__(self, content)
        self.method = method
        self.path_with_query = path_with_query
        self.scheme = scheme
        self.authority = authority


class OutgoingRequest(Request, HasOutgoingBody):
    """The resource: a request that a guest puts together."""

    def __init__(self, fields: Entries, unsent: UnsentBytes) -> None:
        Request.__init__(self, fields)
        HasOutgoingBody.__init__(self, fields, unsent)


def method_name(method: str | dict[str, str]) -> str:
    """Return the name of a lifted ``method`` as it is sent."""
    return method.upper() if isinstance(method, str) else method[OTHER]


def lifted_method(name: str) -> str | dict[str, str]:
    """Return the ``method`` of a name."""
    lower = name.lower()
    return lower if lower in METHODS and name.isupper() else {OTHER: name}


def _scheme_name(scheme: str | dict[str, str]) -> str:
    return scheme.lower() if isinstance(scheme, str) else scheme[OTHER]


def _lifted_scheme(name: str | None) -> str | dict[str, str] | None:
    if name is None:
        return None
    return name.upper() if name.upper() in SCHEMES else {OTHER: name}


def _request(sandbox: Sandbox, number: int) -> Request:
    return sandbox.resources.get(number, Request)


def _new(sandbox: Sandbox, headers: int) -> int:
    return sandbox.resources.add(OutgoingRequest(sandbox.resources.take(headers, Fields).entries, sandbox.unsent))


def _method(sandbox: Sandbox, number: int) -> Any:
    return lifted_method(_request(sandbox, number).method)


def _path_with_query(sandbox: Sandbox, number: int) -> str | None:
    return _request(sandbox, number).path_with_query


def _scheme(sandbox: Sandbox, number: int) -> Any:
    return _lifted_scheme(_request(sandbox, number).scheme)


def _authority(sandbox: Sandbox, number: int) -> str | None:
    return _request(sandbox, number).authority


def _headers(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.add(Fields(_request(sandbox, number).fields, immutable=True))


def _consume(sandbox: Sandbox, number: int) -> dict[str, Any]:
    body = sandbox.resources.get(number, IncomingRequest).consume()
    return err() if body is None else ok(sandbox.resources.add(body))


def _body(sandbox: Sandbox, number: int) -> dict[str, Any]:
    body = sandbox.resources.get(number, OutgoingRequest).body()
    return err() if body is None else ok(sandbox.resources.add(body))


def _set_method(sandbox: Sandbox, number: int, method: Any) -> dict[str, Any]:
    name = method_name(method)
    if not TOKEN.fullmatch(name):
        return err()
    sandbox.resources.get(number, OutgoingRequest).method = name
    sandbox.resources.grow(len(name))
    return ok()


def _set_path_with_query(sandbox: Sandbox, number: int, path: str | None) -> dict[str, Any]:
    if path is not None and not _PATH.fullmatch(path):
        return err()
    sandbox.resources.get(number, OutgoingRequest).path_with_query = path
    sandbox.resources.grow(len(path or ""))
    return ok()


def _set_scheme(sandbox: Sandbox, number: int, scheme: Any) -> dict[str, Any]:
    name = None if scheme is None else _scheme_name(scheme)
    if name is not None and not _SCHEME.fullmatch(name):
        return err()
    sandbox.resources.get(number, OutgoingRequest).scheme = name
    sandbox.resources.grow(len(name or ""))
    return ok()


def _set_authority(sandbox: Sandbox, number: int, authority: str | None) -> dict[str, Any]:
    if authority is not None and not _is_authority(authority):
        return err()
    sandbox.resources.get(number, OutgoingRequest).authority = authority
    sandbox.resources.grow(len(authority or ""))
    return ok()


def _is_authority(text: str) -> bool:
    found = _AUTHORITY.fullmatch(text)
    return found is not None and (found[2] is None or int(found[2][1:]) < 2**16)


_INCOMING = "wasi:http/types.[method]incoming-request."
_OUTGOING = "wasi:http/types.[method]outgoing-request."
FUNCTIONS: Final[Handlers] = {
    "wasi:http/types.[constructor]outgoing-request": _new,
    **{
        kind + name: handler
        for kind in (_INCOMING, _OUTGOING)
        for name, handler in (
            ("method", _method),
            ("path-with-query", _path_with_query),
            ("scheme", _scheme),
            ("authority", _authority),
            ("headers", _headers),
        )
    },
    _INCOMING + "consume": _consume,
    _OUTGOING + "body": _body,
    _OUTGOING + "set-method": _set_method,
    _OUTGOING + "set-path-with-query": _set_path_with_query,
    _OUTGOING + "set-scheme": _set_scheme,
    _OUTGOING + "set-authority": _set_authority,
}
