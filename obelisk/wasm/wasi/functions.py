"""Every WASI function that the host has, by interface and name."""

from __future__ import annotations

from functools import cache

from obelisk.wasm.wasi import cli, clocks, io, random, sockets
from obelisk.wasm.wasi.calls import Handler, Handlers
from obelisk.wasm.wasi.filesystem import functions as filesystem
from obelisk.wasm.wasi.http.functions import FUNCTIONS as HTTP_FUNCTIONS
from obelisk.wit.wasi import wasi_base_name


@cache
def wasi_functions() -> Handlers:
    """Return the handlers of all packages."""
    return {
        **io.FUNCTIONS,
        **clocks.FUNCTIONS,
        **random.FUNCTIONS,
        **cli.FUNCTIONS,
        **filesystem.FUNCTIONS,
        **sockets.functions(),
        **HTTP_FUNCTIONS,
    }


def wasi_handler(interface: str, name: str) -> Handler | None:
    """Return the handler of a function, whatever patch version of 0.2 the interface has; ``None`` when there is none."""
    base = wasi_base_name(interface)
    return None if base is None else wasi_functions().get(f"{base}.{name}")
