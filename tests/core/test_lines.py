"""Text of guests, made fit for keeping and for showing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.core.lines import LINE_BYTES, cut_bytes, cut_text, readable

WIDE = "😀"


@pytest.mark.parametrize("text", ["", "a line", "ä\x00\n", "x" * LINE_BYTES, WIDE * (LINE_BYTES // 4)])
def test_a_text_that_fits_stays_as_it_is(text: str):
    assert cut_text(text) == text
    assert cut_bytes(text.encode()) == text.encode()


@pytest.mark.parametrize(
    ("text", "kept"), [("x" * (LINE_BYTES + 1), LINE_BYTES), ("a" + WIDE * LINE_BYTES, LINE_BYTES - 3)]
)
def test_a_longer_one_is_cut_between_two_letters_and_marked(text: str, kept: int):
    size = len(text.encode())
    expected = text.encode()[:kept] + f" [cut: the line has {size} bytes]".encode()
    assert cut_text(text).encode() == expected
    assert cut_bytes(text.encode()) == expected


def test_bytes_that_are_no_text_are_cut_where_it_is():
    assert cut_bytes(b"\x80" * (LINE_BYTES + 1)).startswith(b"\x80" * LINE_BYTES + b" [cut")


def test_what_no_encoding_can_write_is_replaced():
    assert cut_text("a\ud800b") == "a?b"


def test_control_characters_are_shown_instead_of_acting():
    assert readable("a\tb\r\n\x1b[0m\x7f\x9b ä\u2028") == "a\tb\\x0d\\x0a\\x1b[0m\\x7f\\x9b ä\u2028"


def test_characters_that_turn_the_order_of_text_are_shown_instead_of_acting():
    assert readable("a\u202eb\u2066c\u200f") == "a\\u202eb\\u2066c\u200f"


@given(st.text())
def test_a_readable_text_has_no_control_characters_but_tabs(text: str):
    assert not [letter for letter in readable(text) if letter != "\t" and (letter < " " or "\x7f" <= letter < "\xa0")]


@given(st.binary())
def test_short_bytes_are_kept_whatever_they_are(payload: bytes):
    assert cut_bytes(payload) == payload
