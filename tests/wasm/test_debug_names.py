"""The names of functions that backtraces show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from obelisk.wasm.debug_names import longest_name


def named(name: str) -> str:
    return f'(core module (func (@name "{name}")) (func (@name "short")))'


@pytest.mark.parametrize(
    "text",
    [
        f"(component {named('x' * 300)})",
        f"(component (component (component {named('x' * 300)}) {named('y')}))",
        f'(component (core module (@name "{"x" * 300}") (func)))',
    ],
)
def test_the_longest_name_is_found_wherever_it_is(text: str):
    assert longest_name(bytes(wat2wasm(text))) == 300


@pytest.mark.parametrize("text", ["(component)", "(component (core module (func)))"])
def test_a_component_without_names_has_none(text: str):
    assert longest_name(bytes(wat2wasm(text))) == 0


def followed_by(rest: bytes) -> bytes:
    """Return a component with a name of 300 bytes in a section that ends in something else."""
    names = b"\1" + bytes([0, *leb(300)]) + b"x" * 300
    custom = b"\4name" + b"\1" + leb(len(names)) + names + rest
    module = b"\0asm\1\0\0\0" + b"\0" + leb(len(custom)) + custom
    return b"\0asm\x0d\0\1\0" + b"\1" + leb(len(module)) + module


def leb(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80, number >> 7]) if number >= 0x80 else bytes([number])


@pytest.mark.parametrize(
    "rest", [b"", b"\2", b"\1\xff", b"\0\0", b"\1\1\5", b"\1" + b"\xff" * 9 + b"\1"], ids=lambda rest: rest.hex()
)
def test_a_name_before_what_cannot_be_read_counts(rest: bytes):
    """wasmtime shows it as well."""
    assert longest_name(followed_by(rest)) == 300


def test_a_number_of_more_than_32_bits_cannot_be_read():
    longer = b"\1" + bytes([0, *leb(400)]) + b"x" * 400
    assert longest_name(followed_by(b"\1" + leb(len(longer)) + longer)) == 400
    size = bytes([len(longer) & 0x7F | 0x80, len(longer) >> 7 | 0x80, 0x80, 0x80, 0x80, 0])
    assert longest_name(followed_by(b"\1" + size + longer)) == 300


@given(st.binary(max_size=40))
def test_a_section_that_cannot_be_read_is_passed_over(names: bytes):
    custom = b"\4name" + names
    module = b"\0asm\1\0\0\0" + b"\0" + bytes([len(custom)]) + custom
    assert 0 <= longest_name(b"\0asm\x0d\0\1\0" + b"\1" + bytes([len(module)]) + module) <= len(names)
