"""The hash of a stub's result. The golden values here are frozen for ever: never edit one."""

from __future__ import annotations

import hashlib

import pytest

from obelisk.core.events import ExecutionResult, FailureKind, TypedValue, failed
from obelisk.core.hashing import retval_hash, same_result, typed_text, untyped_text

TEXT = ExecutionResult(ok=TypedValue("string", "a"))
GOLDEN_TYPED = [
    (ExecutionResult(ok=None), "01e352bc3fb05e32d3f1c453545fc33832e8feaab3132b2b4ba9c34f56c88e4ec4"),
    (ExecutionResult(err=None), "01f33bf5f99c8ba5a8fb4e194e272437f7b426414fa5547ccc0c5d7ba27e3e64de"),
    (TEXT, "019118a735d894616b9004d249c8b226bc697962fab982648f62d2e867178290a4"),
    (
        ExecutionResult(err=TypedValue("string", "ä")),
        "01a01da1ca8e7d86130de3743a72ca3d89f500c16a685631f8cc9dd75e2717d62e",
    ),
    (
        ExecutionResult(ok=TypedValue("record { a: u64 }", {"a": 2**64 - 1})),
        "01a8aa95d609f54876785d64ced7e7d66c7b7a8146a9040ee6609247c873ea0d4a",
    ),
    (failed(FailureKind.CANCELLED, "why"), "010d4c25dfe69a3e851ad651e4a2783f2516c024bdb306cd5f782af4cb55028b82"),
]
GOLDEN_UNTYPED = [
    ("", "01dc5be2c7e6906228e08b21f9a9da485928243363d5dfb17ced80b86f0f9f4886"),
    ('{"ok":"a"}', "01a755b5abce6cd33fc07fb40e9fa0e4c26efc21c48e6c292456556ad797f686da"),
    ('{"ok": "a"}', "018cfcb39c9c5c0ea2c4527e47ecebaabfda08a61330874172aa61d747041a4a07"),
    ('"ä"', "016fd0cd729d2b0144ecc8c4439af8b3e7c9237e69fd045c755a6958eb1aa59653"),
]


@pytest.mark.parametrize(("result", "expected"), GOLDEN_TYPED)
def test_the_hash_of_a_typed_result_is_frozen(result, expected):
    assert retval_hash(typed_text(result)) == expected


@pytest.mark.parametrize(("text", "expected"), GOLDEN_UNTYPED)
def test_the_hash_of_json_text_is_frozen(text, expected):
    assert retval_hash(untyped_text(text)) == expected


@pytest.mark.parametrize("text", ["", "a", "x" * 100_000])
def test_a_hash_is_a_version_and_64_hexadecimal_digits(text):
    hashed = retval_hash(text)
    assert (len(hashed), hashed[:2]) == (66, "01")
    assert hashed[2:] == hashlib.sha256(text.encode()).hexdigest()


def test_a_typed_result_is_hashed_as_its_json_with_keys_in_order():
    assert typed_text(TEXT) == 'T|{"ok":{"type":"string","value":"a"}}'
    assert typed_text(ExecutionResult(ok=TypedValue("r", {"b": 1, "a": 2}))) == (
        'T|{"ok":{"type":"r","value":{"a":2,"b":1}}}'
    )


def test_json_text_is_hashed_as_it_was_given():
    assert untyped_text('{"b": 1,  "a": 2}') == 'U|{"b": 1,  "a": 2}'


def test_the_same_result_given_by_type_and_by_text_has_two_hashes():
    assert retval_hash(typed_text(TEXT)) != retval_hash(untyped_text('{"ok":{"type":"string","value":"a"}}'))


def test_an_ok_and_an_err_without_payload_differ():
    assert typed_text(ExecutionResult(ok=None)) != typed_text(ExecutionResult(err=None))


def test_a_result_is_the_same_as_its_copy():
    assert same_result(TEXT, ExecutionResult(ok=TypedValue("string", "a")))


def test_the_order_of_keys_makes_no_difference():
    one, other = (ExecutionResult(ok=TypedValue("r", value)) for value in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert same_result(one, other)


@pytest.mark.parametrize(
    "other",
    [
        ExecutionResult(ok=TypedValue("string", "b")),
        ExecutionResult(err=TypedValue("string", "a")),
        ExecutionResult(ok=TypedValue("char", "a")),
        ExecutionResult(ok=None),
        failed(FailureKind.CANCELLED, "a"),
        "a",
        None,
    ],
)
def test_another_result_is_not_the_same(other):
    assert not same_result(TEXT, other)


@pytest.mark.parametrize(("one", "other"), [(True, 1), (1, 1.0), (0.0, -0.0)])
def test_values_that_are_equal_in_python_alone_are_not_the_same_result(one, other):
    assert not same_result(*(ExecutionResult(ok=TypedValue("t", value)) for value in (one, other)))
