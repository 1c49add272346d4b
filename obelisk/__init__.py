"""Obelisk: a deterministic workflow engine on the WebAssembly component model.

What a program may import from here:

* ``Engine`` runs components; a program opens it with ``async with``. It is imported when it is first asked for, so that
  ``from obelisk import hookimpl`` never loads the WebAssembly runtime.
* ``hookimpl`` marks the functions of a plugin.
* ``ObeliskError`` is the root of what Obelisk raises; ``obelisk.errors`` draws the tree.
* ``__version__``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from obelisk.errors import ObeliskError
from obelisk.markers import hookimpl

if TYPE_CHECKING:
    from obelisk.runtime.engine import Engine

__all__ = ["Engine", "ObeliskError", "__version__", "hookimpl"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "Engine":
        from obelisk.runtime.engine import Engine

        return Engine
    raise AttributeError(f"module `obelisk` has no attribute `{name}`")
