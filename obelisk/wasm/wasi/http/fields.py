"""``fields``: names and values of headers and trailers.

The rules for names and values are those of RFC 9110, sections 5.1 and 5.5. Names are compared without regard to case and
keep the case and the order in which they were given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from obelisk.errors import GuestTrapError
from obelisk.wasm.wasi.calls import Handlers, err, ok
from obelisk.wasm.wasi.http.grammar import FIELD_VALUE, TOKEN
from obelisk.wasm.wasi.sandbox import Sandbox

Entries = tuple[tuple[str, bytes], ...]
"""Names and values in their order."""

FORBIDDEN: Final = frozenset(
    {
        "connection", "host", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Fields that belong to a connection, which is the host's, or that the host derives from other parts of a message."""
MAX_SIZE: Final = 128 * 1024
"""How many bytes one ``fields`` of a guest may take."""
MEMORY_COST: Final = 128
"""The bytes that a field takes here besides its name and value."""
LINE_COST: Final = 4
"""The bytes that a field's line takes in a message besides its name and value."""

_LENGTH = re.compile(rb"[0-9]{1,18}")
CONTENT_LENGTH: Final = "content-length"


class Fields:
    """The resource. ``immutable`` ones belong to a message that was received or is already put together."""

    def __init__(self, entries: Iterable[tuple[str, bytes]] = (), *, immutable: bool = False) -> None:
        self._entries = list(entries)
        self._size = memory_size(self._entries)
        self.immutable = immutable

    @property
    def weight(self) -> int:
        """How many bytes they take, roughly; see ``Resources``."""
        return self._size

    @property
    def entries(self) -> Entries:
        """Names and values in their order."""
        return tuple(self._entries)

    def values(self, name: str) -> list[bytes]:
        """Return the values of a name."""
        wanted = name.lower()
        return [value for found, value in self._entries if found.lower() == wanted]

    def remove(self, name: str) -> None:
        """Take out all values of a name."""
        wanted = name.lower()
        self._entries = [entry for entry in self._entries if entry[0].lower() != wanted]
        self._size = memory_size(self._entries)

    def add(self, name: str, value: bytes) -> None:
        """Put a value at the end. Raises ``GuestTrapError`` when that makes it too large."""
        self._size += len(name) + len(value) + MEMORY_COST
        if self._size > MAX_SIZE:
            raise GuestTrapError(f"a `fields` would take {self._size} bytes, expected at most {MAX_SIZE}")
        self._entries.append((name, value))


def section_size(entries: Iterable[tuple[str, bytes]]) -> int:
    """Return how many bytes fields take in a message."""
    return sum(len(name) + len(value) + LINE_COST for name, value in entries)


def memory_size(entries: Iterable[tuple[str, bytes]]) -> int:
    """Return roughly how many bytes fields take here."""
    return sum(len(name) + len(value) + MEMORY_COST for name, value in entries)


def received(entries: Iterable[tuple[str, bytes]]) -> Entries:
    """Return the fields of a received message without those that a guest may not set: it may pass them on."""
    return tuple((name, value) for name, value in entries if name.lower() not in FORBIDDEN)


def content_length(fields: Entries) -> int | None:
    """Return the length that fields give, ``None`` when they give none. Raises ``ValueError`` when they differ."""
    found = {int(value) for name, value in fields if name.lower() == CONTENT_LENGTH}
    if len(found) > 1:
        raise ValueError(f"`content-length` is given as {sorted(found)}, expected one value")
    return found.pop() if found else None


def _refusal(fields: Fields, name: str, values: Sequence[bytes]) -> str | None:
    """Return the ``header-error`` of putting values into fields, ``None`` when that is possible."""
    if fields.immutable:
        return "immutable"
    if not TOKEN.fullmatch(name) or not all(FIELD_VALUE.fullmatch(value) for value in values):
        return "invalid_syntax"
    if name.lower() in FORBIDDEN:
        return "forbidden"
    if name.lower() == CONTENT_LENGTH and not all(_LENGTH.fullmatch(value) for value in values):
        return "invalid_syntax"
    return None


def _new(sandbox: Sandbox) -> int:
    return sandbox.resources.add(Fields())


def _from_list(sandbox: Sandbox, entries: list[list[Any]]) -> dict[str, Any]:
    fields = Fields()
    for name, value in entries:
        refusal = _refusal(fields, name, [value])
        if refusal is not None:
            return err(refusal)
        fields.add(name, value)
    return ok(sandbox.resources.add(fields))


def _get(sandbox: Sandbox, number: int, name: str) -> list[bytes]:
    return sandbox.resources.get(number, Fields).values(name)


def _has(sandbox: Sandbox, number: int, name: str) -> bool:
    return bool(sandbox.resources.get(number, Fields).values(name))


def _set(sandbox: Sandbox, number: int, name: str, values: list[bytes]) -> dict[str, Any]:
    fields = sandbox.resources.get(number, Fields)
    refusal = _refusal(fields, name, values)
    if refusal is not None:
        return err(refusal)
    fields.remove(name)
    for value in values:
        _add(sandbox, fields, name, value)
    return ok()


def _delete(sandbox: Sandbox, number: int, name: str) -> dict[str, Any]:
    return _set(sandbox, number, name, [])


def _append(sandbox: Sandbox, number: int, name: str, value: bytes) -> dict[str, Any]:
    fields = sandbox.resources.get(number, Fields)
    refusal = _refusal(fields, name, [value])
    if refusal is not None:
        return err(refusal)
    _add(sandbox, fields, name, value)
    return ok()


def _add(sandbox: Sandbox, fields: Fields, name: str, value: bytes) -> None:
    fields.add(name, value)
    sandbox.resources.grow(len(name) + len(value) + MEMORY_COST)


def _entries(sandbox: Sandbox, number: int) -> list[list[Any]]:
    return [[name, value] for name, value in sandbox.resources.get(number, Fields).entries]


def _clone(sandbox: Sandbox, number: int) -> int:
    return sandbox.resources.add(Fields(sandbox.resources.get(number, Fields).entries))


_FIELDS = "wasi:http/types.[method]fields."
FUNCTIONS: Final[Handlers] = {
    "wasi:http/types.[constructor]fields": _new,
    "wasi:http/types.[static]fields.from-list": _from_list,
    _FIELDS + "get": _get,
    _FIELDS + "has": _has,
    _FIELDS + "set": _set,
    _FIELDS + "delete": _delete,
    _FIELDS + "append": _append,
    _FIELDS + "entries": _entries,
    _FIELDS + "clone": _clone,
}
