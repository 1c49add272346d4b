"""Generated workflows: scripts for the scripted guest (``obelisk.testing.scripts``).

A *free* script does anything in any order; what it comes to may depend on who is faster. A *fixed* one comes to the same
whatever happens: of each join set at most one response is awaited at a time, nothing that may be cancelled is closed while
it could end by itself, and nobody looks whether something is there already.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from obelisk.testing import scripts
from obelisk.testing.scripts import RUN, RUN_CANCELLABLE, Op

STEADY: Final = "testing:worker/worker.work"
"""An activity that is retried until it works."""
RISKY: Final = "testing:risky/risky.work"
"""One that is retried once."""
STUB: Final = "testing:stub/stub.ask"
MAX_DEPTH: Final = 2
LONGEST: Final = 8_000
"""Milliseconds of a sleep or a delay."""


class _Slot:
    """A join set that a script has created."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.open = 0
        """How many responses will come by themselves and were not taken."""
        self.stub: int | None = None


class _Script:
    """Draws the operations of one script, step by step; ``ops`` has them."""

    def __init__(self, chance: random.Random, *, length: int, depth: int = 0) -> None:
        self._chance = chance
        self._depth = depth
        self._slots: list[_Slot] = []
        self._created = 0
        self._entries = 0
        self._children: list[int] = []
        self._stubs: list[int] = []
        self.ops: list[Op] = []
        steps = self._steps()
        for _ in range(chance.choice((0, 1, 1, 2)) if length else 0):
            self._create()
        for _ in range(length):
            chance.choice(steps)()
        self._end()

    def _steps(self) -> tuple[Callable[[], None], ...]:
        raise NotImplementedError

    def _end(self) -> None:
        self._finish_with(self._chance.random())

    def _finish_with(self, draw: float) -> None:
        if draw < 0.1:
            self.ops.append(scripts.fail("no"))
        elif draw < 0.2:
            self.ops.append(scripts.trap())

    # --- what both kinds do ---------------------------------------------------------------------------------------------

    def _create(self) -> None:
        name = self._chance.choice(["a", "b", "bad name", None, None, None])
        self._add(scripts.create() if name is None else scripts.create_named(name))
        if name == "bad name" or (name is not None and any(op == scripts.create_named(name) for op in self.ops[:-1])):
            return
        self._slots.append(_Slot(self._created))
        self._created += 1

    def _call(self) -> None:
        self._children.append(self._entries + 1)
        self._add(scripts.call(self._activity(), self._number()))
        self._add(scripts.last_call())

    def _call_child(self) -> None:
        if self._depth < MAX_DEPTH:
            self._add(scripts.call(RUN, self._inner()))

    def _schedule(self) -> None:
        entry = self._entries
        self._add(scripts.new_id())
        for _ in range(self._chance.randint(1, 2)):
            at = scripts.after(milliseconds=self._duration()) if self._chance.random() < 0.5 else scripts.now()
            self._add(scripts.schedule(entry, STEADY, self._chance.randint(1, 2), at=at))

    def _sleep(self) -> None:
        self._add(scripts.sleep(milliseconds=self._duration()))

    def _draw(self) -> None:
        draws = scripts.random(3, 3000), scripts.new_id(), scripts.random_string(1, 9), scripts.current_id()
        self._add(self._chance.choice(draws))

    def _get(self) -> None:
        if self._children:
            entry = self._chance.choice(self._children)
            self._add(self._chance.choice([scripts.get_result, scripts.get_failure])(entry))

    def _refused(self) -> None:
        slot = self._slot()
        if slot is not None:
            self._add(scripts.submit(slot.number, *self._chance.choice([("testing:no/no.no", 1), (STEADY, "ten")])))

    # --- parts ------------------------------------------------------------------------------------------------------------

    def _activity(self) -> str:
        return STEADY

    def _inner(self) -> list[Op]:
        return type(self)(self._chance, length=self._chance.randint(0, 5), depth=self._depth + 1).ops

    def _slot(self) -> _Slot | None:
        return self._chance.choice(self._slots) if self._slots else None

    def _number(self) -> int:
        return self._chance.randint(1, 12)  # 0 would be retried for ever

    def _duration(self) -> int:
        return self._chance.choice([0, 1, self._chance.randint(1, 500), self._chance.randint(1, LONGEST)])

    def _add(self, op: Op) -> int:
        self.ops.append(op)
        self._entries += 1
        return self._entries - 1


