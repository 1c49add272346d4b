"""Values of any WIT type through a real component, which gives back what it got.

The component has no code for its type. Its function takes seventeen bytes besides the value, which is more than fits into
parameters of a core function, so both come as one tuple in memory; and it returns the same tuple: the address that it got.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from wasmtime.component import Component

from obelisk.names import Ffqn
from obelisk.wasm.artifact import binary_of
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits, Poll
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings
from obelisk.wit.model import Function, Param, Primitive, TupleType, Type, same_type
from obelisk.wit.signature import function_interface
from tests.fuzz.target import Fuzzed, Target
from tests.fuzz.wit_types import TYPES, exact
from tests.guests.build import _signature, _structure
from tests.wasm.test_lift_lower import values_of

NAME = "testing:echo/echo"
ECHO = Ffqn(f"{NAME}.echo")
PADDING = TupleType((Primitive.U8,) * 17)
ZEROS = [0] * 17
WHOLE = """
(component
  (component $inner
    (core module $main
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 64))
      (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
        (local $address i32)
        (local.set $address
          (i32.and
            (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
        (global.set $top (i32.add (local.get $address) (local.get $size)))
        (drop (memory.grow (i32.div_u (local.get $size) (i32.const 32768))))
        (local.get $address))
      (func (export "echo") (param i32) (result i32) (local.get 0)))
    (core instance $main (instantiate $main))
    {types}
    (func $echo {signature}
      (canon lift (core func $main "echo") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
    (export "echo" (func $echo)))
  (instance $echo (instantiate $inner))
  (export "testing:echo/echo" (instance $echo)))
"""
LIMITS = GuestLimits(
    memory=1 << 24, table_elements=100, tables=4, memories=4, instances=20, value_size=1 << 24
)  # fmt: skip


def component_of(type_: Type) -> str:
    """Return the text of the component for a type."""
    echo = Function("echo", (Param("padding", PADDING), Param("value", type_)), TupleType((PADDING, type_)))
    interface = function_interface(NAME, echo)
    names: dict[Type, str] = {}
    types = []
    for definition in interface.types:
        assert definition.type is not None
        structure = _structure(definition.type, names)
        name = names[definition.type] = f"$t{len(types)}"
        types.append(f'(type {name}-structure {structure}) (export {name} "{definition.name}" (type {name}-structure))')
    return WHOLE.format(types="\n".join(types), signature=_signature(interface.functions[0], names))


@st.composite
def examples(draw: st.DrawFn) -> tuple[Type, list[Any]]:
    """A type and some of its values."""
    type_ = draw(TYPES)
    return type_, draw(st.lists(values_of(type_), min_size=1, max_size=4))


class Echo:
    """An engine that makes a component for each type."""

    def __init__(self, engine: WasmEngine) -> None:
        self._engine = engine

    def check(self, example: tuple[Type, list[Any]]) -> None:
        type_, values = example
        binary = binary_of(component_of(type_).encode(), origin="echo", max_size=1 << 20)
        compiled = Component(self._engine.engine, binary)
        world = world_of(compiled, self._engine.engine)
        (interface,) = world.exports
        assert same_type(interface.functions[0].params[1].type, type_)
        linked = self._engine.link(compiled, world, recorded=lambda _: False)
        try:
            function = linked.export(ECHO)
            for value in values:
                assert exact(self._call(linked, function, value)) == exact([ZEROS, value])
        finally:
            linked.close()

    def _call(self, linked: Any, function: Any, value: Any) -> Any:
        running = self._engine.new_guest(linked, function, [ZEROS, value], limits=LIMITS)
        try:
            while (poll := self._engine._poll(running.guest)) is Poll.YIELDED:
                pass
            assert poll is Poll.ENDED
            assert running.guest.error is None, running.guest.error
            return running.guest.result
        finally:
            running.release()


@contextmanager
def opened(directory: Path) -> Iterator[Fuzzed]:
    loop = asyncio.new_event_loop()
    engine = WasmEngine(EngineSettings(fuel=False), limits=LIMITS, loop=loop)
    try:
        yield Fuzzed(examples(), Echo(engine).check)
    finally:
        engine.close()
        loop.close()


def target() -> Target:
    return Target("boundary", 40, opened)
