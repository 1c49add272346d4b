"""Places for guests that are soon over: their stacks and memories are kept, not mapped anew for each.

Theory of operation
    Mapping a stack and a memory for each guest, and unmapping both, is more than half of what a short activity costs. A
    second wasmtime engine takes them from a pool instead, and gives a place back as clean as a new one: what the guest has
    written is overwritten, up to ``KEPT_BYTES`` of each memory, or given back to the system. The same machine code runs in
    both engines.

    A pool is of a fixed size, and a guest that waits keeps its place. So only guests that are expected to end soon get one,
    as long as one is free; all others live in the first engine, whose only bound is the machine. A component that needs more
    than a place has, in memories, tables or instances, does not load into the pool; that is no error.

    Only address space is taken in advance: over a terabyte, most of it never used. Where there is not so much of it
    there is no pool; wasmtime would end the process, so this is tried first.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import ExitStack
from typing import Final

from msgspec import Struct
from wasmtime import Config, Engine

from obelisk.wasm import binding
from obelisk.wasm.binding import pointer_of
from obelisk.wasm.guest import GuestLimits
from obelisk.wasm.linked import Places
from obelisk.wasm.memory_use import KEPT_BYTES
from obelisk.wasm.settings import EngineSettings, enable_faulthandler, wasmtime_config

PLACES: Final = 64
MAX_MEMORY: Final = 4 * 1024**3
"""What one memory of a place can grow to; a limit above this needs the other engine."""
_GUARD: Final = 32 * 1024**2
_MEMORIES: Final = 4
_TABLES: Final = 10
_INSTANCES: Final = 50
_ELEMENT_SIZE: Final = 8
_MAP_NORESERVE: Final = 0x4000


class Sizes(Struct, frozen=True):
    """What a pool is made with; a component that needs more than one place has is not for it."""

    memories: int
    tables: int
    instances: int
    table_elements: int
    stack: int

    @classmethod
    def of(cls, settings: EngineSettings, limits: GuestLimits) -> Sizes:
        """Return the sizes for guests with ``limits``."""
        return cls(
            memories=min(limits.memories, _MEMORIES),
            tables=min(limits.tables, _TABLES),
            instances=min(limits.instances, _INSTANCES),
            table_elements=limits.table_elements,
            stack=settings.async_stack_size,
        )

    @property
    def options(self) -> dict[str, int]:
        """The options of wasmtime's pooling allocator. A memory more for each place, since garbage collection takes one."""
        return {
            "total_component_instances": PLACES,
            "total_core_instances": PLACES * self.instances,
            "total_memories": PLACES * (self.memories + 1),
            "total_tables": PLACES * self.tables,
            "total_stacks": PLACES * 2,
            "total_gc_heaps": PLACES,
            "max_core_instances_per_component": self.instances,
            "max_memories_per_component": self.memories,
            "max_memories_per_module": self.memories,
            "max_tables_per_component": self.tables,
            "max_tables_per_module": self.tables,
            "table_elements": self.table_elements,
            "max_memory_size": MAX_MEMORY,
            "linear_memory_keep_resident": KEPT_BYTES,
            "async_stack_keep_resident": KEPT_BYTES,
            "table_keep_resident": KEPT_BYTES,
        }

    @property
    def fit(self) -> bool:
        """Whether the address space has room for the pool."""
        return _can_be_mapped(
            (PLACES * (self.memories + 1) + 1) * (MAX_MEMORY + _GUARD),
            PLACES * self.tables * (self.table_elements * _ELEMENT_SIZE + mmap.PAGESIZE),
            PLACES * 2 * (self.stack + 2 * mmap.PAGESIZE),
        )


class Pool:
    """See the module's theory of operation."""

    def __init__(self, config: Config) -> None:
        self.engine = Engine(config)
        self.pointer = pointer_of(self.engine)
        self.places = Places(PLACES)

    def has_place(self, limits: GuestLimits) -> bool:
        """Whether a guest with these limits can have a place now."""
        return self.places.taken < self.places.total and limits.memory <= MAX_MEMORY


def open_pool(settings: EngineSettings, limits: GuestLimits) -> Pool | None:
    """Return a pool for guests with ``limits``, or ``None`` where there cannot be one."""
    sizes = Sizes.of(settings, limits)
    if not sys.platform.startswith("linux") or not sizes.fit:
        return None
    enable_faulthandler()
    config = wasmtime_config(settings)
    binding.set_pooling(config, sizes.options)
    return Pool(config)


def _can_be_mapped(unused: int, *used: int) -> bool:
    """Tell whether ranges of these sizes can be had at once, the first without access to it."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
    try:
        with ExitStack() as stack:
            stack.enter_context(mmap.mmap(-1, unused, flags=flags, prot=0))
            for size in used:
                stack.enter_context(mmap.mmap(-1, size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE))
    except (OSError, OverflowError, ValueError):
        return False
    return True
