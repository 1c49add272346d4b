"""Scenarios: scripts for ``tests/guests/scripted.wat`` that a seed generates, each with one possible log.

What a scenario does, and in which order responses come, must not depend on how its workflows are kept and when they run.
So nothing falls due close to something else; a child workflow sleeps first; a stub is given its result, and a response
looked for (``try-next``), when all that can come has come; and of the children that end by themselves when they are
cancelled at most one is open in a join set.
"""

from __future__ import annotations

import random
from typing import Any

from tests import scripts
from tests.scripts import RUN, RUN_CANCELLABLE, Op

FIBO = "testing:fibo/fibo.fibo"
STUB = "testing:stub-activity/activity.foo"
MISSING = "testing:missing/missing.missing"
LONG = 10**9
"""Durations are drawn up to here, in milliseconds, so that two of them are never close."""
MAX_DEPTH = 2


class _Slot:
    """An open join set: what was asked for, what will answer, what was taken."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.requested = 0
        self.answering = 0
        self.taken = 0
        self.later = 0
        self.cancellable = 0


class Scenario:
    """Generates one script; ``ops`` is the result."""

    def __init__(self, source: random.Random, *, length: int, depth: int = 0) -> None:
        self._random = source
        self._depth = depth
        self._slots: list[_Slot] = []
        self._created = 0
        self._entries = 0
        self._stubs: list[tuple[int, _Slot]] = []
        self._given: list[tuple[int, Any]] = []
        self._children: list[int] = []
        self._names: list[str] = []
        self.ops: list[Op] = []
        steps = (
            self._create, self._create, self._fibo, self._fibo, self._open_stub, self._give_stub, self._child, self._delay,
            self._next, self._next, self._next, self._try, self._call, self._call_missing, self._call_child, self._schedule,
            self._sleep, self._draw, self._ask, self._refused, self._close, self._get, self._log,
        )  # fmt: skip
        for _ in range(length):
            source.choice(steps)()
        self._end()

    # --- join sets -----------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        if self._random.random() < 0.5:
            self._add(scripts.create())
        else:
            name = self._random.choice(["a", "b/c", "d-1", "bad name"])
            self._add(scripts.create_named(name))
            if name in self._names or name == "bad name":
                return
            self._names.append(name)
        self._slots.append(_Slot(self._created))
        self._created += 1

    def _close(self) -> None:
        if not self._slots:
            return
        slot = self._slots.pop(self._random.randrange(len(self._slots)))
        self._stubs = [stub for stub in self._stubs if stub[1] is not slot]
        self._add(self._random.choice([scripts.close, scripts.drop])(slot.number))

    def _fibo(self) -> None:
        if (slot := self._slot()) is not None:
            self._request(slot, scripts.submit(slot.number, FIBO, self._random.randrange(12)), answers=True)

    def _open_stub(self) -> None:
        if (slot := self._slot()) is not None:
            self._stubs.append((self._entries, slot))
            self._request(slot, scripts.submit(slot.number, STUB, "x"), answers=False)

    def _give_stub(self) -> None:
        value = self._random.choice([{"ok": "yes"}, {"err": None}, {"wrong": 1}])
        self._sleep()  # what runs has ended, so that its response comes before
        if self._given and self._random.random() < 0.4:
            entry, _ = self._random.choice(self._given)
            self._add(scripts.stub(entry, value))
        elif self._stubs:
            entry, slot = self._stubs.pop(self._random.randrange(len(self._stubs)))
            self._add(scripts.stub(entry, value))
            if "wrong" in value:
                self._stubs.append((entry, slot))
                return
            slot.answering += 1
            self._given.append((entry, value))

    def _child(self) -> None:
        slot = self._slot()
        if slot is None or self._depth >= MAX_DEPTH:
            return
        cancellable = self._random.random() < 0.5 and not slot.cancellable
        slot.cancellable += cancellable
        slot.later += 1
        function = RUN_CANCELLABLE if cancellable else RUN
        self._request(slot, scripts.submit(slot.number, function, self._inner()), answers=True)

    def _delay(self) -> None:
        if (slot := self._slot()) is not None:
            slot.later += 1
            self._request(slot, scripts.delay(slot.number, milliseconds=self._duration()), answers=True)

    def _next(self) -> None:
        slot = self._slot()
        if slot is None or (slot.taken >= slot.answering and slot.taken < slot.requested):
            return
        slot.taken += slot.taken < slot.requested
        self._add(scripts.next_(slot.number))
        if self._random.random() < 0.3:
            self._add(scripts.last_id(slot.number))

    def _try(self) -> None:
        slot = self._slot()
        if slot is None or slot.later:
            return
        self._sleep()  # what can come has come
        slot.taken += slot.taken < slot.answering
        self._add(scripts.try_next(slot.number))

    # --- executions ----------------------------------------------------------------------------------------------------

    def _call(self) -> None:
        self._children.append(self._entries + 1)
        self._add(scripts.call(FIBO, self._random.randrange(12)))
        self._add(self._random.choice([scripts.last_call(), scripts.last_oneoff()]))

    def _call_missing(self) -> None:
        wrong = (MISSING, 1), (FIBO, "ten"), (FIBO,), ("nonsense",)
        self._add(scripts.call(*self._random.choice(wrong)))

    def _call_child(self) -> None:
        if self._depth < MAX_DEPTH:
            self._add(scripts.call(RUN, self._inner()))

    def _schedule(self) -> None:
        entry = self._entries
        self._add(scripts.new_id())
        for _ in range(self._random.randrange(1, 3)):
            at = scripts.after(milliseconds=self._duration()) if self._random.random() < 0.5 else scripts.now()
            self._add(scripts.schedule(entry, FIBO, self._random.randrange(2), at=at))

    def _get(self) -> None:
        if self._children:
            entry = self._random.choice(self._children)
            self._add(self._random.choice([scripts.get_result, scripts.get_failure])(entry))

    def _refused(self) -> None:
        slot = self._slot()
        if slot is not None:
            wrong = (MISSING, 1), (FIBO, "ten"), ("nonsense",)
            self._add(scripts.submit(slot.number, *self._random.choice(wrong)))

    # --- time, randomness and the rest ---------------------------------------------------------------------------------

    def _sleep(self) -> None:
        self._add(scripts.sleep(milliseconds=self._duration(), name=self._random.choice([None, "nap"])))

    def _draw(self) -> None:
        draws = scripts.random(3, 3000), scripts.random(9, 3), scripts.random_inclusive(0, 2**64 - 1), scripts.new_id()
        self._add(self._random.choice([*draws, scripts.random_string(1, 9), scripts.random_string(4, 4)]))

    def _ask(self) -> None:
        self._add(self._random.choice([scripts.current_id(), scripts.last_call(), scripts.last_oneoff()]))

    def _log(self) -> None:
        self.ops.append(scripts.log("a line"))

    def _end(self) -> None:
        draw = self._random.random()
        if draw < 0.1:
            self.ops.append(scripts.fail("no"))
        elif draw < 0.2:
            self.ops.append(scripts.trap())

    # --- parts -------------------------------------------------------------------------------------------------------

    def _inner(self) -> list[Op]:
        """Return the script of a child; it starts with a sleep, so that it ends when nothing else does."""
        inner = Scenario(self._random, length=self._random.randrange(1, 6), depth=self._depth + 1).ops
        return [scripts.sleep(milliseconds=self._duration()), *inner]

    def _slot(self) -> _Slot | None:
        return self._random.choice(self._slots) if self._slots else None

    def _request(self, slot: _Slot, op: Op, *, answers: bool) -> None:
        slot.requested += 1
        slot.answering += answers
        self._add(op)

    def _duration(self) -> int:
        return self._random.randrange(10_000, LONG)

    def _add(self, op: Op) -> None:
        self.ops.append(op)
        self._entries += 1


def scenario(seed: int) -> list[Op]:
    """Return the script of a seed."""
    source = random.Random(seed)
    return Scenario(source, length=source.randrange(4, 20)).ops
