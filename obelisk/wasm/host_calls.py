"""Calls from guests to the host.

Theory of operation
    Every import of every component is one of two functions of this module. wasmtime tells it two numbers: ``env``, which
    names the import, and the store's context, which names the guest. Both are looked up in tables of one ``HostCalls``,
    which belongs to one ``WasmEngine``; nothing is global.

    What runs here runs on a fiber's stack, where deep recursion aborts the process, so it does next to nothing: it lifts
    the arguments, leaves them with the guest, and *parks* (returns a continuation that is not complete yet). The guest's
    owner sees that on its own stack, decides, and leaves a reply; the next poll runs the continuation, which lowers the
    reply. A *recorded* import (``obelisk:log``, the drop of a resource) only appends to a list of the guest and returns.

    No callback lets an exception out. What goes wrong is left with the guest, which then ends with an error.
"""

from __future__ import annotations

from ctypes import c_void_p, string_at
from typing import TYPE_CHECKING, Any

from obelisk.errors import GuestError
from obelisk.wasm import binding
from obelisk.wasm.binding import VALUE_SIZE, Continuation
from obelisk.wasm.lift import Budget, Lifter, lifter
from obelisk.wasm.lower import Lowerer, lowerer
from obelisk.wit.model import Function
from obelisk.wit.wasi import is_wasi

if TYPE_CHECKING:
    from obelisk.wasm.guest import Guest


RECORD_COST = 256
"""What a recorded call takes besides its arguments, in bytes."""


class ImportedFunction:
    """An import of a component, with the converters of its types."""

    __slots__ = ("function", "interface", "lift", "lower", "recorded")

    def __init__(self, interface: str, function: Function, *, recorded: bool) -> None:
        self.interface = interface
        self.function = function
        self.recorded = recorded
        self.lift: tuple[tuple[Lifter, int], ...] = tuple(
            (lifter(param.type, raw=is_wasi(interface)), VALUE_SIZE * index)
            for index, param in enumerate(function.params)
        )
        self.lower: Lowerer | None = None if function.result is None else lowerer(function.result)


class HostCalls:
    """The imports of an engine's components, and the guests that may call them."""

    def __init__(self) -> None:
        self._functions: list[ImportedFunction] = []
        self._by_context: dict[int, Guest] = {}
        self._by_number: dict[int, Guest] = {}
        self._last_number = 0
        self._callbacks = (
            binding.AsyncCallback(self._on_call),
            binding.SyncCallback(self._on_record),
            binding.ContinuationCallback(self._on_poll),
            binding.ContinuationCallback(_completed),
            binding.DestructorCallback(self._on_drop),
        )
        self.on_call, self.on_record, self._poll, self._done, self.on_drop = (
            binding.address_of(callback) for callback in self._callbacks
        )

    @property
    def count(self) -> int:
        """How many guests there are."""
        return len(self._by_number)

    def add_function(self, function: ImportedFunction) -> int:
        """Return the ``env`` of an import."""
        self._functions.append(function)
        return len(self._functions) - 1

    def add_guest(self, guest: Guest) -> int:
        """Make a guest known by its context, and return the number that names it."""
        self._last_number += 1
        self._by_number[self._last_number] = guest
        self._by_context[guest.context] = guest
        return self._last_number

    def remove_guest(self, guest: Guest) -> None:
        """Forget a guest; its store is deleted or about to be."""
        del self._by_number[guest.number]
        del self._by_context[guest.context]

    def _on_call(
        self, env: int | None, context: int, _type: int, arguments: int, count: int,
        results: int, _results: int, error_out: int, continuation_out: int,
    ) -> None:  # fmt: skip
        continuation = Continuation.from_address(continuation_out)
        guest = self._by_context.get(context)
        try:
            function = self._functions[env or 0]
            if guest is None:
                raise GuestError("a host call came from a guest that was closed")
            guest.park(function, _lift(function, arguments, count, guest.new_budget()), results, error_out)
            continuation.callback = self._poll
            continuation.env = guest.number
        except BaseException as error:  # noqa: BLE001 - nothing may unwind through the guest's frames
            if guest is not None:
                guest.failure = error
            c_void_p.from_address(error_out).value = binding.error_new(b"host call failed")
            continuation.callback = self._done
            continuation.env = None
        continuation.finalizer = None

    def _on_record(
        self, env: int | None, context: int, _type: int, arguments: int, count: int, _results: int, _count: int
    ) -> int:
        guest = self._by_context[context]
        if guest.lost:  # what comes after a line that did not fit is lost too, at little cost
            guest.lost += 1
            return 0
        try:
            function = self._functions[env or 0]
            budget = guest.record_budget
            budget.spend(RECORD_COST)
            guest.records.append((function, _lift(function, arguments, count, budget)))
            return 0
        except GuestError:
            guest.lost += 1
            return 0
        except BaseException as error:  # noqa: BLE001
            guest.failure = error
            return binding.error_new(b"host call failed") or 0

    def _on_poll(self, number: int) -> bool:
        guest = self._by_number[number]
        if not guest.answered:
            return False
        try:
            guest.lower_reply()
        except BaseException as error:  # noqa: BLE001
            guest.failure = error
            c_void_p.from_address(guest.error_out).value = binding.error_new(b"host call failed")
        return True

    def _on_drop(self, _env: int | None, context: int, representation: int) -> int:
        guest = self._by_context.get(context)
        if guest is not None:
            guest.dropped.append(representation)
        return 0


def _lift(function: ImportedFunction, arguments: int, count: int, budget: Budget) -> list[Any]:
    if not count:
        return []
    buffer = string_at(arguments, VALUE_SIZE * count)
    return [lift(buffer, offset, budget) for lift, offset in function.lift]


def _completed(_env: int | None) -> bool:
    return True
