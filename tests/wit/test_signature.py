"""Functions whose types are texts."""

from __future__ import annotations

import pytest

from obelisk.errors import InvalidValueError
from obelisk.wit.model import Function, Interface, Param, World, same_function
from obelisk.wit.printer import component_wit, function_text, interface_text
from obelisk.wit.resolve import parse_type, resolve_packages
from obelisk.wit.signature import function_interface, param_name, value_type


def written(result: str, /, **params: str) -> Function:
    return Function("f", tuple(Param(name, value_type(text)) for name, text in params.items()), value_type(result))


def interface(result: str, /, **params: str) -> Interface:
    return function_interface("a:b/c@1.0.0", written(result, **params))


def test_a_type_is_what_its_text_writes() -> None:
    assert value_type("list<record { a: u8 }>") == parse_type("list<record { a: u8 }>")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("list<u8", "WIT type, line 1, column 8: found the end of the text, expected `,` or `>`"),
        ("strng", "WIT type, line 1, column 1: found the unknown type `strng`"),
        ("record {}", "WIT type, line 1, column 9: found `}`, expected at least one field"),
        ("list<own<file>>", "WIT type: found `own<file>`, expected a type of values"),
        ("record { a: borrow<file> }", "WIT type: found `borrow<file>`, expected a type of values"),
        ("result<stream<u8>>", "WIT type: found `stream<u8>`, expected a type of values"),
    ],
)
def test_what_is_no_type_of_values_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        value_type(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("text", "name"), [("a", "a"), ("a_b", "a-b"), ("a-b_C9", "a-b-C9"), ("type", "type")])
def test_a_parameter_may_be_written_with_underscores(text: str, name: str) -> None:
    assert param_name(text) == name


@pytest.mark.parametrize("text", ["", "_a", "a__b", "9", "a b", "a.b", "%a", "ž"])
def test_what_is_no_name_is_named(text: str) -> None:
    with pytest.raises(InvalidValueError, match=f"found `{text}`, expected words"):
        param_name(text)


def test_plain_types_need_no_names() -> None:
    assert interface("result<list<string>, string>", a="option<u8>").types == ()


def test_types_are_called_after_where_they_are_used() -> None:
    found = interface(
        "result<record { total: u64 }, variant { closed, late(record { by: u32 }) }>", order="list<flags { paid }>"
    )
    assert interface_text(found).splitlines() == [
        "interface c {",
        "    flags f-order {",
        "        paid,",
        "    }",
        "    record f-result {",
        "        total: u64,",
        "    }",
        "    record f-result-error-late {",
        "        by: u32,",
        "    }",
        "    variant f-result-error {",
        "        closed,",
        "        late(f-result-error-late),",
        "    }",
        "    f: func(order: list<f-order>) -> result<f-result, f-result-error>;",
        "}",
    ]


def test_equal_structures_are_one_type() -> None:
    found = interface("result<record { x: u8 }>", a="record { x: u8 }", b="option<record { x: u8 }>")
    assert function_text(found.functions[0]) == "f: func(a: f-a, b: option<f-a>) -> result<f-a>"


def test_names_that_are_taken_are_changed() -> None:
    found = interface("enum { no }", result="enum { yes }", pair="tuple<enum { a }, enum { b }>")
    names = [definition.name for definition in found.types]
    assert names == ["f-result", "f-pair", "other-f-pair", "other-f-result"]


@pytest.mark.parametrize(
    "result",
    [
        "string",
        "result<tuple<record { a: enum { x } }, enum { x }>, variant { execution-failed }>",
        "record { inner: record { inner: record { parts: list<flags { %type }> } }, %result: option<char> }",
    ],
)
def test_what_is_printed_is_read_again_as_the_same_function(result: str) -> None:
    found = interface(result, who="string", to="record { a: u8 }")
    again = resolve_packages([component_wit(World(exports=(found,)))]).worlds[0].world.exports[0]
    assert again == found
    assert same_function(again.functions[0], written(result, who="string", to="record { a: u8 }"))
