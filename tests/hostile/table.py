"""Which hostile guests there are, how each is run, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from msgspec import UNSET

from obelisk.core.events import ExecutionResult, FailureKind

GUESTS = Path(__file__).resolve().parents[1] / "guests" / "hostile"


class Role(Enum):
    """What a guest is run as."""

    ACTIVITY = "activity"
    WORKFLOW = "workflow"


BOTH = (Role.ACTIVITY, Role.WORKFLOW)
ACTIVITY = (Role.ACTIVITY,)
WORKFLOW = (Role.WORKFLOW,)


@dataclass(frozen=True)
class Case:
    """A call of a guest, and how it ends: as a failure with ``text`` in its reason, or, without one, as a return."""

    guest: str
    role: Role
    text: str
    function: str = "run"
    params: tuple[Any, ...] = ()
    kind: FailureKind = FailureKind.UNCATEGORIZED
    keys: str = ""

    @property
    def path(self) -> Path:
        return GUESTS / f"{self.guest}.wat"

    @property
    def ffqn(self) -> str:
        return f"testing:{self.guest}/guest.{self.function}"

    @property
    def name(self) -> str:
        function = "" if self.function == "run" else f"-{self.function}"
        return f"{self.role.value}-{self.guest}{function}{'-fuel' if 'fuel' in self.keys else ''}"


def ends(
    guest: str, text: str, *roles: Role, function: str = "run", params: tuple[Any, ...] = (), keys: str = ""
) -> list[Case]:
    """Return a case for each role, both when none is named."""
    return [Case(guest, role, text, function, params, keys=keys) for role in roles or BOTH]


def returns(guest: str, *roles: Role, function: str = "run", keys: str = "") -> list[Case]:
    """Return cases that are no failure."""
    return ends(guest, "", *roles, function=function, keys=keys)


def endless(guest: str, *roles: Role, params: tuple[Any, ...] = ()) -> list[Case]:
    """Return cases of a guest that never ends by itself: for lack of time, and for lack of fuel."""
    late = Case(guest, Role.ACTIVITY, "did not end before its lock expired", params=params, kind=FailureKind.TIMED_OUT)
    spent = [
        Case(guest, role, f"{role.value} out of fuel", params=params, kind=FailureKind.OUT_OF_FUEL, keys="fuel = 50000")
        for role in roles or BOTH
    ]
    return [late, *spent] if Role.ACTIVITY in (roles or BOTH) else spent


MEMORY = 'memory = "16MiB"'
TEXT = ("a text",)
UNREACHABLE = "wasm `unreachable` instruction executed"
TOO_LARGE = "trap: a value that the guest passed is too large; pass less of it in one call"
NO_HANDLE = "unknown handle index"

CASES = [
    # --- memory and tables
    *ends("memory-bomb", f"the memory limit of {16 << 20} bytes is used up", keys=MEMORY),
    *ends("memory-declared", "memory minimum size of 65536 pages exceeds memory limits"),
    *returns("memory-everywhere", keys=MEMORY),
    *ends("memory-many", "memory count too high at 11"),
    *ends("memory-outside", "trap: out of bounds memory access"),
    *ends("data-outside", "trap: out of bounds memory access"),
    *ends("memory-shared", "shared memory support is disabled"),
    *endless("memory-fill"),
    *ends("garbage-bomb", "GC heap out of memory", keys=MEMORY),
    *ends("table-bomb", UNREACHABLE),
    *ends("table-declared", "table minimum size of 100000000 elements exceeds table limits"),
    *ends("table-many", "table count too high at 102"),
    *ends("instance-many", "instance count too high at 101"),
    # --- time
    *endless("spin"),
    *endless("spin-in-start"),
    *endless("spin-in-realloc", params=TEXT),
    *endless("spin-in-post-return"),
    *endless("spin-in-tail-calls"),
    *endless("log-forever"),
    *endless("question-forever", Role.WORKFLOW),
    *endless("event-forever", Role.WORKFLOW),
    *endless("schedule-flood", Role.WORKFLOW),
    *endless("wasi-clock", Role.ACTIVITY),
    # --- stack and traps
    *ends("recursion", "trap: call stack exhausted"),
    *ends("recursion-in-realloc", "trap: call stack exhausted", params=TEXT),
    *ends("trap", UNREACHABLE),
    *ends("trap-in-start", UNREACHABLE),
    *ends("trap-in-realloc", UNREACHABLE, params=TEXT),
    *ends("trap-in-post-return", UNREACHABLE),
    *ends("trap-in-call", "trap: indirect call type mismatch"),
    *ends("exception", "trap: thrown Wasm exception"),
    # --- values over the boundary
    *ends("giant-string", TOO_LARGE),
    *ends("giant-list", TOO_LARGE),
    *ends("string-amplification", TOO_LARGE),
    *ends("list-amplification", TOO_LARGE),
    *ends("text-not-utf8", "trap: invalid utf-8 sequence of 1 bytes from index 0"),
    *ends("text-outside", "trap: string pointer/length out of bounds of memory"),
    *ends("list-misaligned", "trap: list pointer is not aligned"),
    *ends("result-outside", "trap: pointer out of bounds of memory"),
    *ends("realloc-outside", "trap: realloc return: beyond end of memory", params=TEXT),
    *ends("realloc-misaligned", "trap: realloc return: result not aligned", params=([1, 2],)),
    *ends("wrong-cases", "trap: discriminant 7 out of range", function="enumeration"),
    *ends("wrong-cases", "trap: discriminant 7 out of range", function="plain-variant"),
    *ends("wrong-cases", "trap: discriminant 7 out of range", function="plain-result"),
    *ends("wrong-cases", "trap: converted integer out of range for `char`", function="character"),
    *returns("wrong-cases", function="truth"),
    *returns("wrong-cases", function="set-flags"),
    *returns("wrong-cases", function="number"),
    *returns("wrong-cases", function="small-number"),
    # --- handles and reentrance
    *ends("handles", NO_HANDLE, Role.WORKFLOW, function="never-made"),
    *ends("handles", NO_HANDLE, Role.WORKFLOW, function="after-drop"),
    *ends("handles", NO_HANDLE, Role.WORKFLOW, function="after-close"),
    *ends("handles", NO_HANDLE, Role.WORKFLOW, function="closed-twice"),
    *ends("handles", NO_HANDLE, Role.WORKFLOW, function="dropped-twice"),
    *ends("handle-of-another-kind", "trap: handle index", Role.WORKFLOW),
    *ends("reentrance", "trap: cannot enter component instance"),
    *returns("log-in-start"),
    *ends("log-in-realloc", "trap: cannot leave component instance", params=TEXT),
    *ends("log-in-post-return", "trap: cannot leave component instance"),
    # --- floods
    *returns("log-flood"),
    *returns("log-giant"),
    *ends("log-outside", "trap: string pointer/length out of bounds of memory"),
    *returns("join-set-flood", Role.WORKFLOW),
    *returns("join-set-churn", Role.WORKFLOW),
    *returns("delay-flood", Role.WORKFLOW),
    *returns("call-itself", Role.WORKFLOW),
    *returns("params-giant", Role.WORKFLOW),
    # --- names that nobody gives
    *returns("names", Role.WORKFLOW, function="join-set-control"),
    *returns("names", Role.WORKFLOW, function="join-set-long"),
    *returns("names", Role.WORKFLOW, function="result-of-control"),
    *returns("names", Role.WORKFLOW, function="result-of-long"),
    *returns("names", Role.WORKFLOW, function="function-control"),
    *returns("names", Role.WORKFLOW, function="log-control"),
    *returns("names", Role.WORKFLOW, function="error-control"),
    # --- requests that make no sense
    *returns("draw-nothing", Role.WORKFLOW, function="number"),
    *returns("draw-nothing", Role.WORKFLOW, function="below-zero"),
    *returns("draw-nothing", Role.WORKFLOW, function="text"),
    *returns("far-times", Role.WORKFLOW, function="at"),
    *returns("far-times", Role.WORKFLOW, function="after"),
    *returns("json-deep", Role.WORKFLOW, function="nested"),
    *returns("json-deep", Role.WORKFLOW, function="long"),
    *returns("json-deep", Role.WORKFLOW, function="nonsense"),
    *ends("wasi-random", "1152921504606846976 random bytes were asked for", Role.ACTIVITY),
    *ends("wasi-pollables", "the guest holds 10000 resources, no more are possible", Role.ACTIVITY),
    *ends("wasi-poll", "poll was called with no pollable", Role.ACTIVITY, function="none"),
    *ends("wasi-poll", NO_HANDLE, Role.ACTIVITY, function="dropped"),
    *ends("wasi-exit", "instead of returning", Role.ACTIVITY),
]


def check(case: Case, result: ExecutionResult) -> None:
    """Assert that a case ended as it should."""
    failure = result.execution_failure
    if not case.text:
        assert failure is UNSET, (case.name, failure)
        return
    assert failure is not UNSET, (case.name, result)
    assert failure.kind is case.kind, (case.name, failure)
    assert case.text in (failure.reason or ""), (case.name, failure)
    assert case.kind is FailureKind.TIMED_OUT or (failure.reason or "").startswith(case.role.value)
