"""Walking over types: which named types a function mentions, and which types values can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from obelisk.wit.model import (
    BorrowType,
    EnumType,
    FlagsType,
    Function,
    ListType,
    OptionType,
    OwnType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    UnsupportedType,
    VariantType,
)

NamedType = RecordType | VariantType | EnumType | FlagsType


def children(type_: Type) -> tuple[Type, ...]:
    """Return the types that a type is directly made of."""
    match type_:
        case ListType(element):
            return (element,)
        case OptionType(payload):
            return (payload,)
        case ResultType(ok, err):
            return tuple(part for part in (ok, err) if part is not None)
        case TupleType(elements):
            return elements
        case RecordType(fields):
            return tuple(field.type for field in fields)
        case VariantType(cases):
            return tuple(case.type for case in cases if case.type is not None)
        case _:
            return ()


def carries_values(type_: Type) -> bool:
    """Tell whether values of a type can be written down: it has no resource and no stream in it."""
    if isinstance(type_, OwnType | BorrowType | UnsupportedType):
        return False
    return all(carries_values(part) for part in children(type_))


def function_types(function: Function) -> Iterator[Type]:
    """Yield the types of a function's parameters and of its result."""
    for param in function.params:
        yield param.type
    if function.result is not None:
        yield function.result


def type_key(definition: TypeDef) -> Type:
    """Return what a definition is found by: its type, for a resource the handle that owns it."""
    if definition.type is None:
        return OwnType(definition.source_name or definition.name)
    return definition.type


def has_name(type_: Type) -> bool:
    """Tell whether a type stands for a definition that text refers to by name."""
    return isinstance(type_, OwnType | NamedType) and bool(own_name(type_))


def named_parts(types: Iterable[Type]) -> Iterator[Type]:
    """Yield the outermost named types in ``types``, each as the key that its definition is found by."""
    for type_ in types:
        key = OwnType(type_.resource) if isinstance(type_, BorrowType) else type_
        if has_name(key):
            yield key
        elif not isinstance(key, Primitive):
            yield from named_parts(children(key))


def definitions_by_type(definitions: Iterable[TypeDef]) -> dict[Type, TypeDef]:
    """Return definitions by ``type_key``; of several for one type, the one that gives the type its name."""
    found: dict[Type, TypeDef] = {}
    for definition in definitions:
        key = type_key(definition)
        if has_name(key) and (key not in found or definition.type is None or own_name(key) == definition.name):
            found[key] = definition
    return found


def own_name(type_: Type) -> str:
    """Return what a named type is called where it is defined, nothing for other types."""
    if isinstance(type_, OwnType | BorrowType):
        return type_.resource
    return type_.name if isinstance(type_, NamedType) else ""
