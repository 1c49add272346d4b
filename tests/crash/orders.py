"""What a client orders in a round: executions that a seed draws, each with what it has to return.

A script is drawn in steps, and a step says what the trace of the script has to hold. What depends on the clock or is drawn
by the engine may be anything; all else is fixed, whoever crashes when.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from obelisk.core.events import ExecutionFailure, ExecutionResult, FailureKind, TypedValue
from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from tests import scripts
from tests.e2e.control import CANCELLED
from tests.e2e.rpc import CONCURRENT, FIBO_ACTIVITY, FIBOA, FOO, NESTED, START_FIBOAS, child, execution_id
from tests.scripts import RUN, RUN_CANCELLABLE, Op

NOTE = Ffqn("crash:ledger/ledger.note")
"""Writes its token down in a file; its result is how long the token is."""
NOTE_AGAIN = Ffqn("crash:ledger/ledger.note-again")
"""The same, but its first run fails."""
MAX_DEPTH = 2
LONG = 3_600_000


@dataclass(frozen=True)
class Entry:
    """What one entry of a trace has to be; no payload means any."""

    kind: str
    payload: str | None = None


@dataclass(frozen=True)
class AnyOrder:
    """So many entries, in any order."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Nested:
    """An ``ok`` whose payload is the trace of a child."""

    parts: tuple[Part, ...]


Part = Entry | AnyOrder | Nested


@dataclass(frozen=True)
class Expected:
    """How an execution has to end: with one of ``results``, or with a trace of ``parts``."""

    results: tuple[ExecutionResult, ...] = ()
    parts: tuple[Part, ...] | None = None

    def fits(self, result: ExecutionResult) -> bool:
        """Tell whether a result is what it has to be."""
        if result in self.results:
            return True
        return self.parts is not None and isinstance(result.ok, TypedValue) and fits(result.ok.value, self.parts)


@dataclass(frozen=True)
class Order:
    """An execution, and what the client does to it once it waits: give a stub its result, or cancel it."""

    ident: ExecutionId
    ffqn: Ffqn
    params: list[Any]
    expected: Expected
    tokens: tuple[str, ...] = ()
    """What its activities have to write down."""
    scheduled: tuple[int, ...] = ()
    """Which entries of its trace are the ids of executions that it scheduled."""
    stub: ExecutionId | None = None
    is_cancelled: bool = False


def fits(trace: Any, parts: Sequence[Part]) -> bool:
    """Tell whether a trace is what it has to be."""
    place = 0
    for part in parts:
        count = len(part.entries) if isinstance(part, AnyOrder) else 1
        found = trace[place : place + count]
        place += count
        if len(found) != count or not _part_fits(found, part):
            return False
    return place == len(trace)


def _part_fits(found: list[list[str]], part: Part) -> bool:
    if isinstance(part, AnyOrder):
        return sorted(found) == sorted([entry.kind, entry.payload or ""] for entry in part.entries)
    kind, payload = found[0]
    if isinstance(part, Nested):
        return kind == "ok" and fits(json.loads(payload), part.parts)
    return kind == part.kind and part.payload in (None, payload)


