"""What loaded workflows call and no loaded component exports: a test may answer it without having the component.

The signature of a function is taken from the import, or pieced together from those of its extension functions: ``f-submit``
has its params, ``f-await-next``, ``f-get`` and ``f-stub`` its result. Where only the params are known it returns
``result<string, string>``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.interfaces.components import Component
from obelisk.interfaces.settings import ActivitySettings
from obelisk.wit.extensions import STUB_SUFFIX, FunctionExtension, extended, extension_result, reserved_suffix
from obelisk.wit.model import Function, Interface, Param, Primitive, ResultType, Type, TypeDef, World
from obelisk.wit.wasi import is_wasi

ANY_RESULT: Final = ResultType(Primitive.STRING, Primitive.STRING)
OWN_NAMESPACE: Final = "obelisk:"


class _Sketch(Struct, frozen=True):
    """What is known of a function so far."""

    params: tuple[Param, ...] = ()
    result: Type | UnsetType | None = UNSET

    def function(self, name: str) -> Function:
        return Function(name, self.params, ANY_RESULT if self.result is UNSET else self.result)


class _Wanted:
    """An interface that is missing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.types: tuple[TypeDef, ...] = ()
        self.is_stub = False
        self._direct: dict[str, Function] = {}
        self._sketches: dict[str, _Sketch] = {}

    def add(self, imported: Interface) -> None:
        """Take what an import tells."""
        suffix = reserved_suffix(imported.name)
        if suffix is None:
            self._direct.update({function.name: function for function in imported.functions})
            self.types = self.types or imported.types
            return
        self.is_stub |= suffix == STUB_SUFFIX
        for function in imported.functions:
            behind = extended(imported.name, function.name)
            if behind is not None:
                sketch = self._sketches.get(behind.function, _Sketch())
                self._sketches[behind.function] = _drawn(sketch, behind.extension, function)

    def interface(self) -> Interface:
        """Return the interface, as far as it is known."""
        drawn = {name: sketch.function(name) for name, sketch in self._sketches.items()}
        return Interface(self.name, tuple((drawn | self._direct).values()), self.types)


def missing_components(components: Sequence[Component]) -> tuple[Component, ...]:
    """Return an activity component for each interface that is missing, in the order in which workflows import them."""
    exported = {interface.name for component in components for interface in component.exports}
    wanted: dict[str, _Wanted] = {}
    for component in components:
        for imported in _calls(component):
            name = _behind(imported)
            if name not in exported:
                wanted.setdefault(name, _Wanted(name)).add(imported)
    return tuple(_component(one) for one in wanted.values())


def _calls(component: Component) -> Iterable[Interface]:
    """Yield the imports that other components have to answer."""
    if component.role is not ComponentRole.WORKFLOW:
        return
    offered = {interface.name for interface in component.provides}
    for imported in component.world.imports:
        is_host = imported.name in offered or imported.name.startswith(OWN_NAMESPACE) or is_wasi(imported.name)
        if not is_host and imported.functions:
            yield imported


def _behind(imported: Interface) -> str:
    behind = extended(imported.name, imported.functions[0].name)
    return imported.name if behind is None else behind.interface


def _drawn(sketch: _Sketch, extension: FunctionExtension, function: Function) -> _Sketch:
    match extension:
        case FunctionExtension.SUBMIT | FunctionExtension.SCHEDULE:
            return replace(sketch, params=function.params[1:])
        case FunctionExtension.STUB:
            return replace(sketch, result=_original(function.params[-1].type))
        case _:
            assert isinstance(function.result, ResultType)
            return replace(sketch, result=_original(function.result.ok))


def _original(result: Type | None) -> Type | None:
    """Return what a function returns whose extension functions have ``result`` as their R."""
    if isinstance(result, ResultType) and extension_result(result) != result:
        return result.ok
    return result


def _component(wanted: _Wanted) -> Component:
    interface = wanted.interface()
    role = ComponentRole.ACTIVITY_STUB if wanted.is_stub else ComponentRole.ACTIVITY
    name = "stub." + "".join(letter if letter.isalnum() else "." for letter in wanted.name)
    digest = "sha256:" + hashlib.sha256(repr(interface).encode()).hexdigest()
    return Component(
        ComponentId(role, name, digest), World(exports=(interface,)), (interface,), (), ActivitySettings(name=name)
    )