class FreeScript(_Script):
    """See the module's documentation."""

    def _steps(self) -> tuple[Callable[[], None], ...]:
        return (
            self._create, self._create, self._submit, self._submit, self._submit, self._ask, self._child, self._delay,
            self._next, self._next, self._next, self._try, self._call, self._call_child, self._schedule, self._sleep,
            self._draw, self._get, self._refused, self._close, self._give, self._give,
        )  # fmt: skip

    def _activity(self) -> str:
        return self._chance.choice([STEADY, RISKY])

    def _submit(self) -> None:
        self._on_slot(lambda number: scripts.submit(number, self._activity(), self._number()))

    def _ask(self) -> None:
        if self._slots:
            self._stubs.append(self._entries)
        self._on_slot(lambda number: scripts.submit(number, STUB, "x"))

    def _child(self) -> None:
        if self._depth < MAX_DEPTH:
            function = self._chance.choice([RUN, RUN_CANCELLABLE])
            self._on_slot(lambda number: scripts.submit(number, function, self._inner()))

    def _delay(self) -> None:
        self._on_slot(lambda number: scripts.delay(number, milliseconds=self._duration()))

    def _next(self) -> None:
        self._on_slot(scripts.next_)

    def _try(self) -> None:
        self._on_slot(scripts.try_next)

    def _give(self) -> None:
        if self._stubs:
            value: Any = self._chance.choice([{"ok": "yes"}, {"ok": "no"}, {"err": None}, {"wrong": 1}])
            self._add(scripts.stub(self._chance.choice(self._stubs), value))

    def _close(self) -> None:
        if self._slots:
            slot = self._slots.pop(self._chance.randrange(len(self._slots)))
            self._add(self._chance.choice([scripts.close, scripts.drop])(slot.number))

    def _on_slot(self, make: Callable[[int], Op]) -> None:
        slot = self._slot()
        if slot is not None:
            self._add(make(slot.number))


class FixedScript(_Script):
    """See the module's documentation."""

    def _steps(self) -> tuple[Callable[[], None], ...]:
        return (
            self._create, self._create, self._submit, self._submit, self._ask, self._give, self._child, self._delay,
            self._take, self._take, self._call, self._call_child, self._schedule, self._sleep, self._draw, self._get,
            self._refused, self._close,
        )  # fmt: skip

    def _end(self) -> None:
        for slot in self._slots:
            self._take_from(slot)
        super()._end()

    def _submit(self) -> None:
        self._request(lambda number: scripts.submit(number, STEADY, self._number()))

    def _child(self) -> None:
        if self._depth < MAX_DEPTH:
            self._request(lambda number: scripts.submit(number, RUN, self._inner()))

    def _delay(self) -> None:
        self._request(lambda number: scripts.delay(number, milliseconds=self._duration()))

    def _request(self, make: Callable[[int], Op]) -> None:
        slot = self._slot()
        if slot is not None and not slot.open and slot.stub is None:
            self._add(make(slot.number))
            slot.open += 1

    def _ask(self) -> None:
        slot = self._slot()
        if slot is not None and not slot.open and slot.stub is None:
            slot.stub = self._add(scripts.submit(slot.number, STUB, "x"))

    def _give(self) -> None:
        slot = self._slot()
        if slot is None or slot.stub is None:
            return
        self._add(scripts.stub(slot.stub, {"wrong": 1}))
        self._add(scripts.stub(slot.stub, {"ok": "yes"}))
        self._add(scripts.stub(slot.stub, {"ok": "no"}))
        slot.stub, slot.open = None, 1

    def _take(self) -> None:
        slot = self._slot()
        if slot is not None and slot.stub is None:
            self._take_from(slot)

    def _take_from(self, slot: _Slot) -> None:
        if slot.open:
            self._add(scripts.next_(slot.number))
            slot.open = 0

    def _close(self) -> None:
        if self._slots:
            slot = self._slots.pop(self._chance.randrange(len(self._slots)))
            self._take_from(slot)
            self._add(self._chance.choice([scripts.close, scripts.drop])(slot.number))
