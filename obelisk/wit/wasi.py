"""WASI 0.2 as the engine hosts it: the interfaces of its packages, as WIT text and as a model.

The text lies in ``obelisk/wit/host``, one file for each package, at one patch version of 0.2. Patch versions only add
functions, so a guest that asks for another one is compared with the same interfaces.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

from msgspec.structs import replace

from obelisk.wit.model import Interface
from obelisk.wit.resolve import resolve_packages

WASI_VERSION: Final = "0.2.12"
WASI_PACKAGES: Final = ("io", "clocks", "random", "cli", "filesystem", "sockets", "http")
"""The packages in the order in which they depend on each other."""

_NAME = re.compile(r"(wasi:[a-z]+/[a-z0-9-]+)@0\.2\.\d+")


@cache
def wasi_package_text(package: str) -> str:
    """Return the WIT text of a package, such as ``io``."""
    return (resources.files("obelisk.wit") / "host" / f"wasi-{package}.wit").read_text(encoding="utf-8")


@cache
def wasi_interfaces() -> dict[str, Interface]:
    """Return every interface by its name without version, such as ``wasi:io/poll``."""
    document = resolve_packages([wasi_package_text(package) for package in WASI_PACKAGES])
    return {interface.name.partition("@")[0]: interface for interface in document.interfaces}


def is_wasi(interface: str) -> bool:
    """Tell whether an interface belongs to WASI, whatever its version."""
    return interface.startswith("wasi:")


def wasi_base_name(interface: str) -> str | None:
    """Return the name of a WASI 0.2 interface without its version, ``None`` when it is none."""
    match = _NAME.fullmatch(interface)
    return None if match is None else match[1]


def wasi_interface(name: str) -> Interface | None:
    """Return the interface called ``name`` at any patch version of 0.2, ``None`` when there is none."""
    base = wasi_base_name(name)
    found = None if base is None else wasi_interfaces().get(base)
    return None if found is None else replace(found, name=name)
