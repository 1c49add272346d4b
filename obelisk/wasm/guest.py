"""A guest: one store, one instance, one call of one exported function.

Theory of operation
    A guest runs on a fiber of its own. ``poll`` runs it until it *parks* in a host call, *yields* because its time slice
    is over, or *ends*; it says which. While it is parked, ``call`` holds what it asked; ``answer`` leaves the reply, and
    the next ``poll`` goes on with it. A slice begins with the guest and anew with each reply; else a guest that was parked
    for longer than a slice would yield before it does anything.

    A guest has one owner at a time: the thread that polls it, closes it, or touches any of its buffers. The wasmtime
    rules that follow from that and are kept here: one call in flight per store; buffers live as long as the future; the
    future is deleted before the store; an instance that trapped is dead, so nothing is called after an end.
"""

from __future__ import annotations

from ctypes import addressof, c_uint8, c_void_p, string_at
from enum import Enum
from typing import Any

from msgspec import Struct

from obelisk.errors import GuestError
from obelisk.wasm import binding
from obelisk.wasm.binding import FUNCTION_SIZE, INSTANCE_SIZE, VALUE_SIZE
from obelisk.wasm.host_calls import HostCalls, ImportedFunction
from obelisk.wasm.lift import Budget
from obelisk.wasm.linked import ExportedFunction, LinkedComponent
from obelisk.wasm.lower import Lowerer

_Value = c_uint8 * VALUE_SIZE
_Instance = c_uint8 * INSTANCE_SIZE
_Function = c_uint8 * FUNCTION_SIZE

RECORDED_SIZE = 2 * 1024 * 1024
"""How many bytes of recorded calls a guest may leave until they are taken; what comes after that is only counted."""


MANY_GUESTS = 256
"""With more guests the process's memory map takes long to read."""


class GuestLimits(Struct, frozen=True):
    """What one guest may use. ``memory`` is bytes, ``table_elements`` entries; ``fuel`` is ``None`` when not counted."""

    memory: int
    table_elements: int
    tables: int
    memories: int
    instances: int
    value_size: int
    fuel: int | None = None


class Poll(Enum):
    """Why a poll came back."""

    PARKED = "parked"
    YIELDED = "yielded"
    ENDED = "ended"


class HostCall(Struct, frozen=True):
    """What a parked guest asked: an import and its arguments as JSON."""

    function: ImportedFunction
    arguments: list[Any]


