"""When two types are the same."""

from __future__ import annotations

from obelisk.wit.model import Case, EnumType, Primitive, ResultType, VariantType, same_type


def test_names_of_types_do_not_matter():
    assert same_type(EnumType(("a",), name="one"), EnumType(("a",), name="other"))


def test_names_of_cases_matter():
    assert not same_type(EnumType(("a",)), EnumType(("b",)))


def test_a_variant_without_payloads_is_an_enum():
    assert same_type(ResultType(None, VariantType((Case("a"), Case("b")))), ResultType(None, EnumType(("a", "b"))))


def test_a_variant_with_a_payload_is_not():
    assert not same_type(VariantType((Case("a", Primitive.U8),)), EnumType(("a",)))