def fibonacci(n: int) -> int:
    """Return the number that the activity returns."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


class Script:
    """Draws a script; ``ops``, ``parts``, ``tokens`` and ``scheduled`` are the result."""

    def __init__(self, source: random.Random, *, name: str, length: int, depth: int = 0) -> None:
        self._random = source
        self._name = name
        self._depth = depth
        self._slots = 0
        self.ops: list[Op] = []
        self.parts: list[Part] = []
        self.tokens: list[str] = []
        self.scheduled: list[int] = []
        steps = (
            self._call, self._call, self._fan_out, self._race, self._delays, self._sleep, self._nested, self._nested,
            self._failing_child, self._schedule, self._stub, self._draw, self._note, self._note, self._close, self._compute,
        )  # fmt: skip
        for _ in range(length):
            source.choice(steps)()

    @property
    def _entries(self) -> int:
        return sum(len(part.entries) if isinstance(part, AnyOrder) else 1 for part in self.parts)

    def _call(self) -> None:
        n = self._random.randrange(30)
        self._add(scripts.call(FIBO_ACTIVITY, n), Entry("ok", str(fibonacci(n))))

    def _fan_out(self) -> None:
        slot, numbers = self._join_set(), [self._random.randrange(30) for _ in range(self._random.randrange(1, 6))]
        for n in numbers:
            self._add(scripts.submit(slot, FIBO_ACTIVITY, n), Entry("ok"))
        self.ops += [scripts.next_(slot)] * len(numbers)
        self.parts.append(AnyOrder(tuple(Entry("ok", str(fibonacci(n))) for n in numbers)))
        self._add(scripts.next_(slot), Entry("all-processed"))

    def _race(self) -> None:
        """A delay wins against a stub that nobody answers, and the join set is left open or closed."""
        slot = self._join_set()
        self._add(scripts.submit(slot, FOO, "nobody"), Entry("ok"))
        self._add(scripts.delay(slot, milliseconds=self._random.randrange(40)), Entry("ok"))
        self._add(scripts.next_(slot), Entry("ok", ""))
        if self._random.random() < 0.5:
            self._add(scripts.close(slot), Entry("ok", ""))

    def _delays(self) -> None:
        slot, count = self._join_set(), self._random.randrange(1, 4)
        for _ in range(count):
            self._add(scripts.delay(slot, milliseconds=self._random.randrange(40)), Entry("ok"))
        for _ in range(count):
            self._add(scripts.next_(slot), Entry("ok", ""))

    def _sleep(self) -> None:
        self._add(scripts.sleep(milliseconds=self._random.randrange(60)), Entry("ok"))

    def _nested(self) -> None:
        if self._depth == MAX_DEPTH:
            return
        inner = self._inner()
        if self._random.random() < 0.5:
            self._add(scripts.call(RUN, inner.ops), Nested(tuple(inner.parts)))
            return
        slot = self._join_set()
        self._add(scripts.submit(slot, RUN, inner.ops), Entry("ok"))
        self._call()
        self._add(scripts.next_(slot), Nested(tuple(inner.parts)))

    def _failing_child(self) -> None:
        op, payload = self._random.choice([(scripts.fail("no"), "no"), (scripts.trap(), "execution_failed")])
        self._add(scripts.call(RUN, [scripts.text("x"), op]), Entry("err", json.dumps(payload)))

    def _schedule(self) -> None:
        self.scheduled.append(self._entries)
        self._add(scripts.new_id(), Entry("ok"))
        at = scripts.after(milliseconds=self._random.randrange(200))
        self._add(scripts.schedule(self.scheduled[-1], FIBO_ACTIVITY, 10, at=at), Entry("ok", ""))

    def _stub(self) -> None:
        slot, entry = self._join_set(), self._entries
        self._add(scripts.submit(slot, FOO, "myself"), Entry("ok"))
        self._add(scripts.stub(entry, {"ok": "done"}), Entry("ok", ""))
        self._add(scripts.next_(slot), Entry("ok", '"done"'))

    def _draw(self) -> None:
        self._add(scripts.random(0, 1000), Entry("ok"))

    def _note(self) -> None:
        token = f"{self._name}-{len(self.tokens)}"
        self.tokens.append(token)
        function = self._random.choice([NOTE, NOTE_AGAIN])
        self._add(scripts.call(function, token), Entry("ok", str(len(token))))

    def _close(self) -> None:
        """What is open is cancelled."""
        slot = self._join_set()
        self._add(scripts.submit(slot, RUN_CANCELLABLE, list(_waiting_for_nobody())), Entry("ok"))
        self._add(scripts.delay(slot, milliseconds=LONG), Entry("ok"))
        self._add(scripts.close(slot), Entry("ok", ""))

    def _compute(self) -> None:
        self.ops.append(scripts.spin(self._random.randrange(100_000)))

    def _inner(self) -> Script:
        """Return the script of a child, whose tokens are the parent's too."""
        name, length = f"{self._name}-{len(self.ops)}c", self._random.randrange(1, 4)
        inner = Script(self._random, name=name, length=length, depth=self._depth + 1)
        self.tokens += inner.tokens
        return inner

    def _join_set(self) -> int:
        self._add(scripts.create(), Entry("ok", ""))
        self._slots += 1
        return self._slots - 1

    def _add(self, op: Op, part: Part) -> None:
        self.ops.append(op)
        self.parts.append(part)