class Guest:
    """See the module's theory of operation."""

    __slots__ = (
        "_arguments", "_call_error", "_closed", "_function", "_future", "_host_calls", "_instance", "_linked",
        "_lower", "_params", "_reply", "_result", "_results_at", "_store", "answered", "call", "context",
        "dropped", "error", "error_out", "failure", "limits", "lost", "number", "parked", "record_budget",
        "records", "result",
    )  # fmt: skip

    def __init__(
        self, linked: LinkedComponent, function: ExportedFunction, params: list[Any], *, limits: GuestLimits,
        host_calls: HostCalls,
    ) -> None:  # fmt: skip
        self._linked = linked
        self._function = function
        self._params = params
        self.limits = limits
        self._host_calls = host_calls
        self._closed = False
        self._future: int | None = None
        self._reply: Any = None
        self._lower: Lowerer | None = None
        self._results_at = 0
        self._arguments: Any = None
        self._result = _Value()
        self._call_error = c_void_p()
        self._instance = _Instance()
        self.call: HostCall | None = None
        self.parked = False
        self.answered = False
        self.error_out = 0
        self.failure: BaseException | None = None
        self.error: str | None = None
        self.result: Any = None
        self.records: list[tuple[ImportedFunction, list[Any]]] = []
        self.lost = 0
        self.dropped: list[int] = []
        self._store: int = binding.store_new(linked.engine, None, None)
        self.context: int = binding.store_context(self._store)
        self.record_budget = Budget(self.context, RECORDED_SIZE)
        self.number = host_calls.add_guest(self)
        if linked.places is not None:
            linked.places.taken += 1
        try:
            self._limit()
        except GuestError:
            self.close()
            raise
        self._future = binding.instantiate(
            linked.linker, self.context, linked.component, addressof(self._instance), addressof(self._call_error)
        )

    def poll(self) -> Poll:
        """Run until the guest parks, yields or ends. After an end, ``result`` or ``error`` is set. Raises nothing."""
        try:
            return self._poll()
        except Exception as error:  # noqa: BLE001 - a value that does not fit must end this guest, not its owner
            self.error = f"{type(error).__name__}: {error}"
            return Poll.ENDED

    def _poll(self) -> Poll:
        while not self._closed:
            if not binding.future_poll(self._future):
                return Poll.PARKED if self.parked and not self.answered else Poll.YIELDED
            binding.future_delete(self._future)
            self._future = None
            if self._call_error.value:
                self.error = self._take_error()
                return Poll.ENDED
            if self._arguments is not None:
                self._take_result()
                return Poll.ENDED
            self._start_call()
        return Poll.ENDED

    def answer(self, reply: Any) -> None:
        """Leave the reply to ``call``, plain JSON that fits the import's type, for the next ``poll``."""
        self._reply = reply
        # The call goes now, on the owner's stack, and not when the next one takes its place, on the fiber's.
        self._lower, self.call = None if self.call is None else self.call.function.lower, None
        self.answered = True

    def close(self) -> None:
        """Drop the guest wherever it is. Idempotent; only its owner may call it."""
        if self._closed:
            return
        self._closed = True
        if self._future is not None:
            binding.future_delete(self._future)
            self._future = None
        self._free_arguments()
        # Before the store: a new one may get its address.
        self._host_calls.remove_guest(self)
        binding.store_delete(self._store)
        if self._linked.places is not None:
            self._linked.places.taken -= 1

    @property
    def is_called(self) -> bool:
        """Whether the instance exists, so that its function was called; asked before ``close``."""
        return self._arguments is not None

    @property
    def may_look_at_memory(self) -> bool:
        """Whether the process's memory map is small enough to be read for one guest."""
        return self._host_calls.count <= MANY_GUESTS

    def take_records(self) -> tuple[list[tuple[ImportedFunction, list[Any]]], int]:
        """Take the recorded calls since the last time, and how many more there were than could be kept."""
        if not self.records and not self.lost:
            return [], 0
        records, lost = self.records, self.lost
        self.records, self.lost = [], 0
        self.record_budget = Budget(self.context, RECORDED_SIZE)
        return records, lost

    # --- called on the fiber ---------------------------------------------------------------------------------------

    def park(self, function: ImportedFunction, arguments: list[Any], results: int, error_out: int) -> None:
        """Take note of a host call. The pointers are valid until its continuation completes."""
        self.call = HostCall(function, arguments)
        self._results_at = results
        self.error_out = error_out
        self.parked = True
        self.answered = False

    def lower_reply(self) -> None:
        """Write the reply where the guest expects it, and begin its time slice anew."""
        self.parked = self.answered = False
        binding.set_epoch_deadline(self.context, 1)
        if self._lower is not None:
            self._lower(self._reply, self._results_at, self.context)

    def new_budget(self) -> Budget:
        """Return the budget of one call's values."""
        return Budget(self.context, self.limits.value_size)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _limit(self) -> None:
        limits = self.limits
        binding.store_limiter(
            self._store, limits.memory, limits.table_elements, limits.instances, limits.tables, limits.memories
        )
        binding.yield_on_epoch(self.context, 1)
        binding.set_epoch_deadline(self.context, 1)  # of a new store it has passed: the guest would yield at once
        if limits.fuel is not None:
            error = binding.set_fuel(self.context, limits.fuel)
            if error:
                raise GuestError(f"fuel cannot be set: {binding.take_error(error)}")

    def _start_call(self) -> None:
        function = self._function
        handle = _Function()
        found = binding.get_function(addressof(self._instance), self.context, function.index, addressof(handle))
        if not found:
            raise GuestError(f"the instance has no function `{function.name}`")
        count = len(function.lower)
        self._arguments = function.arguments(), handle
        start = addressof(self._arguments[0])
        for (lower, offset), value in zip(function.lower, self._params, strict=True):
            lower(value, start + offset, self.context)
        has_result = function.lift is not None
        self._future = binding.call(
            addressof(handle), self.context, start, count,
            addressof(self._result) if has_result else None, int(has_result), addressof(self._call_error),
        )  # fmt: skip

    def _take_result(self) -> None:
        function = self._function
        if function.lift is None:
            return
        address = addressof(self._result)
        try:
            self.result = function.lift(string_at(address, VALUE_SIZE), 0, self.new_budget())
        except GuestError as error:
            self.error = str(error)
        finally:
            if function.owns_result:
                binding.value_delete(address)

    def _take_error(self) -> str:
        message = binding.take_error(self._call_error.value or 0)
        failure, self.failure = self.failure, None
        return message if failure is None else f"{type(failure).__name__}: {failure}"

    def _free_arguments(self) -> None:
        if self._arguments is None:
            return
        start = addressof(self._arguments[0])
        for index in range(len(self._function.lower)):
            binding.value_delete(start + VALUE_SIZE * index)
        self._arguments = None
