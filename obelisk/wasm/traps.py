"""What a guest's end without a result means.

The C interface gives no trap code for components, so the message is read: its last line that names a trap is the reason,
the whole of it, with the backtrace, the detail.
"""

from __future__ import annotations

from obelisk.core.events import FailureKind
from obelisk.interfaces.components import Crashed

_TRAP = "wasm trap: "
_OUT_OF_FUEL = "all fuel consumed"
_PREFIXES = ("wasm trap: ", "Caused by:", "0: ", "1: ", "2: ", "3: ")


def crashed(message: str, *, who: str) -> Crashed:
    """Return the outcome for wasmtime's error message; ``who`` is ``activity`` or ``workflow``."""
    reason = _reason(message)
    if _OUT_OF_FUEL in message:
        return Crashed(f"{who} out of fuel: {reason}", message, FailureKind.OUT_OF_FUEL, retry=False)
    return Crashed(f"{who} trap: {reason}", message)


def _reason(message: str) -> str:
    for line in reversed(message.splitlines()):
        _, found, trap = line.partition(_TRAP)
        if found:
            return trap.strip()
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    for prefix in _PREFIXES:
        last = last.removeprefix(prefix)
    return last
