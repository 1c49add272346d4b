"""Values that go into a guest: from plain JSON to wasmtime's memory.

A lowerer is built once per WIT type: ``lower(value, address, context)`` writes the 32-byte value at ``address``. All memory
below it is allocated by wasmtime and owned by the value, so that whoever owns the value frees all of it with one
``binding.value_delete``; the results of host functions are owned by wasmtime.

Values were checked by ``core.values`` before, or come from a lifter; nothing is checked again here. Lowering happens on a
fiber's stack when a host call completes: its depth is the depth of the WIT type.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof, c_uint8, c_void_p, memmove
from struct import Struct as Layout
from typing import Any

from obelisk.core.checks import snake
from obelisk.errors import GuestError
from obelisk.wasm import binding
from obelisk.wasm.binding import NAME_SIZE, RECORD_ENTRY_SIZE, VALUE_SIZE, Kind
from obelisk.wasm.lift import PAYLOAD
from obelisk.wasm.resource_types import resource_number
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

Lowerer = Callable[[Any, int, int], None]
"""``lower(value, address, context)``."""

_SCALARS = {
    Primitive.BOOL: (Kind.BOOL, "?"),
    Primitive.S8: (Kind.S8, "b"),
    Primitive.U8: (Kind.U8, "B"),
    Primitive.S16: (Kind.S16, "h"),
    Primitive.U16: (Kind.U16, "H"),
    Primitive.S32: (Kind.S32, "i"),
    Primitive.U32: (Kind.U32, "I"),
    Primitive.S64: (Kind.S64, "q"),
    Primitive.U64: (Kind.U64, "Q"),
    Primitive.F32: (Kind.F32, "f"),
    Primitive.F64: (Kind.F64, "d"),
}
_Value = c_uint8 * VALUE_SIZE
_BYTE_CELL = bytes([Kind.U8]) + bytes(VALUE_SIZE - 1)
_TAG_POINTER = Layout("<QQ")
_RESULT = Layout("<QBxxxxxxxQ")
_VARIANT = Layout("<QQQQ")


def lowerer(type_: Type) -> Lowerer:
    """Return the lowerer of a type. Raises ``GuestError`` for a type that no value crosses the boundary with."""
    match type_:
        case Primitive():
            return _primitive(type_)
        case ListType():
            return _list(type_.element)
        case OptionType():
            return _option(lowerer(type_.payload))
        case ResultType():
            return _result(type_)
        case TupleType():
            return _tuple(type_)
        case RecordType():
            return _record(type_)
        case VariantType():
            return _variant(type_)
        case EnumType():
            return _enum(type_)
        case FlagsType():
            return _flags(type_)
        case OwnType():
            return _own(resource_number(type_.resource))
        case BorrowType():
            raise GuestError("a borrowed handle cannot be passed to a guest")
        case UnsupportedType():
            raise GuestError(f"values of type `{type_.text}` are not supported")


def _write(address: int, content: bytes) -> None:
    memmove(address, content, len(content))


def _pointer_at(address: int) -> int:
    return c_void_p.from_address(address).value or 0


def _primitive(type_: Primitive) -> Lowerer:
    if type_ is Primitive.STRING:
        return lambda value, address, context: _text(Kind.STRING, value.encode(), address)
    if type_ is Primitive.CHAR:
        pack_char = Layout("<B7xI").pack
        return lambda value, address, context: _write(address, pack_char(Kind.CHAR, ord(value)))
    kind, code = _SCALARS[type_]
    pack = Layout("<B7x" + code).pack
    if type_ in (Primitive.F32, Primitive.F64):
        return lambda value, address, context: _write(address, pack(kind, float(value)))
    return lambda value, address, context: _write(address, pack(kind, value))


def _text(kind: int, content: bytes, address: int) -> None:
    c_uint8.from_address(address).value = kind
    binding.bytes_new(address + PAYLOAD, len(content), content)


def _list(element: Type) -> Lowerer:
    lower = lowerer(element)
    scalar = _SCALARS.get(element) if isinstance(element, Primitive) else None
    fill = _fill_scalars(*scalar) if scalar is not None and scalar[1] not in "fd" else _fill(lower)
    if element is Primitive.U8:
        fill = _fill_bytes

    def lower_list(value: Any, address: int, context: int) -> None:
        c_uint8.from_address(address).value = Kind.LIST
        binding.list_new(address + PAYLOAD, len(value))
        if value:
            fill(value, _pointer_at(address + 2 * PAYLOAD), context)

    return lower_list


def _fill(lower: Lowerer) -> Lowerer:
    def fill(values: list[Any], address: int, context: int) -> None:
        for index, value in enumerate(values):
            lower(value, address + VALUE_SIZE * index, context)

    return fill


def _fill_bytes(values: bytes | list[int], address: int, context: int) -> None:
    cells = bytearray(_BYTE_CELL * len(values))
    cells[PAYLOAD::VALUE_SIZE] = bytes(values)
    _write(address, bytes(cells))


def _fill_scalars(kind: int, code: str) -> Lowerer:
    layout = Layout("<B7x" + code)
    padding = bytes(VALUE_SIZE - layout.size)
    pack = layout.pack

    def fill(values: list[Any], address: int, context: int) -> None:
        _write(address, b"".join([pack(kind, value) + padding for value in values]))

    return fill


def _boxed(lower: Lowerer, value: Any, context: int) -> int:
    box = _Value()
    lower(value, addressof(box), context)
    pointer: int = binding.value_box(addressof(box))
    return pointer


def _option(lower: Lowerer) -> Lowerer:
    def lower_option(value: Any, address: int, context: int) -> None:
        pointer = 0 if value is None else _boxed(lower, value, context)
        _write(address, _TAG_POINTER.pack(Kind.OPTION, pointer))

    return lower_option


def _result(type_: ResultType) -> Lowerer:
    ok = None if type_.ok is None else lowerer(type_.ok)
    err = None if type_.err is None else lowerer(type_.err)

    def lower_result(value: dict[str, Any], address: int, context: int) -> None:
        is_ok = "ok" in value
        lower = ok if is_ok else err
        pointer = 0 if lower is None else _boxed(lower, value["ok" if is_ok else "err"], context)
        _write(address, _RESULT.pack(Kind.RESULT, is_ok, pointer))

    return lower_result


def _tuple(type_: TupleType) -> Lowerer:
    parts = [(lowerer(element), VALUE_SIZE * index) for index, element in enumerate(type_.elements)]

    def lower_tuple(value: list[Any], address: int, context: int) -> None:
        c_uint8.from_address(address).value = Kind.TUPLE
        binding.tuple_new(address + PAYLOAD, len(parts))
        start = _pointer_at(address + 2 * PAYLOAD)
        for (lower, offset), element in zip(parts, value, strict=True):
            lower(element, start + offset, context)

    return lower_tuple


def _record(type_: RecordType) -> Lowerer:
    parts = [
        (snake(field.name), field.name.encode(), lowerer(field.type), RECORD_ENTRY_SIZE * index)
        for index, field in enumerate(type_.fields)
    ]

    def lower_record(value: dict[str, Any], address: int, context: int) -> None:
        c_uint8.from_address(address).value = Kind.RECORD
        binding.record_new(address + PAYLOAD, len(parts))
        start = _pointer_at(address + 2 * PAYLOAD)
        for name, encoded, lower, offset in parts:
            binding.bytes_new(start + offset, len(encoded), encoded)
            lower(value[name], start + offset + NAME_SIZE, context)

    return lower_record


def _variant(type_: VariantType) -> Lowerer:
    cases = {
        snake(case.name): (case.name.encode(), None if case.type is None else lowerer(case.type))
        for case in type_.cases
    }

    def lower_variant(value: Any, address: int, context: int) -> None:
        name, payload = (value, None) if isinstance(value, str) else next(iter(value.items()))
        encoded, lower = cases[name]
        pointer = 0 if lower is None else _boxed(lower, payload, context)
        _write(address, _VARIANT.pack(Kind.VARIANT, 0, 0, pointer))
        binding.bytes_new(address + PAYLOAD, len(encoded), encoded)

    return lower_variant


def _enum(type_: EnumType) -> Lowerer:
    names = {snake(case): case.encode() for case in type_.cases}
    return lambda value, address, context: _text(Kind.ENUM, names[value], address)


def _flags(type_: FlagsType) -> Lowerer:
    names = {snake(flag): flag.encode() for flag in type_.flags}

    def lower_flags(value: list[str], address: int, context: int) -> None:
        c_uint8.from_address(address).value = Kind.FLAGS
        binding.flags_new(address + PAYLOAD, len(value))
        start = _pointer_at(address + 2 * PAYLOAD)
        for index, flag in enumerate(value):
            encoded = names[flag]
            binding.bytes_new(start + NAME_SIZE * index, len(encoded), encoded)

    return lower_flags


def _own(number: int) -> Lowerer:
    def lower_own(value: int, address: int, context: int) -> None:
        host = binding.resource_new(True, value, number)
        handle = c_void_p()
        error = binding.resource_to_any(context, host, addressof(handle))
        binding.resource_delete(host)
        if error:
            raise GuestError(binding.take_error(error))
        _write(address, _TAG_POINTER.pack(Kind.RESOURCE, handle.value))

    return lower_own
