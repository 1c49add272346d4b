"""What a compiled component imports and exports, read through wasmtime's reflection.

Reflection yields the structure of types, not their names: an interface says which names it exports and what structure
each has. The names are put back by structure. Where two named types of an interface have one structure (both
``execution-id`` and ``delay-id`` are ``record { id: string }``), the one that is called like the field, case, parameter
or function is taken, else the first; types are compared by structure, so this only shows when they are printed.
Resources do have an identity.
"""

from __future__ import annotations

from msgspec import Struct
from wasmtime import Engine
from wasmtime.component import Component, ComponentType, ModuleType, ResourceType
from wasmtime.component import ComponentInstanceType as InstanceType
from wasmtime.component import FuncType as FunctionType
from wasmtime.component import ValType as ValueType
from wasmtime.component import _types as wasm

from obelisk.errors import ComponentError
from obelisk.wasm import binding
from obelisk.wasm.type_names import name_types
from obelisk.wit.model import (
    BorrowType,
    Case,
    EnumType,
    Field,
    FlagsType,
    Function,
    Interface,
    ListType,
    OptionType,
    OwnType,
    Param,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    UnsupportedType,
    VariantType,
    World,
)

MAX_TYPE_NODES = 200_000
"""How many types, each counted as often as it is used, a component may have."""
MAX_ITEMS = 10_000
"""How many functions and named types its interfaces may have; reading them takes longer with the square of their number."""

_PRIMITIVES: dict[type, Primitive] = {
    wasm.Bool: Primitive.BOOL,
    wasm.S8: Primitive.S8,
    wasm.U8: Primitive.U8,
    wasm.S16: Primitive.S16,
    wasm.U16: Primitive.U16,
    wasm.S32: Primitive.S32,
    wasm.U32: Primitive.U32,
    wasm.S64: Primitive.S64,
    wasm.U64: Primitive.U64,
    wasm.F32: Primitive.F32,
    wasm.F64: Primitive.F64,
    wasm.Char: Primitive.CHAR,
    wasm.String: Primitive.STRING,
}

_UNSUPPORTED: dict[type, str] = {
    wasm.StreamType: "a stream",
    wasm.FutureType: "a future",
    wasm.ErrorContext: "an error-context",
}
_KINDS: dict[type, str] = {
    ModuleType: "a core module",
    ComponentType: "a component",
    ResourceType: "a resource outside of an interface",
}


def world_of(component: Component, engine: Engine) -> World:
    """Return what ``component`` imports and exports.

    An exported instance whose name has no ``:`` is left out: it is not a WIT interface but a helper of a toolchain.
    What no value crosses the boundary with, such as a stream or an async function's result, is an ``UnsupportedType``.

    Raises ``ComponentError`` when the component imports a core module, a component or a bare resource, or when its
    types are too large.
    """
    component_type = component.type
    reader = _Reader(engine)
    imports, bare_imports = reader.side(component_type.imports(engine), imported=True)
    exports, bare_exports = reader.side(component_type.exports(engine), imported=False)
    named_imports, named_exports = name_types(imports, exports)
    return World(named_imports, named_exports, bare_imports, bare_exports)


class _Resource(Struct, frozen=True):
    """A resource type of the component, and what the interface that declares it calls it."""

    raw: ResourceType
    name: str
    interface: str


