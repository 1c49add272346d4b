"""The form of a WASI function's implementation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from msgspec import Struct


class Later(Struct, frozen=True):
    """The answer is what ``work`` returns; it is run as a task, and cancelled when the guest is dropped."""

    work: Coroutine[Any, Any, Any]


Handler = Callable[..., Any]
"""``handler(sandbox, *arguments)`` returns the answer, or a ``Later``. Called on the loop; it may not block."""

Handlers = Mapping[str, Handler]
"""Handlers by interface and function: ``wasi:io/poll.poll``."""


def ok(value: Any = None) -> dict[str, Any]:
    """Return the ok side of a result."""
    return {"ok": value}


def err(value: Any = None) -> dict[str, Any]:
    """Return the error side of a result."""
    return {"err": value}
