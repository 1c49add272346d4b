"""JSON values of WIT types."""

from __future__ import annotations

import math
import re
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.core.checks import describe
from obelisk.core.events import ExecutionResult, FailureKind, ResultKind, TypedValue, failed
from obelisk.core.values import (
    MAX_JSON_DEPTH,
    ParamsShape,
    ReturnShape,
    Unprojectable,
    check_params,
    check_value,
    parse_json,
)
from obelisk.errors import InvalidValueError
from obelisk.wit.model import Function, Param, Primitive, Type, UnsupportedType
from obelisk.wit.resolve import parse_type

PERSON = "record { first-name: string, age: option<u8> }"
SHAPE = "variant { dot, big-circle(f64), pair(tuple<u8, string>) }"


def check(type_text: str, value: Any) -> Any:
    return check_value(parse_type(type_text), value)


def refusal(type_text: str, value: Any) -> str:
    with pytest.raises(InvalidValueError) as caught:
        check(type_text, value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("type_text", "value", "normal"),
    [
        ("bool", True, True),
        ("u8", 255, 255),
        ("u8", 3.0, 3),
        ("s8", -128, -128),
        ("u64", 2**64 - 1, 2**64 - 1),
        ("s64", -(2**63), -(2**63)),
        ("u64", float(2**53 - 1), 2**53 - 1),
        ("f64", 1.5, 1.5),
        ("f64", 2, 2.0),
        ("f64", 2**70, float(2**70)),
        ("f64", "nan", "nan"),
        ("f64", math.nan, "nan"),
        ("f64", -math.inf, "-inf"),
        ("f32", 0.1, 0.10000000149011612),
        ("f32", "inf", "inf"),
        ("f32", math.inf, "inf"),
        ("f32", 2**24, float(2**24)),
        ("char", "ä", "ä"),
        ("char", "😀", "😀"),
        ("string", "", ""),
        ("list<u8>", [0, 255], [0, 255]),
        ("list<u8>", [1.0], [1]),
        ("list<string>", ["a"], ["a"]),
        ("tuple<u8, string>", [1, "a"], [1, "a"]),
        ("option<u8>", None, None),
        ("option<u8>", 1, 1),
        ("option<option<u8>>", None, None),
        (PERSON, {"first_name": "a", "age": 1}, {"first_name": "a", "age": 1}),
        (PERSON, {"first_name": "a"}, {"first_name": "a", "age": None}),
        (SHAPE, "dot", "dot"),
        (SHAPE, {"big_circle": 1}, {"big_circle": 1.0}),
        (SHAPE, {"pair": [1, "x"]}, {"pair": [1, "x"]}),
        ("enum { a-b, c }", "a_b", "a_b"),
        ("flags { a-b, c }", ["c", "a_b"], ["a_b", "c"]),
        ("flags { a }", [], []),
        ("result", {"ok": None}, {"ok": None}),
        ("result<u8, string>", {"err": "x"}, {"err": "x"}),
        ("result<_, string>", {"ok": None}, {"ok": None}),
    ],
)
def test_a_value_that_fits_is_returned_in_its_normal_form(type_text: str, value: Any, normal: Any) -> None:
    found = check(type_text, value)
    assert found == normal
    assert type(found) is type(normal)


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("bool", 1),
        ("bool", "true"),
        ("u8", True),
        ("u8", 256),
        ("u8", -1),
        ("u8", 1.5),
        ("u8", "1"),
        ("u64", 2**64),
        ("u64", float(2**53)),
        ("s64", -(2**63) - 1),
        ("u8", math.nan),
        ("f64", True),
        ("f64", 2**53 + 1),
        ("f64", 10**400),
        ("f64", "NaN"),
        ("f64", None),
        ("f32", 2**24 + 1),
        ("f32", 1e39),
        ("f32", False),
        ("char", ""),
        ("char", "ab"),
        ("char", 97),
        ("char", "\ud800"),
        ("string", "a\udfff"),
        ("string", None),
        ("list<u8>", [True]),
        ("list<u8>", [256]),
        ("list<u8>", "abc"),
        ("list<u8>", None),
        ("tuple<u8, u8>", [1]),
        ("tuple<u8>", {"0": 1}),
        (PERSON, []),
        (PERSON, {}),
        (PERSON, {"first-name": "a"}),
        (PERSON, {"first_name": "a", "x": 1}),
        (SHAPE, "big_circle"),
        (SHAPE, {"dot": None}),
        (SHAPE, {"big_circle": 1.0, "dot": None}),
        (SHAPE, {}),
        (SHAPE, "big-circle"),
        (SHAPE, None),
        ("enum { a }", {"a": None}),
        ("enum { a }", "b"),
        ("flags { a, b }", ["a", "a"]),
        ("flags { a }", ["c"]),
        ("flags { a }", [[]]),
        ("flags { a }", "a"),
        ("result", {"ok": 1}),
        ("result", "ok"),
        ("result", {"ok": None, "err": None}),
        ("result<u8>", {"Ok": 1}),
        ("result<u8>", {"ok": None}),
    ],
)
def test_a_value_that_does_not_fit_is_refused(type_text: str, value: Any) -> None:
    assert "expected" in refusal(type_text, value)


