"""The numbers that name the host's resource types towards wasmtime.

A guest gets a handle with the number of its resource's type, and wasmtime refuses one of another type. Resources are named
without their interface: no two host interfaces have one of the same name.
"""

from __future__ import annotations

from typing import Final

RESOURCES: Final = (
    "join-set",
    "error",
    "pollable",
    "input-stream",
    "output-stream",
    "terminal-input",
    "terminal-output",
    "descriptor",
    "directory-entry-stream",
    "network",
    "tcp-socket",
    "udp-socket",
    "incoming-datagram-stream",
    "outgoing-datagram-stream",
    "resolve-address-stream",
    "fields",
    "request-options",
    "outgoing-request",
    "outgoing-response",
    "outgoing-body",
    "incoming-request",
    "incoming-response",
    "incoming-body",
    "future-incoming-response",
    "future-trailers",
    "response-outparam",
)
UNKNOWN: Final = 0
"""A resource of an interface that the host does not have; a component with one is not run."""


def resource_number(name: str) -> int:
    """Return the number of the resource called ``name``."""
    return _NUMBERS.get(name, UNKNOWN)


_NUMBERS: Final = {name: number for number, name in enumerate(RESOURCES, start=1)}