class _Reader:
    """Reads the interfaces of one component in order, which is that of their dependencies."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._resources: list[_Resource] = []
        self._nodes = 0
        self._items = 0

    def side(
        self, items: dict[str, wasm.ComponentExtern], *, imported: bool
    ) -> tuple[tuple[Interface, ...], tuple[Function, ...]]:
        interfaces: list[Interface] = []
        functions: list[Function] = []
        for name, item in items.items():
            raw = _type_of(item)
            if isinstance(raw, InstanceType):
                if imported or ":" in name:
                    interfaces.append(self._interface(name, raw))
            elif isinstance(raw, FunctionType):
                functions.append(self._function(name, raw))
            elif imported and isinstance(raw, ModuleType | ComponentType | ResourceType):
                raise ComponentError(
                    f"the component imports `{name}`, {_KINDS[type(raw)]}, expected an interface or a function"
                )
        return tuple(interfaces), tuple(functions)

    def _interface(self, name: str, instance: InstanceType) -> Interface:
        self._items += binding.export_count(instance, self._engine)
        if self._items > MAX_ITEMS:
            raise ComponentError(f"the component's interfaces have more than {MAX_ITEMS} functions and types")
        items = [(item, _type_of(extern)) for item, extern in instance.exports(self._engine).items()]
        types = tuple(
            self._type_def(name, item, raw) for item, raw in items if isinstance(raw, ValueType | ResourceType | None)
        )
        functions = tuple(self._function(item, raw) for item, raw in items if isinstance(raw, FunctionType))
        return Interface(name, functions, types)

    def _type_def(self, interface: str, name: str, raw: ValueType | ResourceType | None) -> TypeDef:
        if not isinstance(raw, ResourceType):
            return TypeDef(name, self._convert(raw))
        known = self._resource(raw)
        if known is not None and known.interface != interface:
            return TypeDef(name, None, known.interface, known.name)
        if known is not None:
            return TypeDef(name, OwnType(known.name))  # another name for a resource of the same interface
        self._resources.append(_Resource(raw, name, interface))
        return TypeDef(name, None)

    def _function(self, name: str, raw: FunctionType) -> Function:
        try:
            params, result = raw.params, raw.result
        except TypeError:
            return Function(name, (), UnsupportedType("a function with a type that is not known here"))
        converted = tuple(Param(param, self._convert(value)) for param, value in params)
        if binding.is_async_function(raw):
            return Function(name, converted, UnsupportedType("the result of an async function"))
        return Function(name, converted, None if result is None else self._convert(result))

    def _convert(self, raw: ValueType | None) -> Type:
        self._nodes += 1
        if self._nodes > MAX_TYPE_NODES:
            raise ComponentError(f"the component's types have more than {MAX_TYPE_NODES} parts")
        if raw is None:
            return UnsupportedType("a type that is not known here")
        primitive = _PRIMITIVES.get(type(raw))
        if primitive is not None:
            return primitive
        try:
            return self._composite(raw)
        except TypeError:
            return UnsupportedType("a type with a part that is not known here")

    def _composite(self, raw: ValueType) -> Type:
        match raw:
            case wasm.ListType():
                return ListType(self._convert(raw.element))
            case wasm.OptionType():
                return OptionType(self._convert(raw.payload))
            case wasm.ResultType():
                return ResultType(self._maybe(raw.ok), self._maybe(raw.err))
            case wasm.TupleType():
                return TupleType(tuple(self._convert(element) for element in raw.elements))
            case wasm.RecordType():
                return RecordType(tuple(Field(name, self._convert(field)) for name, field in raw.fields))
            case wasm.VariantType():
                return VariantType(tuple(Case(name, self._maybe(payload)) for name, payload in raw.cases))
            case wasm.EnumType():
                return EnumType(tuple(raw.names))
            case wasm.FlagsType():
                return FlagsType(tuple(raw.names))
            case wasm.OwnType():
                return OwnType(self._resource_name(raw.ty))
            case wasm.BorrowType():
                return BorrowType(self._resource_name(raw.ty))
            case _:
                return UnsupportedType(_UNSUPPORTED.get(type(raw), type(raw).__name__))

    def _maybe(self, raw: ValueType | None) -> Type | None:
        return None if raw is None else self._convert(raw)

    def _resource(self, raw: ResourceType) -> _Resource | None:
        return next((known for known in self._resources if known.raw == raw), None)

    def _resource_name(self, raw: ResourceType) -> str:
        known = self._resource(raw)
        return "" if known is None else known.name


def _type_of(item: wasm.ComponentExtern) -> object:
    """Return the type of an item, ``None`` when it is of a kind that the binding does not know."""
    try:
        return item.ty
    except TypeError:
        return None
