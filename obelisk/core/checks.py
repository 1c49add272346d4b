"""The checks of JSON values, one for each form of type; ``core.values`` describes the values."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from obelisk.errors import InvalidValueError
from obelisk.wit.model import (
    EnumType,
    FlagsType,
    ListType,
    OptionType,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    VariantType,
)
from obelisk.wit.typetext import inline_type_text

MAX_TYPE_DEPTH: Final = 100
MAX_SAFE_INTEGER: Final = 2**53 - 1
MAX_FOUND_LENGTH: Final = 80
_INTEGERS: Final = {
    Primitive.S8: (-(2**7), 2**7 - 1),
    Primitive.U8: (0, 2**8 - 1),
    Primitive.S16: (-(2**15), 2**15 - 1),
    Primitive.U16: (0, 2**16 - 1),
    Primitive.S32: (-(2**31), 2**31 - 1),
    Primitive.U32: (0, 2**32 - 1),
    Primitive.S64: (-(2**63), 2**63 - 1),
    Primitive.U64: (0, 2**64 - 1),
}
_NOT_FINITE: Final = ("nan", "inf", "-inf")
_MISSING: Final = object()

Check = Callable[[Any], Any]
"""Returns the normal form of a value; raises when it does not fit."""


class MisfitError(Exception):
    """A value inside a value does not fit; ``steps`` is the way to it, innermost first."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(expected, found)
        self.expected = expected
        self.found = found
        self.steps: list[str] = []


def snake(name: str) -> str:
    """Return the name of a field, case or flag as JSON has it."""
    return name.replace("-", "_")


