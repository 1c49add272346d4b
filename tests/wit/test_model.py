"""When two types are the same."""

from __future__ import annotations

import pytest

from obelisk.wit.model import (
    Case,
    EnumType,
    Field,
    FlagsType,
    Function,
    ListType,
    OptionType,
    Param,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    VariantType,
    same_function,
    same_type,
)

U8, U16 = Primitive.U8, Primitive.U16
DIFFERENT: list[Type] = [
    U8,
    U16,
    EnumType(("a",)),
    EnumType(("a", "b")),
    FlagsType(("a",)),
    FlagsType(("a", "b")),
    ListType(U8),
    ListType(U16),
    OptionType(U8),
    OptionType(U16),
    ResultType(U8, None),
    ResultType(None, U8),
    ResultType(U8, U8),
    TupleType((U8,)),
    TupleType((U8, U8)),
    TupleType((U8, U16)),
    RecordType((Field("a", U8),)),
    RecordType((Field("a", U16),)),
    RecordType((Field("b", U8),)),
    RecordType((Field("a", U8), Field("b", U8))),
    VariantType((Case("a", U8),)),
    VariantType((Case("a", U16),)),
    VariantType((Case("b", U8),)),
    VariantType((Case("a", U8), Case("b"))),
]


@pytest.mark.parametrize("number", range(len(DIFFERENT)))
def test_a_type_is_the_same_as_itself_and_no_other(number: int):
    found = [same_type(DIFFERENT[number], other) for other in DIFFERENT]
    assert found == [other == number for other in range(len(DIFFERENT))]


def test_functions_are_compared_by_what_they_take_and_return():
    function = Function("f", (Param("a", U8), Param("b", U16)), U8)
    assert same_function(function, Function("g", (Param("x", U8), Param("y", U16)), U8))
    assert not same_function(function, Function("f", (Param("a", U8),), U8))
    assert not same_function(function, Function("f", (Param("a", U16), Param("b", U8)), U8))
    assert not same_function(function, Function("f", (Param("a", U8), Param("b", U16)), None))


def test_names_of_types_do_not_matter():
    assert same_type(EnumType(("a",), name="one"), EnumType(("a",), name="other"))


def test_names_of_cases_matter():
    assert not same_type(EnumType(("a",)), EnumType(("b",)))


def test_a_variant_without_payloads_is_an_enum():
    assert same_type(ResultType(None, VariantType((Case("a"), Case("b")))), ResultType(None, EnumType(("a", "b"))))


def test_a_variant_with_a_payload_is_not():
    assert not same_type(VariantType((Case("a", Primitive.U8),)), EnumType(("a",)))
