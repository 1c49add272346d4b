"""``wasi:sockets``: there are none. A guest that was built for them links; each attempt to use one is refused."""

from __future__ import annotations

from functools import cache
from typing import Any

from obelisk.wasm.wasi.calls import Handler, Handlers, err
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wit.wasi import wasi_interfaces

PACKAGE = "wasi:sockets/"


class Network:
    """The resource ``network``: names no network that could be reached."""


def _instance_network(sandbox: Sandbox) -> int:
    return sandbox.resources.add(Network())


def _network_error_code(sandbox: Sandbox, error: int) -> str | None:
    return None  # no stream of this package exists, so no error is one of its own


def _refuse(sandbox: Sandbox, *arguments: Any) -> dict[str, Any]:
    return err("access_denied")


_ANSWERED: dict[str, Handler] = {
    "wasi:sockets/instance-network.instance-network": _instance_network,
    "wasi:sockets/network.network-error-code": _network_error_code,
}


@cache
def functions() -> Handlers:
    """Return the handlers: all but two functions of the package refuse."""
    names = [
        f"{interface}.{function.name}"
        for interface, model in wasi_interfaces().items()
        if interface.startswith(PACKAGE)
        for function in model.functions
    ]
    return {name: _ANSWERED.get(name, _refuse) for name in names}
