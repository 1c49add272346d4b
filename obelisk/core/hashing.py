"""The hash that stands for a stub's result in the log of the workflow that gave it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from obelisk.core.events import ExecutionResult

HASH_VERSION: Final = "01"
_TYPED: Final = "T|"
_UNTYPED: Final = "U|"
_encode = msgspec.json.Encoder(order="deterministic").encode


def typed_text(result: ExecutionResult) -> str:
    """Return the text that is hashed for a result whose type was known when it was given."""
    return _TYPED + _encode(result).decode()


def untyped_text(json_text: str) -> str:
    """Return the text that is hashed for a result that was given as JSON text."""
    return _UNTYPED + json_text


def retval_hash(text: str) -> str:
    """Return the hash: a version of one byte and the SHA-256, 66 hexadecimal digits together."""
    return HASH_VERSION + hashlib.sha256(text.encode()).hexdigest()


def same_result(one: ExecutionResult, other: Any) -> bool:
    """Tell whether two results are equal, as JSON is."""
    return _encode(one) == _encode(other)