def test_a_refusal_says_where_what_was_expected_and_what_was_found() -> None:
    text = refusal(f"list<result<{PERSON}, u8>>", [{"err": 1}, {"ok": {"first_name": "a", "age": "old"}}])
    assert text == "at `[1].ok.age`: expected `u8`, a whole number from 0 to 255, found string 'old'"
    assert refusal("u8", "x") == "expected `u8`, a whole number from 0 to 255, found string 'x'"


def test_a_refusal_names_missing_and_unknown_keys() -> None:
    assert refusal(PERSON, {}).endswith("found an object without `first_name`")
    assert refusal(PERSON, {"first_name": "", "nickname": 1}).endswith("found unknown key `nickname`")


def test_a_refusal_shortens_what_was_found() -> None:
    assert len(refusal("u8", "x" * 10**6)) < 200
    assert len(refusal("u8", {"k" * 1000 + str(index): 1 for index in range(1000)})) < 200
    assert "more than 64 bits" in refusal("u8", 10**5000)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (False, "false"),
        (1.5, "number 1.5"),
        ("é\n", "string '\\xe9\\n'"),
        ([1], "an array of 1 element"),
        ([], "an array of 0 elements"),
        ({}, "an empty object"),
        ({"a": 1, "b": 2}, "an object with keys a, b"),
        (object(), "a Python object"),
    ],
)
def test_a_value_is_described_shortly(value: Any, text: str) -> None:
    assert describe(value) == text


@pytest.mark.parametrize("type_text", ["own<r>", "borrow<r>", "stream<u8>"])
def test_no_value_has_a_handle_or_a_stream(type_text: str) -> None:
    with pytest.raises(InvalidValueError, match="unsupported type"):
        check_value(UnsupportedType(type_text), None)


# --- parameters ---

ADD = Function("add", (Param("left", Primitive.U8), Param("right", Primitive.U8)), Primitive.U8)


def test_parameters_are_checked_in_order() -> None:
    assert check_params(ADD, [1, 2.0]) == [1, 2]
    assert check_params(Function("f", (), None), []) == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"left": 1}, "params must be a json array, found an object with keys left"),
        (None, "params must be a json array, found null"),
        ([1], "parameter cardinality mismatch, expected: 2, specified: 1"),
        ([1, 2, 3], "parameter cardinality mismatch, expected: 2, specified: 3"),
        (
            [1, "x"],
            "cannot parse 2-th parameter `right`: expected `u8`, a whole number from 0 to 255, found string 'x'",
        ),
    ],
)
def test_wrong_parameters_are_named(params: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=re.escape(message)):
        ParamsShape(ADD).check(params)