def _waiting_for_nobody() -> tuple[Op, ...]:
    return (scripts.create(), scripts.submit(0, FOO, "nobody"), scripts.next_(0))


def draw_orders(source: random.Random, count: int) -> list[Order]:
    """Return so many orders."""
    kinds = (_script, _script, _script, _script, _fibo, _fibo, _waiting, _cancelled, _failing)
    return [source.choice(kinds)(source, execution_id(number)) for number in range(count)]


def _script(source: random.Random, ident: ExecutionId) -> Order:
    script = Script(source, name=ident[-6:], length=source.randrange(1, 8))
    return Order(
        ident, RUN, [script.ops], Expected(parts=tuple(script.parts)), tokens=tuple(script.tokens),
        scheduled=tuple(script.scheduled),
    )  # fmt: skip


def _fibo(source: random.Random, ident: ExecutionId) -> Order:
    n, times, children, deep = (
        source.randrange(1, 20),
        source.randrange(1, 40),
        source.randrange(1, 5),
        source.randrange(1, 7),
    )
    ffqn, params, value = source.choice(
        [
            (FIBOA, [n, times], fibonacci(n)),
            (CONCURRENT, [n, times], fibonacci(n)),
            (NESTED, [deep], fibonacci(deep + 1)),
            (START_FIBOAS, [n, children, times], fibonacci(n) * children),
        ]
    )
    return Order(ident, ffqn, params, Expected((ExecutionResult(ok=TypedValue("u64", value)),)))


def _waiting(source: random.Random, ident: ExecutionId) -> Order:
    n = source.randrange(30)
    ops = [*_waiting_for_nobody(), scripts.call(FIBO_ACTIVITY, n)]
    parts = (Entry("ok", ""), Entry("ok"), Entry("ok", '"given"'), Entry("ok", str(fibonacci(n))))
    return Order(ident, RUN, [ops], Expected(parts=parts), stub=child(ident, "g:1_1"))


def _cancelled(source: random.Random, ident: ExecutionId) -> Order:
    nested = [scripts.create(), scripts.submit(0, RUN_CANCELLABLE, list(_waiting_for_nobody())), scripts.next_(0)]
    ops = source.choice([list(_waiting_for_nobody()), nested])
    return Order(ident, RUN_CANCELLABLE, [ops], Expected((CANCELLED,)), is_cancelled=True)


def _failing(source: random.Random, ident: ExecutionId) -> Order:
    n = source.randrange(30)
    if source.random() < 0.5:
        refused = ExecutionResult(err=TypedValue("string", "no"))
        return Order(ident, RUN, [[scripts.call(FIBO_ACTIVITY, n), scripts.fail("no")]], Expected((refused,)))
    return Order(ident, RUN, [[scripts.call(FIBO_ACTIVITY, n), scripts.trap()]], TRAPPED)


@dataclass(frozen=True)
class _Failed(Expected):
    """A failure of a kind, whatever its text."""

    kind: FailureKind = FailureKind.UNCATEGORIZED

    def fits(self, result: ExecutionResult) -> bool:
        failure = result.execution_failure
        return isinstance(failure, ExecutionFailure) and failure.kind is self.kind


TRAPPED = _Failed()
