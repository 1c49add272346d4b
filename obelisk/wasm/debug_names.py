"""The names that a component gives its functions for backtraces.

wasmtime puts them into the message of every trap, once for each frame, whatever their length. They stand in custom sections
called ``name`` of the core modules, which nobody validates: wasmtime uses what stands there up to where it cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

MAX_LENGTH: Final = 100_000
"""How many bytes a name may have, as wasm allows for those of imports and exports."""
_HEADER = 8
_BITS = 32
_CORE_MODULE, _COMPONENT = 1, 4
_CUSTOM = 0
_MODULE_NAME, _FUNCTION_NAMES = 0, 1


def longest_name(component: bytes) -> int:
    """Return how many bytes the longest name of a function or module takes, in a component that wasmtime has validated."""
    longest, inner = 0, [component]
    while inner:
        for kind, content in _sections(inner.pop()[_HEADER:]):
            if kind == _COMPONENT:
                inner.append(content)
            elif kind == _CORE_MODULE:
                longest = max(longest, _longest_in(content[_HEADER:]))
    return longest


def _longest_in(module: bytes) -> int:
    found = (section for kind, section in _sections(module) if kind == _CUSTOM)
    return max((length for section in found for length in _readable_lengths(section)), default=0)


def _readable_lengths(section: bytes) -> Iterator[int]:
    try:
        yield from _lengths(section)
    except IndexError:
        return


def _lengths(section: bytes) -> Iterator[int]:
    """Yield how long each name is; raise ``IndexError`` where the section cannot be read."""
    size, at = _number(section, 0)
    if section[at : at + size] != b"name":
        return
    for kind, content in _sections(section[at + size :]):
        if kind == _MODULE_NAME:
            yield _length(content, 0)[0]
        elif kind == _FUNCTION_NAMES:
            yield from _map_lengths(content)


def _map_lengths(content: bytes) -> Iterator[int]:
    count, at = _number(content, 0)
    for _ in range(count):
        _, at = _number(content, at)
        size, at = _length(content, at)
        yield size
        at += size


def _length(content: bytes, at: int) -> tuple[int, int]:
    """Return how many bytes a text takes and where it begins; raise ``IndexError`` when it is not there as a whole."""
    size, at = _number(content, at)
    if size > len(content) - at:
        raise IndexError
    return size, at


def _sections(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        kind = content[at]
        size, at = _number(content, at + 1)
        yield kind, content[at : at + size]
        at += size


def _number(content: bytes, at: int) -> tuple[int, int]:
    """Return the LEB128 number at a place and the place behind it; raise ``IndexError`` where there is none of 32 bits."""
    value = shift = 0
    while shift < _BITS:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    raise IndexError
