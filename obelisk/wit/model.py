"""A model of WIT types, functions, interfaces and worlds.

Types are compared by structure: ``same_type`` ignores the names of types and of parameters, but not those of fields,
cases and flags. It takes a variant without payloads as equal to an enum of the same cases, since their values are, and two
resources as equal when their names are (``join-set`` is ``join-set`` wherever it was ``use``d from). The ``name`` of a
record, variant, enum, flags or alias is what it is called where it is defined; the printer uses it.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Primitive(Enum):
    """The types without parts; the value is the WIT keyword."""

    BOOL = "bool"
    S8 = "s8"
    U8 = "u8"
    S16 = "s16"
    U16 = "u16"
    S32 = "s32"
    U32 = "u32"
    S64 = "s64"
    U64 = "u64"
    F32 = "f32"
    F64 = "f64"
    CHAR = "char"
    STRING = "string"


class ListType(Struct, frozen=True):
    """``list<element>``."""

    element: Type


class OptionType(Struct, frozen=True):
    """``option<payload>``."""

    payload: Type


class ResultType(Struct, frozen=True):
    """``result<ok, err>``; ``None`` where there is no payload."""

    ok: Type | None
    err: Type | None


class TupleType(Struct, frozen=True):
    """``tuple<...>``."""

    elements: tuple[Type, ...]


class Field(Struct, frozen=True):
    """A field of a record."""

    name: str
    type: Type


class RecordType(Struct, frozen=True):
    """``record name { ... }``."""

    fields: tuple[Field, ...]
    name: str = ""


class Case(Struct, frozen=True):
    """A case of a variant; ``type`` is ``None`` when it has no payload."""

    name: str
    type: Type | None = None


class VariantType(Struct, frozen=True):
    """``variant name { ... }``."""

    cases: tuple[Case, ...]
    name: str = ""


class EnumType(Struct, frozen=True):
    """``enum name { ... }``."""

    cases: tuple[str, ...]
    name: str = ""


class FlagsType(Struct, frozen=True):
    """``flags name { ... }``."""

    flags: tuple[str, ...]
    name: str = ""


class OwnType(Struct, frozen=True):
    """A handle that owns a resource."""

    resource: str


class BorrowType(Struct, frozen=True):
    """A handle that borrows a resource."""

    resource: str


class UnsupportedType(Struct, frozen=True):
    """A type that no value crosses the boundary with, such as ``stream<u8>``; ``text`` is what it is called."""

    text: str


Type = (
    Primitive
    | ListType
    | OptionType
    | ResultType
    | TupleType
    | RecordType
    | VariantType
    | EnumType
    | FlagsType
    | OwnType
    | BorrowType
    | UnsupportedType
)


class Param(Struct, frozen=True):
    """A parameter of a function."""

    name: str
    type: Type


class Function(Struct, frozen=True):
    """A function of an interface; ``name`` may be ``[method]resource.name`` and its like."""

    name: str
    params: tuple[Param, ...]
    result: Type | None


class TypeDef(Struct, frozen=True):
    """A named type of an interface. ``type`` is ``None`` for a resource.

    ``source`` is the interface that it was ``use``d from, and ``source_name`` its name there; both are empty when it is
    defined here.
    """

    name: str
    type: Type | None
    source: str = ""
    source_name: str = ""


class Interface(Struct, frozen=True):
    """An interface, ``name`` with its package and version: ``ns:pkg/ifc@1.0.0``."""

    name: str
    functions: tuple[Function, ...] = ()
    types: tuple[TypeDef, ...] = ()

    def function(self, name: str) -> Function | None:
        """Return the function of this name, ``None`` when there is none."""
        return next((function for function in self.functions if function.name == name), None)


class World(Struct, frozen=True):
    """What a component imports and exports. Functions outside of interfaces are kept by their bare names."""

    imports: tuple[Interface, ...] = ()
    exports: tuple[Interface, ...] = ()
    bare_imports: tuple[Function, ...] = ()
    bare_exports: tuple[Function, ...] = ()


def same_type(one: Type | None, other: Type | None) -> bool:
    """Tell whether two types have the same structure."""
    one, other = _as_enum(one), _as_enum(other)
    if type(one) is not type(other):
        return False
    match one, other:
        case RecordType(), RecordType():
            return len(one.fields) == len(other.fields) and all(
                a.name == b.name and same_type(a.type, b.type) for a, b in zip(one.fields, other.fields, strict=True)
            )
        case VariantType(), VariantType():
            return len(one.cases) == len(other.cases) and all(
                a.name == b.name and same_type(a.type, b.type) for a, b in zip(one.cases, other.cases, strict=True)
            )
        case EnumType(), EnumType():
            return one.cases == other.cases
        case FlagsType(), FlagsType():
            return one.flags == other.flags
        case ListType(), ListType():
            return same_type(one.element, other.element)
        case OptionType(), OptionType():
            return same_type(one.payload, other.payload)
        case ResultType(), ResultType():
            return same_type(one.ok, other.ok) and same_type(one.err, other.err)
        case TupleType(), TupleType():
            return len(one.elements) == len(other.elements) and all(
                same_type(a, b) for a, b in zip(one.elements, other.elements, strict=True)
            )
        case _:
            return one == other


def _as_enum(type_: Type | None) -> Type | None:
    if isinstance(type_, VariantType) and all(case.type is None for case in type_.cases):
        return EnumType(tuple(case.name for case in type_.cases))
    return type_


def same_function(one: Function, other: Function) -> bool:
    """Tell whether two functions take and return the same types; names of parameters do not matter."""
    return (
        len(one.params) == len(other.params)
        and all(same_type(a.type, b.type) for a, b in zip(one.params, other.params, strict=True))
        and same_type(one.result, other.result)
    )