def describe(value: Any) -> str:
    """Return a short description of a JSON value for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return f"number {value}" if -(2**64) < value < 2**64 else "a number of more than 64 bits"
        case float():
            return f"number {value}"
        case str():
            return f"string {_shortened(ascii(value[:MAX_FOUND_LENGTH]))}"
        case list() | tuple():
            return "an array of 1 element" if len(value) == 1 else f"an array of {len(value)} elements"
        case dict():
            keys = (str(key)[:MAX_FOUND_LENGTH] for key in islice(value, 10))
            return f"an object with keys {_shortened(', '.join(keys))}" if value else "an empty object"
        case _:
            return f"a Python {type(value).__name__}"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_FOUND_LENGTH else f"{text[:MAX_FOUND_LENGTH]}..."


def check_of(type_: Type, depth: int = 0) -> Check:
    """Return the check of a type that lies ``depth`` deep in others; the check raises ``MisfitError``.

    Raises ``InvalidValueError`` for a type that no JSON value has, such as a resource.
    """
    if depth > MAX_TYPE_DEPTH:
        raise InvalidValueError(f"a type is nested more than {MAX_TYPE_DEPTH} deep")
    inner = depth + 1
    match type_:
        case Primitive():
            return _primitive(type_)
        case ListType(element):
            return _bytes if element is Primitive.U8 else _list(check_of(element, inner))
        case OptionType(payload):
            return _option(check_of(payload, inner))
        case TupleType(elements):
            return _tuple(tuple(check_of(element, inner) for element in elements))
        case RecordType():
            return _record(type_, inner)
        case VariantType(cases):
            return _cases(
                {snake(case.name): None if case.type is None else check_of(case.type, inner) for case in cases}
            )
        case EnumType(names):
            return _cases(dict.fromkeys(map(snake, names)))
        case ResultType(ok, err):
            return _result(_payload(ok, inner), _payload(err, inner))
        case FlagsType(flags):
            return _flags(tuple(map(snake, flags)))
        case _:
            raise InvalidValueError(f"unsupported type `{inline_type_text(type_)}`: no JSON value has it")


def _primitive(type_: Primitive) -> Check:
    if type_ in _INTEGERS:
        return _integer(type_.value, *_INTEGERS[type_])
    match type_:
        case Primitive.BOOL:
            return _bool
        case Primitive.CHAR:
            return _char
        case Primitive.STRING:
            return _string
        case Primitive.F32:
            return _f32
        case _:
            return _f64


def _bool(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise MisfitError("`bool`", describe(value))


def _integer(name: str, low: int, high: int) -> Check:
    expected = f"`{name}`, a whole number from {low} to {high}"

    def check(value: Any) -> Any:
        if type(value) is float and value.is_integer() and abs(value) <= MAX_SAFE_INTEGER:
            value = int(value)
        if type(value) is int and low <= value <= high:
            return value
        raise MisfitError(expected, describe(value))

    return check


def _f64(value: Any) -> Any:
    if type(value) is float:
        return value if math.isfinite(value) else _not_finite(value)
    if type(value) is int:
        return _float_of(value, "`f64`")
    if type(value) is str and value in _NOT_FINITE:
        return value
    raise MisfitError('`f64`, a number or "nan", "inf", "-inf"', describe(value))


def _f32(value: Any) -> Any:
    if type(value) is float and math.isfinite(value):
        rounded = _round_to_f32(value)
        if rounded is None:
            raise MisfitError("`f32`, a number in its range", describe(value))
        return rounded
    if type(value) is int:
        exact = _float_of(value, "`f32`")
        if _round_to_f32(exact) != exact:
            raise MisfitError("`f32`, an integer that it holds exactly", describe(value))
        return exact
    return _f64(value)


def _not_finite(value: float) -> str:
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _float_of(value: int, name: str) -> float:
    try:
        converted = float(value)
    except OverflowError:
        converted = math.nan
    if converted != value:
        raise MisfitError(f"{name}, an integer that it holds exactly", describe(value))
    return converted


def _round_to_f32(value: float) -> float | None:
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return None
    return rounded


def _string(value: Any) -> Any:
    if type(value) is not str:
        raise MisfitError("`string`", describe(value))
    if not value.isascii():
        _check_surrogates(value)
    return value


def _char(value: Any) -> Any:
    if type(value) is not str or len(value) != 1:
        raise MisfitError("`char`, a string of one character", describe(value))
    _check_surrogates(value)
    return value


def _check_surrogates(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MisfitError("text without lone surrogates", describe(value)) from None


def _array(value: Any, expected: str) -> list[Any] | tuple[Any, ...]:
    if isinstance(value, list | tuple):
        return value
    raise MisfitError(expected, describe(value))


def _each(check: Check, values: list[Any] | tuple[Any, ...]) -> list[Any]:
    checked: list[Any] = []
    try:
        for value in values:
            checked.append(check(value))  # noqa: PERF401 - the length says which element failed
    except MisfitError as misfit:
        misfit.steps.append(f"[{len(checked)}]")
        raise
    return checked


def _list(element: Check) -> Check:
    def check(value: Any) -> Any:
        return _each(element, _array(value, "an array"))

    return check


_byte = _integer("u8", 0, 255)


def _bytes(value: Any) -> Any:
    values = _array(value, "an array of `u8`")
    if set(map(type, values)) <= {int}:
        try:
            return list(bytes(values))
        except ValueError:
            return _each(_byte, values)
    return _each(_byte, values)


def _option(payload: Check) -> Check:
    def check(value: Any) -> Any:
        return None if value is None else payload(value)

    return check


def _tuple(elements: tuple[Check, ...]) -> Check:
    expected = f"an array of {len(elements)} elements, a tuple"

    def check(value: Any) -> Any:
        values = _array(value, expected)
        if len(values) != len(elements):
            raise MisfitError(expected, describe(value))
        return [_step(element, values[index], f"[{index}]") for index, element in enumerate(elements)]

    return check


def _step(check: Check, value: Any, step: str) -> Any:
    try:
        return check(value)
    except MisfitError as misfit:
        misfit.steps.append(step)
        raise


def _record(type_: RecordType, depth: int) -> Check:
    fields = [
        (snake(field.name), check_of(field.type, depth), isinstance(field.type, OptionType)) for field in type_.fields
    ]
    names = frozenset(name for name, _, _ in fields)
    expected = f"an object with keys {_shortened(', '.join(f'`{name}`' for name, _, _ in fields))}"

    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise MisfitError(expected, describe(value))
        checked: dict[str, Any] = {}
        for name, field, optional in fields:
            found = value.get(name, None if optional else _MISSING)
            if found is _MISSING:
                raise MisfitError(expected, f"an object without `{name}`")
            checked[name] = _step(field, found, f".{name}")
        if not names.issuperset(value):
            unknown = next(key for key in value if key not in names)
            raise MisfitError(expected, f"unknown key `{_shortened(str(unknown))}`")
        return checked

    return check


def _cases(cases: dict[str, Check | None]) -> Check:
    forms = [f'"{name}"' if check is None else f'{{"{name}": ...}}' for name, check in cases.items()]
    expected = f"one of {_shortened(', '.join(forms))}"

    def check(value: Any) -> Any:
        if type(value) is str:
            if cases.get(value, _MISSING) is None:
                return value
        elif isinstance(value, dict) and len(value) == 1:
            ((name, payload),) = value.items()
            case = cases.get(name)
            if case is not None:
                return {name: _step(case, payload, f".{name}")}
        raise MisfitError(expected, describe(value))

    return check


def _payload(type_: Type | None, depth: int) -> Check:
    return _nothing if type_ is None else check_of(type_, depth)


def _nothing(value: Any) -> Any:
    if value is not None:
        raise MisfitError("null, there is no payload", describe(value))
    return None


def _result(ok: Check, err: Check) -> Check:
    cases = {"ok": ok, "err": err}

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) == 1:
            ((name, payload),) = value.items()
            if name in cases:
                return {name: _step(cases[name], payload, f".{name}")}
        raise MisfitError('`result`, one of {"ok": ...}, {"err": ...}', describe(value))

    return check


def _flags(names: tuple[str, ...]) -> Check:
    expected = f"an array of flags, each one of {_shortened(', '.join(names))}, none twice"

    def check(value: Any) -> Any:
        found = _array(value, expected)
        for index, flag in enumerate(found):
            if flag not in names or found.index(flag) != index:
                why = "twice" if flag in names else "which is unknown"
                raise MisfitError(expected, f"{describe(flag)} {why}")
        return [name for name in names if name in found]

    return check
