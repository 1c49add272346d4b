"""Names of interfaces and functions."""

from __future__ import annotations

import pytest

from obelisk.errors import InvalidNameError
from obelisk.names import MAX_NAME_LENGTH, InterfaceName, ffqn, is_word, parse_ffqn, parse_interface, split_ffqn


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a:b/c", InterfaceName("a", "b", "c")),
        ("ns:pkg-x/ifc-y@1.2.3", InterfaceName("ns", "pkg-x", "ifc-y", "1.2.3")),
        ("ns:p/i@0.2.0-rc.1+build.5", InterfaceName("ns", "p", "i", "0.2.0-rc.1+build.5")),
    ],
)
def test_an_interface_name_has_parts_and_is_written_as_it_was(text: str, name: InterfaceName) -> None:
    assert parse_interface(text) == name
    assert str(name) == text


NOT_INTERFACES = [
    "",
    "a",
    "a:b",
    "a/b",
    "a:b/c@",
    "a:b/c@1",
    "a:b/c@1.2",
    "a:b/c/d",
    "a:b/c ",
    "a_x:b/c",
    "1:b/c",
    "a:b-/c",
]


@pytest.mark.parametrize("text", [*NOT_INTERFACES, "a:b/" + "c" * 2000])
def test_text_that_is_not_an_interface_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError, match="is not an interface name"):
        parse_interface(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", True),
        ("order-2-Id", True),
        ("a" * MAX_NAME_LENGTH, True),
        ("a" * (MAX_NAME_LENGTH + 1), False),
        ("", False),
        ("2a", False),
        ("a_b", False),
        ("a--b", False),
        ("a-", False),
        ("a\n", False),
        ("a.b", False),
    ],
)
def test_a_word_is_a_name_without_a_package(text: str, expected: bool) -> None:
    assert is_word(text) is expected


def test_a_package_name_has_the_version() -> None:
    assert parse_interface("a:b/c@1.0.0").package_name == "a:b@1.0.0"
    assert parse_interface("a:b/c").package_name == "a:b"


def test_a_suffix_goes_to_the_package() -> None:
    assert str(parse_interface("a:b/c@1.0.0").with_package_suffix("-obelisk-ext")) == "a:b-obelisk-ext/c@1.0.0"


@pytest.mark.parametrize("text", ["a:b/c.f", "a:b/c@1.2.3.f-g", "a:b/c@1.0.0-rc.1.f"])
def test_a_function_name_parses(text: str) -> None:
    assert parse_ffqn(text) == text


def test_a_function_name_splits_at_its_last_dot() -> None:
    assert split_ffqn(parse_ffqn("a:b/c@1.2.3.fn")) == ("a:b/c@1.2.3", "fn")
    assert ffqn("a:b/c@1.2.3", "fn") == "a:b/c@1.2.3.fn"


@pytest.mark.parametrize(
    "text", ["", "a:b/c", "a:b/c.", ".f", "a:b/c@1.2.3", "a:b/c.f g", "b/c.f", "a:b/c." + "f" * 201]
)
def test_text_that_is_not_a_function_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidNameError):
        parse_ffqn(text)


def test_text_without_an_interface_is_shown_as_it_is() -> None:
    with pytest.raises(InvalidNameError, match="`fibo` is not a function name"):
        parse_ffqn("fibo")
