"""Types as text.

``type_text`` is short: a named type by its name, as it stands in a signature. ``inline_type_text`` spells the structure
out, ``record { id: string }``, so that the text means something without the interface it came from; it is what is
stored beside a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from obelisk.wit.keywords import identifier
from obelisk.wit.model import (
    BorrowType,
    EnumType,
    FlagsType,
    ListType,
    OptionType,
    OwnType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    UnsupportedType,
    VariantType,
)
from obelisk.wit.walk import own_name

_Render = Callable[[Type], str]


def type_text(type_: Type, names: Mapping[Type, str] | None = None) -> str:
    """Return a type as a signature has it: named types by name, others spelled out.

    ``names`` says what types are called locally, with ``OwnType`` for a resource. With it, a type that it lacks is
    spelled out; without it, types go by their own names.
    """

    def render(part: Type) -> str:
        name = own_name(part) if names is None else names.get(_key(part), "")
        if not name:
            return _structure(part, render)
        return f"borrow<{identifier(name)}>" if isinstance(part, BorrowType) else identifier(name)

    return render(type_)


def inline_type_text(type_: Type) -> str:
    """Return a type with its structure spelled out; names of types do not occur in it."""
    return _structure(type_, inline_type_text)


def fields_text(type_: RecordType, render: _Render) -> list[str]:
    """Return the fields of a record as text."""
    return [f"{identifier(field.name)}: {render(field.type)}" for field in type_.fields]


def cases_text(type_: VariantType, render: _Render) -> list[str]:
    """Return the cases of a variant as text."""
    return [
        identifier(case.name) + ("" if case.type is None else f"({render(case.type)})") for case in type_.cases
    ]  # fmt: skip


def _key(type_: Type) -> Type:
    return OwnType(type_.resource) if isinstance(type_, BorrowType) else type_


def _structure(type_: Type, render: _Render) -> str:
    match type_:
        case Primitive():
            return type_.value
        case ListType(element):
            return f"list<{render(element)}>"
        case OptionType(payload):
            return f"option<{render(payload)}>"
        case ResultType(ok, err):
            return _result(ok, err, render)
        case TupleType(elements):
            return f"tuple<{', '.join(map(render, elements))}>"
        case OwnType(resource):
            return f"own<{identifier(resource)}>"
        case BorrowType(resource):
            return f"borrow<{identifier(resource)}>"
        case UnsupportedType(text):
            return text
        case _:
            return _braced(type_, render)


def _result(ok: Type | None, err: Type | None, render: _Render) -> str:
    if err is None:
        return "result" if ok is None else f"result<{render(ok)}>"
    return f"result<{'_' if ok is None else render(ok)}, {render(err)}>"


def _braced(type_: RecordType | VariantType | EnumType | FlagsType, render: _Render) -> str:
    match type_:
        case RecordType():
            keyword, parts = "record", fields_text(type_, render)
        case VariantType():
            keyword, parts = "variant", cases_text(type_, render)
        case EnumType(cases):
            keyword, parts = "enum", [identifier(case) for case in cases]
        case FlagsType(flags):
            keyword, parts = "flags", [identifier(flag) for flag in flags]
    return f"{keyword} {{ {', '.join(parts)} }}" if parts else f"{keyword} {{}}"
