"""What the end of a program means."""

from __future__ import annotations

import signal
from typing import Any

from obelisk.errors import InvalidValueError
from obelisk.interfaces.components import Crashed, Outcome, Returned
from obelisk.interfaces.mask import Mask
from obelisk.interfaces.signature import Signature
from obelisk.interfaces.values import parse_json

STDOUT = "stdout"
MAX_SHOWN = 1000
"""Bytes of an output that is not JSON that are shown with the failure."""


def outcome_of(code: int, stdout: bytes, *, signature: Signature, mask: Mask) -> Outcome:
    """Return how a run ended whose program exited with ``code``, a negative one for a signal.

    0 returns what was written as ``ok``, another one as ``err``. What was written is masked: results are stored, and shown
    to everybody who may look at executions.
    """
    if code < 0:
        return Crashed(f"program was killed by {_signal_name(-code)}")
    is_ok = code == 0
    if not is_ok and not signature.returns_result:
        return Crashed(f"program exited with {code}, and `{signature.ffqn}` returns no `result` to say so")
    try:
        value = _value(stdout, empty=signature.payload(ok=is_ok) is None)
    except InvalidValueError as error:
        reason = str(error).removeprefix(f"cannot parse {STDOUT} as JSON: ")
        return Crashed(
            f"failed to parse stdout as JSON on exit {code}: {mask.text(reason)}", _shown(stdout, mask), retry=False
        )
    try:
        return Returned(signature.returned(_masked(value, mask), ok=is_ok))
    except InvalidValueError as error:
        place = "ok" if is_ok else "err"
        return Crashed(
            f"stdout on exit {code} is no `{place}` of `{signature.text}`: {error}", _shown(stdout, mask), retry=False
        )


def _value(stdout: bytes, *, empty: bool) -> Any:
    """Return what was written; where nothing is expected it may be nothing."""
    if stdout.strip():
        return parse_json(stdout, STDOUT)
    if empty:
        return None
    raise InvalidValueError("found nothing, expected a value")


def _masked(value: Any, mask: Mask) -> Any:
    match value:
        case str():
            return mask.text(value)
        case list():
            return [_masked(item, mask) for item in value]
        case dict():
            return {mask.text(key): _masked(item, mask) for key, item in value.items()}
        case _:
            return value


def _shown(stdout: bytes, mask: Mask) -> str | None:
    text = mask.data(stdout, MAX_SHOWN).decode(errors="replace").strip()
    return f"stdout: {text}" + ("..." if len(stdout) > MAX_SHOWN else "") if text else None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
