"""Functions that are written outside of WIT text: each type of the signature is a text of its own.

Such a text spells out records, variants, enums and flags where they are used. WIT has no place for them there, so
``function_interface`` gives each a name, and a guest can be built against what is printed. Names of types do not matter
when functions are compared.
"""

from __future__ import annotations

from obelisk.errors import InvalidValueError
from obelisk.names import is_word
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
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    UnsupportedType,
    VariantType,
)
from obelisk.wit.resolve import parse_type
from obelisk.wit.typetext import inline_type_text
from obelisk.wit.walk import NamedType, children

RESULT = "result"
ERROR = "error"


def value_type(text: str) -> Type:
    """Return the type that a text writes, such as ``list<record { a: u8 }>``.

    Raises ``InvalidValueError`` with the column, what was found and what was expected, and for a resource, stream or
    future.
    """
    type_ = parse_type(text)
    part = _without_values(type_)
    if part is not None:
        raise InvalidValueError(
            f"WIT type: found `{inline_type_text(part)[:80]}`, expected a type of values, which resources, streams and "
            "futures do not have"
        )
    return type_


def param_name(text: str) -> str:
    """Return the name of a parameter as WIT has it, with ``-`` for ``_``. Raises ``InvalidValueError``."""
    name = text.replace("_", "-")
    if not is_word(name):
        raise InvalidValueError(
            f"found `{text[:80]}`, expected words of letters and digits, each beginning with a letter, with `-` or `_` "
            "between them"
        )
    return name


def function_interface(name: str, function: Function) -> Interface:
    """Return the interface ``name`` of one function whose types are spelled out, with a name for each of them.

    A type is called after the parameter that it was first used in, ``function-param``, or ``function-result``; a part of
    it after the field or case that leads to it.
    """
    namer = _Namer(function.name)
    params = tuple(Param(param.name, namer.named(param.type, param.name)) for param in function.params)
    result = None if function.result is None else namer.named(function.result, RESULT)
    return Interface(name, (Function(function.name, params, result),), tuple(namer.definitions))


def _without_values(type_: Type) -> Type | None:
    if isinstance(type_, OwnType | BorrowType | UnsupportedType):
        return type_
    found = (_without_values(part) for part in children(type_))
    return next((part for part in found if part is not None), None)


class _Namer:
    """Names the types of one function. Equal structures are one type; a definition follows those that it mentions."""

    def __init__(self, function: str) -> None:
        self._prefix = function
        self._taken = {function}
        self._named: dict[str, Type] = {}
        self.definitions: list[TypeDef] = []

    def named(self, type_: Type, path: str) -> Type:
        match type_:
            case RecordType() | VariantType() | EnumType() | FlagsType():
                return self._definition(type_, path)
            case ListType(element):
                return ListType(self.named(element, path))
            case OptionType(payload):
                return OptionType(self.named(payload, path))
            case TupleType(elements):
                return TupleType(tuple(self.named(element, path) for element in elements))
            case ResultType(ok, err):
                return ResultType(self._maybe(ok, path), self._maybe(err, f"{path}-{ERROR}"))
            case _:
                return type_

    def _maybe(self, type_: Type | None, path: str) -> Type | None:
        return None if type_ is None else self.named(type_, path)

    def _definition(self, type_: NamedType, path: str) -> Type:
        structure = inline_type_text(type_)
        found = self._named.get(structure)
        if found is None:
            name = self._free(f"{self._prefix}-{path}")
            found = self._named[structure] = self._with_name(type_, name, path)
            self.definitions.append(TypeDef(name, found))
        return found

    def _with_name(self, type_: NamedType, name: str, path: str) -> Type:
        match type_:
            case RecordType(fields):
                return RecordType(
                    tuple(Field(field.name, self.named(field.type, f"{path}-{field.name}")) for field in fields), name
                )
            case VariantType(cases):
                return VariantType(
                    tuple(Case(case.name, self._maybe(case.type, f"{path}-{case.name}")) for case in cases), name
                )
            case EnumType(cases):
                return EnumType(cases, name)
            case FlagsType(flags):
                return FlagsType(flags, name)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name = f"other-{name}"
        self._taken.add(name)
        return name
