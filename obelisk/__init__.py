"""Obelisk: a deterministic workflow engine on the WebAssembly component model.

What a program may import from here:

* ``Engine`` runs components; a program opens it with ``async with``.
* ``hookimpl`` marks the functions of a plugin.
* ``ObeliskError`` is the root of what Obelisk raises; ``obelisk.errors`` draws the tree.
* ``__version__``.

The first two are imported when they are first asked for: ``from obelisk import hookimpl`` never loads the WebAssembly
runtime, and a command that talks to a server never loads pluggy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk.errors import ObeliskError

if TYPE_CHECKING:
    from obelisk.markers import hookimpl
    from obelisk.runtime.engine import Engine

__all__ = ["Engine", "ObeliskError", "__version__", "hookimpl"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "Engine":
        from obelisk.runtime.engine import Engine

        return Engine
    if name == "hookimpl":
        from obelisk.markers import hookimpl

        return hookimpl
    raise AttributeError(f"module `obelisk` has no attribute `{name}`")
