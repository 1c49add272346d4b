"""A component that is ready to be instantiated: compiled, linked, its functions' converters built."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof, c_uint8, c_void_p
from typing import Any

from wasmtime.component import Component as CompiledComponent

from obelisk.errors import ComponentError
from obelisk.names import Ffqn, ffqn
from obelisk.wasm import binding
from obelisk.wasm.binding import VALUE_SIZE, pointer_of
from obelisk.wasm.host_calls import HostCalls, ImportedFunction
from obelisk.wasm.lift import Lifter, lifter
from obelisk.wasm.lower import Lowerer, lowerer
from obelisk.wasm.resource_types import resource_number
from obelisk.wit.model import Function, Interface, Primitive, Type, TypeDef, World


class ExportedFunction:
    """An export of a component, with the converters of its types."""

    __slots__ = ("_index", "arguments", "function", "index", "lift", "lower", "name", "owns_result")

    def __init__(self, name: Ffqn, function: Function, index: Any) -> None:
        self.name = name
        self.function = function
        self._index = index
        self.index: int = pointer_of(index)
        self.arguments = c_uint8 * (VALUE_SIZE * max(len(function.params), 1))
        self.lower: tuple[tuple[Lowerer, int], ...] = tuple(
            (lowerer(param.type), VALUE_SIZE * position) for position, param in enumerate(function.params)
        )
        self.lift: Lifter | None = None if function.result is None else lifter(function.result)
        self.owns_result = _owns_memory(function.result)


def _owns_memory(type_: Type | None) -> bool:
    return type_ is not None and (not isinstance(type_, Primitive) or type_ is Primitive.STRING)


class Places:
    """Counts the guests of an engine that has room for ``total``."""

    __slots__ = ("taken", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self.taken = 0


class LinkedComponent:
    """A compiled component with a linker that leads each import to the host.

    ``recorded`` tells for an interface whether its functions are only recorded; all others park the guest. Imports are not
    compared with anything here: the deployment was checked before.

    ``pooled`` is the same component in the engine of a pool, when it fits there. Such a one is made with ``like``, the one
    that it is another form of: a guest's calls name the same imports in both. ``places`` are those of its engine.
    """

    def __init__(
        self,
        engine_pointer: int,
        compiled: CompiledComponent,
        world: World,
        *,
        host_calls: HostCalls,
        recorded: Callable[[str], bool],
        like: LinkedComponent | None = None,
        places: Places | None = None,
    ) -> None:
        self._compiled = compiled
        self._host_calls = host_calls
        self._recorded = recorded
        self._like = like
        self.pooled: LinkedComponent | None = None
        self.places = places
        self.engine = engine_pointer
        self.component = pointer_of(compiled)
        self.linker: int = binding.linker_new(engine_pointer)
        self.imports: list[ImportedFunction] = []
        try:
            self._link(world)
            self._exports = _exports(compiled, world)
        except BaseException:
            self.close()
            raise

    def export(self, name: Ffqn) -> ExportedFunction:
        """Return an exported function; raise ``ComponentError`` when there is none."""
        function = self._exports.get(name)
        if function is None:
            raise ComponentError(f"the component does not export `{name}`")
        return function

    def close(self) -> None:
        """Free the linker. No guest of the component may be alive."""
        if self.pooled is not None:
            self.pooled.close()
        if self.linker:
            binding.linker_delete(self.linker)
            self.linker = 0

    def _link(self, world: World) -> None:
        root = binding.linker_root(self.linker)
        try:
            for interface in world.imports:
                self._link_interface(root, interface)
        finally:
            binding.linker_instance_delete(root)

    def _link_interface(self, root: int, interface: Interface) -> None:
        name = interface.name.encode()
        instance = c_void_p()
        _check(binding.linker_add_instance(root, name, len(name), addressof(instance)))
        try:
            for type_ in interface.types:
                if type_.type is None:
                    self._link_resource(instance.value or 0, type_)
            for function in interface.functions:
                self._link_function(instance.value or 0, interface.name, function)
        finally:
            binding.linker_instance_delete(instance.value)

    def _link_resource(self, instance: int, definition: TypeDef) -> None:
        name = definition.name.encode()
        type_ = binding.resource_type_new(resource_number(definition.source_name or definition.name))
        try:
            _check(binding.linker_add_resource(instance, name, len(name), type_, self._host_calls.on_drop, None, None))
        finally:
            binding.resource_type_delete(type_)

    def _link_function(self, instance: int, interface: str, function: Function) -> None:
        recorded = self._recorded(interface)
        known = None if self._like is None else self._like.imports[len(self.imports)]
        imported = known or ImportedFunction(interface, function, recorded=recorded)
        self.imports.append(imported)
        env = self._host_calls.add_function(imported)
        name = function.name.encode()
        add = binding.linker_add_function if recorded else binding.linker_add_async_function
        callback = self._host_calls.on_record if recorded else self._host_calls.on_call
        _check(add(instance, name, len(name), callback, env, None))


def _exports(compiled: CompiledComponent, world: World) -> dict[Ffqn, ExportedFunction]:
    exports = {}
    for interface in world.exports:
        instance = compiled.get_export_index(interface.name)
        for function in interface.functions:
            name = ffqn(interface.name, function.name)
            exports[name] = ExportedFunction(name, function, compiled.get_export_index(function.name, instance))
    return exports


def _check(error: int | None) -> None:
    if error:
        raise ComponentError(f"a component cannot be linked: {binding.take_error(error)}")
