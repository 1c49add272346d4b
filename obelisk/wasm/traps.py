"""What a guest's end without a result means.

The C interface gives no trap code for components, so the message is read: its last line that names a trap is the reason,
the whole of it, with the backtrace, the detail.
"""

from __future__ import annotations

from msgspec.structs import replace

from obelisk.core.events import FailureKind
from obelisk.interfaces.components import Crashed, Outcome, Returned
from obelisk.wasm.guest import Guest, GuestLimits
from obelisk.wasm.lift import TOO_LARGE
from obelisk.wasm.memory_use import memory_is_used_up
from obelisk.wasm.wasi.sandbox import Sandbox

_TRAP = "wasm trap: "
_OUT_OF_FUEL = "all fuel consumed"
_OUT_OF_COPIES = "fuel allocated for hostcalls has been exhausted"
"""What wasmtime calls more than 128 MiB in one call."""
_MEMORY_TRAPS = ("`unreachable`", "out of bounds memory access")
_PREFIXES = (_TRAP, "Caused by:", "0: ", "1: ", "2: ", "3: ")


def end_of(guest: Guest, *, who: str) -> Outcome:
    """Return how a guest ended that has not been closed yet; ``who`` is ``activity`` or ``workflow``."""
    if guest.error is None:
        return Returned(guest.result)
    limits = guest.limits
    used_up = any(trap in guest.error for trap in _MEMORY_TRAPS) and guest.may_look_at_memory
    if used_up and memory_is_used_up(limits.memory):
        return crashed(
            guest.error, who=who, limits=limits, cause=f"the memory limit of {limits.memory} bytes is used up"
        )
    return crashed(guest.error, who=who, limits=limits)


def crashed(message: str, *, who: str, limits: GuestLimits | None = None, cause: str = "") -> Crashed:
    """Return the outcome for wasmtime's error message; ``cause`` is what is known besides."""
    reason = _reason(message)
    if _OUT_OF_FUEL in message:
        spent = "" if limits is None or limits.fuel is None else f" (the limit is {limits.fuel})"
        return Crashed(f"{who} out of fuel: {reason}{spent}", message, FailureKind.OUT_OF_FUEL, retry=False)
    detail = message if limits is None else f"{message.rstrip()}\n\nlimits: memory {limits.memory} bytes"
    return Crashed(f"{who} trap: {cause}: {reason}" if cause else f"{who} trap: {reason}", detail)


def with_last_words(outcome: Crashed, sandbox: Sandbox | None) -> Crashed:
    """Add what a guest wrote last to its standard error, where languages say why they give up."""
    tail = "" if sandbox is None else sandbox.last_words()
    if not tail:
        return outcome
    return replace(outcome, detail="\n".join(part for part in (outcome.detail, "stderr:", tail) if part))


def _reason(message: str) -> str:
    if message.rstrip().endswith(_OUT_OF_COPIES):
        return TOO_LARGE
    for line in reversed(message.splitlines()):
        _, found, trap = line.partition(_TRAP)
        if found:
            return trap.strip()
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    for prefix in _PREFIXES:
        last = last.removeprefix(prefix)
    return last
