"""Functions that are written in tables and in WIT files."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError, InvalidValueError
from obelisk.interfaces.signature import FunctionParam, Signature, default_name, wit_signature, written_signature
from obelisk.wit.model import Primitive
from obelisk.wit.printer import component_wit
from obelisk.wit.resolve import resolve_packages

FFQN = "shop:orders/approval@1.0.0.ask"
WIT = """
package shop:orders@1.0.0;
interface approval {
  use obelisk:types/time@5.0.0.{duration};
  use shop:base/shapes.{size};
  record order { number: u64, count: size }
  ask: func(order: order, within: duration) -> result<size, string>;
}
"""


def written(return_type: str) -> Signature:
    return written_signature(FFQN, (FunctionParam("order_id", "record { number: u64 }"),), return_type)


def test_a_component_is_called_after_its_function():
    assert default_name(FFQN) == "approval.ask"


@pytest.mark.parametrize("name", ["ask", "a:b/c", "a:b/c.", "a:b/c.[method]r.d", "", "a:b/c@1.0.0"])
def test_what_is_no_function_name_is_refused(name: str):
    with pytest.raises(ValueError, match="`ffqn`: found"):
        default_name(name)


def test_a_written_function_has_names_for_its_types():
    signature = written("result<u8>")
    assert signature.ffqn == FFQN
    assert signature.text == "shop:orders/approval@1.0.0.ask: func(order-id: record { number: u64 }) -> result<u8>"
    assert [definition.name for definition in signature.interface.types] == ["ask-order-id"]
    assert signature.world.exports == (signature.interface,)


@pytest.mark.parametrize(
    ("return_type", "value", "ok", "returned"),
    [
        ("result<u8, string>", 5, True, {"ok": 5}),
        ("result<u8, string>", "no", False, {"err": "no"}),
        ("result", None, True, {"ok": None}),
        ("result<record { a-b: option<u8> }>", {}, True, {"ok": {"a_b": None}}),
        ("u8", 5.0, True, 5),
    ],
)
def test_a_payload_becomes_a_value_of_the_type(return_type: str, value: object, ok: bool, returned: object):
    assert written(return_type).returned(value, ok=ok) == returned


@pytest.mark.parametrize(
    ("return_type", "value", "ok", "message"),
    [
        ("result<u8, string>", 256, True, "at `ok`: expected `u8`"),
        ("result<u8, string>", 5, False, "at `err`: expected `string`"),
        ("result", 5, True, "at `ok`: expected null"),
        ("u8", None, False, "returns no `result`, there is no place for an error"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(return_type: str, value: object, ok: bool, message: str):
    with pytest.raises(InvalidValueError, match=message):
        written(return_type).returned(value, ok=ok)


@pytest.mark.parametrize(
    ("return_type", "ok", "err", "is_result"),
    [
        ("result", None, None, True),
        ("result<u8>", Primitive.U8, None, True),
        ("result<_, string>", None, Primitive.STRING, True),
        ("u8", Primitive.U8, None, False),
    ],
)
def test_the_types_of_payloads_are_known(return_type: str, ok: object, err: object, is_result: bool):
    signature = written(return_type)
    assert (signature.payload(ok=True), signature.payload(ok=False), signature.returns_result) == (ok, err, is_result)


def test_the_same_function_from_wit_files_has_the_same_text(tmp_path):
    (tmp_path / "orders.wit").write_text(
        "package shop:orders@1.0.0;\ninterface approval { record id { number: u64 } ask: func(order-id: id) -> result<u8>; }"
    )
    assert wit_signature(tmp_path, FFQN).text == written("result<u8>").text


def test_wit_files_may_use_others_and_the_packages_of_obelisk(tmp_path):
    (tmp_path / "deps").mkdir()
    (tmp_path / "orders.wit").write_text(WIT)
    (tmp_path / "deps" / "base.wit").write_text("package shop:base;\ninterface shapes { type size = u32; }")
    signature = wit_signature(tmp_path, FFQN)
    assert signature.returned(5, ok=True) == {"ok": 5}
    whole = resolve_packages([component_wit(signature.world)])  # the text stands by itself
    assert "shop:orders/approval@1.0.0" in [interface.name for interface in whole.interfaces]


def test_a_directory_without_wit_files_is_refused(tmp_path):
    with pytest.raises(ComponentError, match=r"expected a directory with files `\*\.wit` at .*, found no such file"):
        wit_signature(tmp_path, FFQN)


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "bad.wit").write_bytes(b"\xff")
    with pytest.raises(ComponentError, match=r"cannot read the WIT file .*bad\.wit"):
        wit_signature(tmp_path, FFQN)


def test_a_file_that_is_too_large_is_named(tmp_path):
    (tmp_path / "big.wit").write_bytes(b" " * 1_100_000)
    with pytest.raises(ComponentError, match=r"big\.wit is larger than 1048576 bytes"):
        wit_signature(tmp_path, FFQN)


def test_a_file_without_a_package_is_named(tmp_path):
    (tmp_path / "orders.wit").write_text("interface approval {}")
    with pytest.raises(ComponentError, match=r"orders\.wit, line 1, column 1: found `interface`, expected `package`"):
        wit_signature(tmp_path, FFQN)
