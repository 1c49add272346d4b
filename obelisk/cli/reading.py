"""JSON arguments: given as they are, in a file (``@FILE``), or on standard input (``-``)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from obelisk.errors import InputError

STANDARD_INPUT = "-"
FILE_MARK = "@"
PARAMS = "a JSON array such as `[10, 500]`"
VALUE = 'what the function returns, such as `{"ok": 55}`'


def read_params(params: str) -> bytes:
    """Return the JSON array that ``params`` is, or stands for; raise ``InputError`` when it is none."""
    content = _content(params, what="the parameters")
    value = _decoded(content, "the parameters are not JSON", expected=PARAMS)
    if not isinstance(value, list):
        found = msgspec.json.encode(value)[:80].decode(errors="replace")
        raise InputError(f"the parameters are `{found}`, expected {PARAMS}")
    return content


def read_value(value: str) -> bytes:
    """Return the JSON that ``value`` is, or stands for; raise ``InputError`` when it is none."""
    content = _content(value, what="the return value")
    _decoded(content, "the return value is not JSON", expected=VALUE)
    return content


def _decoded(content: bytes, complaint: str, *, expected: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{complaint}: {error}; expected {expected}") from error


def _content(text: str, *, what: str) -> bytes:
    if text == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    if not text.startswith(FILE_MARK):
        return text.encode(errors="surrogateescape")
    path = Path(text.removeprefix(FILE_MARK))
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {what} from `{path}`: {error.strerror or error}") from error
