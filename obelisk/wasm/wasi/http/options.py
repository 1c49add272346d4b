"""``request-options``: how long the parts of an exchange may take, in nanoseconds. What is not set is not limited."""

from __future__ import annotations

from typing import Any, Final

from obelisk.wasm.wasi.calls import Handlers, ok
from obelisk.wasm.wasi.sandbox import Sandbox


class RequestOptions:
    """The resource.

    ``connect_timeout`` limits finding the address, connecting and TLS together; ``first_byte_timeout`` the time from the
    request to the response's head; ``between_bytes_timeout`` each wait for more of its body.
    """

    def __init__(
        self,
        *,
        connect_timeout: int | None = None,
        first_byte_timeout: int | None = None,
        between_bytes_timeout: int | None = None,
    ) -> None:
        self.connect_timeout = connect_timeout
        self.first_byte_timeout = first_byte_timeout
        self.between_bytes_timeout = between_bytes_timeout


def _new(sandbox: Sandbox) -> int:
    return sandbox.resources.add(RequestOptions())


def _connect_timeout(sandbox: Sandbox, number: int) -> int | None:
    return sandbox.resources.get(number, RequestOptions).connect_timeout


def _set_connect_timeout(sandbox: Sandbox, number: int, duration: int | None) -> dict[str, Any]:
    sandbox.resources.get(number, RequestOptions).connect_timeout = duration
    return ok()


def _first_byte_timeout(sandbox: Sandbox, number: int) -> int | None:
    return sandbox.resources.get(number, RequestOptions).first_byte_timeout


def _set_first_byte_timeout(sandbox: Sandbox, number: int, duration: int | None) -> dict[str, Any]:
    sandbox.resources.get(number, RequestOptions).first_byte_timeout = duration
    return ok()


def _between_bytes_timeout(sandbox: Sandbox, number: int) -> int | None:
    return sandbox.resources.get(number, RequestOptions).between_bytes_timeout


def _set_between_bytes_timeout(sandbox: Sandbox, number: int, duration: int | None) -> dict[str, Any]:
    sandbox.resources.get(number, RequestOptions).between_bytes_timeout = duration
    return ok()


_OPTIONS = "wasi:http/types.[method]request-options."
FUNCTIONS: Final[Handlers] = {
    "wasi:http/types.[constructor]request-options": _new,
    _OPTIONS + "connect-timeout": _connect_timeout,
    _OPTIONS + "set-connect-timeout": _set_connect_timeout,
    _OPTIONS + "first-byte-timeout": _first_byte_timeout,
    _OPTIONS + "set-first-byte-timeout": _set_first_byte_timeout,
    _OPTIONS + "between-bytes-timeout": _between_bytes_timeout,
    _OPTIONS + "set-between-bytes-timeout": _set_between_bytes_timeout,
}