# --- JSON text ---


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2]", [1, 2]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ('"1234567890123456789012345"', "1234567890123456789012345"),
        ("[" * MAX_JSON_DEPTH + "]" * MAX_JSON_DEPTH, nested(MAX_JSON_DEPTH)),
        ("[" + "[]," * 500 + "[]]", [[] for _ in range(501)]),
    ],
)
def test_json_text_is_parsed(text: str | bytes, value: Any) -> None:
    assert parse_json(text, "params") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "NaN",
        "[1,]",
        "1 2",
        "1e400",
        b'"\xff"',
        '"\ud800"',
        '"\\ud800"',
        "18446744073709551616",
        "-9223372036854775809",
        '[{"a": 123456789012345678901234567890}]',
        "[" * (MAX_JSON_DEPTH + 1) + "]" * (MAX_JSON_DEPTH + 1),
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
    ],
)
def test_text_that_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidValueError, match="cannot parse params as JSON"):
        parse_json(text, "params")


# --- results ---

EXECUTION_FAILED = "variant { execution-failed, other(u8) }"


def type_or_none(text: str) -> Type | None:
    return parse_type(text) if text else None


@pytest.mark.parametrize(
    ("type_text", "value", "result"),
    [
        ("", None, ExecutionResult(ok=None)),
        ("u64", 1, ExecutionResult(ok=TypedValue("u64", 1))),
        ("result", {"ok": None}, ExecutionResult(ok=None)),
        ("result", {"err": None}, ExecutionResult(err=None)),
        ("result<u8, string>", {"ok": 1}, ExecutionResult(ok=TypedValue("u8", 1))),
        ("result<u8, string>", {"err": "x"}, ExecutionResult(err=TypedValue("string", "x"))),
        ("result<option<u8>>", {"ok": None}, ExecutionResult(ok=TypedValue("option<u8>", None))),
        ("result<result<u8>>", {"ok": {"err": None}}, ExecutionResult(ok=TypedValue("result<u8>", {"err": None}))),
        (PERSON, {"first_name": "a"}, ExecutionResult(ok=TypedValue(PERSON, {"first_name": "a"}))),
    ],
)
def test_a_returned_value_is_a_result_and_comes_back_from_it(
    type_text: str, value: Any, result: ExecutionResult
) -> None:
    shape = ReturnShape(type_or_none(type_text))
    assert shape.result(value) == result
    assert shape.project(result) == value


@pytest.mark.parametrize(
    ("type_text", "projected"),
    [
        ("result", {"err": None}),
        ("result<u8>", {"err": None}),
        ("result<_, string>", {"err": "execution_failed"}),
        ("result<u8, string>", {"err": "execution_failed"}),
        (f"result<u8, {EXECUTION_FAILED}>", {"err": "execution_failed"}),
    ],
)
def test_an_execution_failure_is_an_error_of_a_projectable_type(type_text: str, projected: Any) -> None:
    type_ = parse_type(type_text)
    shape, failure = ReturnShape(type_), failed(FailureKind.TIMED_OUT, "too slow")
    assert shape.project(failure) == projected
    assert shape.extension(failure) == projected
    assert check_value(type_, projected) == projected


@pytest.mark.parametrize(
    "type_text",
    ["", "u64", "result<u8, u32>", "result<u8, variant { execution-failed(u8) }>", "enum { execution-failed }"],
)
def test_an_execution_failure_has_no_place_in_other_types(type_text: str) -> None:
    shape, failure = ReturnShape(type_or_none(type_text)), failed(FailureKind.TIMED_OUT, "too slow")
    assert shape.project(failure) == Unprojectable("timed_out: too slow")
    assert shape.extension(failure) == {"err": "timed_out"}


@pytest.mark.parametrize(
    ("type_text", "value", "extension"),
    [
        ("", None, {"ok": None}),
        ("u64", 5, {"ok": 5}),
        ("result<u8, u32>", {"err": 3}, {"ok": {"err": 3}}),
        ("result<u8, string>", {"err": "x"}, {"err": "x"}),
        ("result<u8, string>", {"ok": 1}, {"ok": 1}),
    ],
)
def test_an_extension_function_wraps_what_is_not_projectable(type_text: str, value: Any, extension: Any) -> None:
    shape = ReturnShape(type_or_none(type_text))
    assert shape.extension(shape.result(value)) == extension
    assert shape.stubbed(extension) == shape.result(value)


