"""Values that come out of a guest: from wasmtime's memory to plain JSON.

A lifter is built once per WIT type and then only unpacks bytes: ``lift(buffer, offset, budget)`` reads the 32-byte value
at ``offset`` of ``buffer``. It copies, and frees nothing. The JSON is what ``core.values`` describes, so a lifted value
needs no further check.

A small guest can return results that name the same memory a thousand times. So the lifted size is bounded by a
``Budget``, whatever the guest's own memory is.

Lifting happens on a fiber's stack when a guest calls the host. Its depth is the depth of the WIT type, never of a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from ctypes import addressof, c_void_p, string_at
from struct import Struct as Layout
from typing import Any

from obelisk.core.checks import snake
from obelisk.errors import GuestError
from obelisk.wasm import binding
from obelisk.wasm.binding import NAME_SIZE, RECORD_ENTRY_SIZE, VALUE_SIZE
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

PAYLOAD = 8
TOO_LARGE = "a value that the guest passed is too large; pass less of it in one call"


class Budget:
    """How many bytes may still be lifted, and the store that handles belong to."""

    __slots__ = ("context", "left")

    def __init__(self, context: int, left: int) -> None:
        self.context = context
        self.left = left

    def spend(self, size: int) -> None:
        """Take ``size`` bytes off; raise ``GuestError`` when they are not there."""
        self.left -= size
        if self.left < 0:
            raise GuestError(TOO_LARGE)


Lifter = Callable[[bytes, int, Budget], Any]

_FORMATS = {
    Primitive.S8: "b",
    Primitive.U8: "B",
    Primitive.S16: "h",
    Primitive.U16: "H",
    Primitive.S32: "i",
    Primitive.U32: "I",
    Primitive.S64: "q",
    Primitive.U64: "Q",
}
_POINTER = Layout("<Q").unpack_from
_SIZED = Layout("<QQ").unpack_from
_TAGGED = Layout("<QQQ").unpack_from
_F32 = Layout("<f").unpack_from
_F64 = Layout("<d").unpack_from
_CHAR = Layout("<I").unpack_from


def lifter(type_: Type, *, raw: bool = False) -> Lifter:
    """Return the lifter of a type. Raises ``GuestError`` for a type that no value crosses the boundary with.

    With ``raw`` a ``list<u8>`` becomes ``bytes``: for host functions, whose arguments are never stored.
    """
    match type_:
        case Primitive():
            return _primitive(type_)
        case ListType():
            return _list(type_.element, raw=raw)
        case OptionType():
            return _option(lifter(type_.payload, raw=raw))
        case ResultType():
            return _result(type_, raw=raw)
        case TupleType():
            return _tuple(type_, raw=raw)
        case RecordType():
            return _record(type_, raw=raw)
        case VariantType():
            return _variant(type_, raw=raw)
        case EnumType():
            return _enum(type_)
        case FlagsType():
            return _flags(type_)
        case OwnType() | BorrowType():
            return _handle
        case UnsupportedType():
            raise GuestError(f"values of type `{type_.text}` are not supported")


def json_float(value: float) -> float | str:
    """Return a float as JSON: what JSON cannot write is ``"nan"``, ``"inf"`` or ``"-inf"``."""
    if math.isfinite(value):
        return value
    return "nan" if value != value else ("inf" if value > 0 else "-inf")


def _primitive(type_: Primitive) -> Lifter:
    if type_ is Primitive.BOOL:
        return lambda buffer, at, budget: buffer[at + PAYLOAD] != 0
    if type_ is Primitive.STRING:
        return _string
    if type_ is Primitive.CHAR:
        return lambda buffer, at, budget: chr(_CHAR(buffer, at + PAYLOAD)[0])
    if type_ is Primitive.F32:
        return lambda buffer, at, budget: json_float(_F32(buffer, at + PAYLOAD)[0])
    if type_ is Primitive.F64:
        return lambda buffer, at, budget: json_float(_F64(buffer, at + PAYLOAD)[0])
    unpack = Layout("<" + _FORMATS[type_]).unpack_from
    return lambda buffer, at, budget: unpack(buffer, at + PAYLOAD)[0]


def _string(buffer: bytes, at: int, budget: Budget) -> str:
    size, pointer = _SIZED(buffer, at + PAYLOAD)
    if not size:
        return ""
    budget.spend(size)
    return str(string_at(pointer, size), "utf-8")


def _list(element: Type, *, raw: bool) -> Lifter:
    lift = lifter(element, raw=raw)
    if element is Primitive.U8:
        return _raw_bytes if raw else _byte_list

    def lift_list(buffer: bytes, at: int, budget: Budget) -> list[Any]:
        count, pointer = _SIZED(buffer, at + PAYLOAD)
        if not count:
            return []
        budget.spend(count * VALUE_SIZE)
        values = string_at(pointer, count * VALUE_SIZE)
        return [lift(values, offset, budget) for offset in range(0, count * VALUE_SIZE, VALUE_SIZE)]

    return lift_list


def _raw_bytes(buffer: bytes, at: int, budget: Budget) -> bytes:
    count, pointer = _SIZED(buffer, at + PAYLOAD)
    if not count:
        return b""
    budget.spend(count * VALUE_SIZE)
    return string_at(pointer, count * VALUE_SIZE)[PAYLOAD::VALUE_SIZE]


def _byte_list(buffer: bytes, at: int, budget: Budget) -> list[int]:
    return list(_raw_bytes(buffer, at, budget))


def _option(lift: Lifter) -> Lifter:
    def lift_option(buffer: bytes, at: int, budget: Budget) -> Any:
        pointer = _POINTER(buffer, at + PAYLOAD)[0]
        if not pointer:
            return None
        budget.spend(VALUE_SIZE)
        return lift(string_at(pointer, VALUE_SIZE), 0, budget)

    return lift_option


def _result(type_: ResultType, *, raw: bool) -> Lifter:
    sides = [None if side is None else lifter(side, raw=raw) for side in (type_.err, type_.ok)]

    def lift_result(buffer: bytes, at: int, budget: Budget) -> dict[str, Any]:
        is_ok = buffer[at + PAYLOAD]
        lift = sides[is_ok]
        name = "ok" if is_ok else "err"
        if lift is None:
            return {name: None}
        budget.spend(VALUE_SIZE)
        return {name: lift(string_at(_POINTER(buffer, at + 2 * PAYLOAD)[0], VALUE_SIZE), 0, budget)}

    return lift_result


def _tuple(type_: TupleType, *, raw: bool) -> Lifter:
    parts = [(lifter(element, raw=raw), VALUE_SIZE * index) for index, element in enumerate(type_.elements)]
    size = VALUE_SIZE * len(parts)

    def lift_tuple(buffer: bytes, at: int, budget: Budget) -> list[Any]:
        budget.spend(size)
        values = string_at(_SIZED(buffer, at + PAYLOAD)[1], size)
        return [lift(values, offset, budget) for lift, offset in parts]

    return lift_tuple


def _record(type_: RecordType, *, raw: bool) -> Lifter:
    parts = [
        (snake(field.name), lifter(field.type, raw=raw), RECORD_ENTRY_SIZE * index + NAME_SIZE)
        for index, field in enumerate(type_.fields)
    ]
    size = RECORD_ENTRY_SIZE * len(parts)

    def lift_record(buffer: bytes, at: int, budget: Budget) -> dict[str, Any]:
        budget.spend(size)
        values = string_at(_SIZED(buffer, at + PAYLOAD)[1], size)
        return {name: lift(values, offset, budget) for name, lift, offset in parts}

    return lift_record


def _variant(type_: VariantType, *, raw: bool) -> Lifter:
    cases = {
        case.name.encode(): (snake(case.name), None if case.type is None else lifter(case.type, raw=raw))
        for case in type_.cases
    }

    def lift_variant(buffer: bytes, at: int, budget: Budget) -> Any:
        size, pointer, payload = _TAGGED(buffer, at + PAYLOAD)
        name, lift = cases[string_at(pointer, size)]
        if lift is None:
            return name
        budget.spend(VALUE_SIZE)
        return {name: lift(string_at(payload, VALUE_SIZE), 0, budget)}

    return lift_variant


def _enum(type_: EnumType) -> Lifter:
    names = {case.encode(): snake(case) for case in type_.cases}

    def lift_enum(buffer: bytes, at: int, budget: Budget) -> str:
        size, pointer = _SIZED(buffer, at + PAYLOAD)
        return names[string_at(pointer, size)]

    return lift_enum


def _flags(type_: FlagsType) -> Lifter:
    names = {flag.encode(): snake(flag) for flag in type_.flags}

    def lift_flags(buffer: bytes, at: int, budget: Budget) -> list[str]:
        count, pointer = _SIZED(buffer, at + PAYLOAD)
        if not count:
            return []
        entries = string_at(pointer, NAME_SIZE * count)
        found = {
            names[string_at(*reversed(_SIZED(entries, offset)))] for offset in range(0, NAME_SIZE * count, NAME_SIZE)
        }
        return [name for name in names.values() if name in found]

    return lift_flags


def _handle(buffer: bytes, at: int, budget: Budget) -> int:
    handle = c_void_p()
    error = binding.resource_to_host(budget.context, _POINTER(buffer, at + PAYLOAD)[0], addressof(handle))
    if error:
        raise GuestError(binding.take_error(error))
    representation: int = binding.resource_rep(handle.value)
    binding.resource_delete(handle.value)
    return representation