def test_a_stub_can_be_given_a_failure() -> None:
    shape = ReturnShape(Primitive.U64)
    stubbed = shape.stubbed({"err": "cancelled"})
    assert stubbed.kind is ResultKind.EXECUTION_FAILURE
    assert shape.extension(stubbed) == {"err": "cancelled"}


def test_the_stored_type_of_a_value_is_a_type_expression() -> None:
    result = ReturnShape(parse_type(f"result<_, {SHAPE}>")).result({"err": "dot"})
    assert isinstance(result.err, TypedValue)
    assert parse_type(result.err.type) == parse_type(SHAPE)


# --- properties ---


def types(depth: int = 2) -> st.SearchStrategy[tuple[str, st.SearchStrategy[Any]]]:
    """Type texts with strategies for values of them in normal form."""
    leaves: list[tuple[str, st.SearchStrategy[Any]]] = [
        ("bool", st.booleans()),
        ("u8", st.integers(0, 255)),
        ("s64", st.integers(-(2**63), 2**63 - 1)),
        ("u64", st.integers(0, 2**64 - 1)),
        ("f64", st.floats(allow_nan=False, allow_infinity=False)),
        ("string", st.text()),
        ("char", st.characters(exclude_categories=["Cs"])),
        ("enum { a-b, c }", st.sampled_from(["a_b", "c"])),
        ("flags { x, y }", st.sampled_from([[], ["x"], ["y"], ["x", "y"]])),
    ]
    leaf = st.sampled_from(leaves)
    if depth == 0:
        return leaf
    inner = types(depth - 1)
    return st.one_of(
        leaf,
        inner.map(lambda part: (f"list<{part[0]}>", st.lists(part[1], max_size=3))),
        st.tuples(inner, inner).map(
            lambda parts: (
                f"record {{ a: {parts[0][0]}, b-c: option<{parts[1][0]}> }}",
                st.fixed_dictionaries({"a": parts[0][1], "b_c": st.none() | parts[1][1]}),
            )
        ),
        st.tuples(inner, inner).map(
            lambda parts: (
                f"result<{parts[0][0]}, {parts[1][0]}>",
                st.fixed_dictionaries({"ok": parts[0][1]}) | st.fixed_dictionaries({"err": parts[1][1]}),
            )
        ),
        inner.map(
            lambda part: (
                f"variant {{ none, some-of({part[0]}) }}",
                st.just("none") | st.fixed_dictionaries({"some_of": part[1]}),
            )
        ),
    )


@given(st.data())
def test_a_normal_form_stays_as_it_is_through_json_and_back(data: st.DataObject) -> None:
    text, values = data.draw(types())
    value = data.draw(values)
    type_ = parse_type(text)
    assert check_value(type_, value) == value
    again = parse_json(msgspec.json.encode(value), "value")
    assert check_value(type_, again) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b_c", "ok", "err"]), inner),
    max_leaves=8,
)


@given(types(), JSON)
def test_any_json_either_fits_or_is_refused(drawn: tuple[str, Any], value: Any) -> None:
    type_ = parse_type(drawn[0])
    try:
        normal = check_value(type_, value)
    except InvalidValueError:
        return
    assert check_value(type_, normal) == normal


def test_what_is_wrong_with_text_is_told_in_short():
    with pytest.raises(InvalidValueError) as caught:
        parse_json('{"a":' * 400 + "1e999", "params")
    assert len(str(caught.value)) < 400


def test_megabytes_of_text_are_read_about_as_fast_as_they_are_decoded():
    text = b'["' + b"12345678 " * 3_000_000 + b'"]'
    began = time.thread_time()
    msgspec.json.decode(text)
    decoded = time.thread_time()
    parse_json(text, "params")
    assert time.thread_time() - decoded < 10 * (decoded - began) + 0.1
