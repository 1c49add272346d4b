"""What is wrong with WIT text, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.errors import ComponentError, InvalidValueError
from obelisk.wit.hosts import HOST_PACKAGES, WORKFLOW_PACKAGE, host_package_text
from obelisk.wit.resolve import parse_type, resolve_packages


def error(text: str) -> str:
    with pytest.raises(ComponentError) as caught:
        resolve_packages([text], name="x.wit")
    return str(caught.value)


def body_error(text: str) -> str:
    """The error in the body of an interface, without its place."""
    return error(f"package a:b;\ninterface i {{\n{text}\n}}").split(": ", 1)[1]


def test_an_error_says_which_text_line_and_column_and_what_was_expected() -> None:
    assert (
        error("package a:b;\ninterface i {\n  f: fun();\n}") == "x.wit, line 3, column 6: found `fun`, expected `func`"
    )


def test_a_keyword_as_a_name_is_refused_with_a_hint() -> None:
    assert body_error("record r { type: u8 }") == (
        "found `type`, expected a name; `type` is a keyword, write `%type` to use it as a name"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interface i {}", "found `interface`, expected `package`"),
        ("package a;", "found `;`, expected `:`"),
        ("package a:b", "expected `;`"),
        ("package a:b@1.0;", "found the character '1', expected WIT"),
        ("package a:b@x;", "expected a version such as `1.0.0`"),
        ("package a:b; package c:d;", "a second package is written as"),
        ("package a:b; f: func();", "expected `interface`, `world` or `use`"),
        ("package a:b; interface i {", "found the end of the text"),
        ("package a:b; interface i {} }", "found `}`"),
        ("package a:b; world w { include c; }", "`include` is not supported"),
        ("package a:b; world w { f: func(); }", "expected `import`, `export`, `use`"),
        ("package a:b; @later(x) interface i {}", "expected `since`, `unstable` or `deprecated`"),
        ("package a:b; @since(version = 1.0.0 interface i {}", "found the end of the text, expected `)`"),
    ],
)
def test_a_document_that_is_not_wit_is_refused(text: str, expected: str) -> None:
    assert expected in error(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f: func();  f: func();", "the name `f` is defined twice in `a:b/i`"),
        ("f: func(a: u8, a: u8);", "the name `a` occurs twice"),
        ("f: func() -> (a: u8);", "found `(`, expected a type"),
        ("f: async func();", "async functions are not supported"),
        ("f: func(a: u9);", "found the unknown type `u9`, known here: none"),
        ("f: func(a: record { x: u8 });", "found `record`, expected a type"),
        ("record r {}", "expected at least one field"),
        ("variant v {}", "expected at least one case"),
        ("record r { a: u8; }", "found `;`, expected `,` or `}`"),
        ("enum e { a, a }", "the name `a` occurs twice"),
        ("record r { a: u8 } enum r { b }", "the type `r` is defined twice"),
        ("type f = u8; f: func();", "the name `f` is defined twice"),
        ("record a { b: b } record b { a: list<a> }", "the type `a` contains itself"),
        ("type t = tuple<>;", "expected at least one type"),
        ("type t = list<u8, u8>;", "`list` has 2 types, expected 1"),
        ("type t = list;", "found `;`, expected `<`"),
        ("type t = result<u8, _>;", "found `_` as the last type"),
        ("type t = borrow<u8>;", "expected a resource"),
        ("record r { a: u8 } f: func(a: borrow<r>);", "found the type `r`, expected a resource"),
        ("use j.{t};", "found the unknown interface `a:b/j`"),
        ("use i.{t};", "the interface `a:b/i` uses itself"),
        ("resource r { f: func(); f: func(); }", "`[method]r.f` is defined twice"),
        ("resource r { type: func(); }", "write `%type`"),
    ],
)
def test_a_body_that_is_not_wit_is_refused(text: str, expected: str) -> None:
    assert expected in body_error(text)


def test_an_unknown_interface_of_another_version_is_named() -> None:
    text = "package a:b; interface i { use c:d/e@2.0.0.{t}; } package c:d@1.0.0 { interface e { type t = u8; } }"
    assert error(text).endswith("unknown interface `c:d/e@2.0.0`, known is `c:d/e@1.0.0`")


def test_a_used_type_has_to_be_there() -> None:
    assert error("package a:b; interface i { use j.{t}; } interface j {}").endswith("`a:b/j` has no type `t`")


@pytest.mark.parametrize("text", ["list<" * 200 + "u8" + ">" * 200, "option<" * 100_000])
def test_nesting_is_bounded(text: str) -> None:
    with pytest.raises(InvalidValueError, match="nested more than 100 deep"):
        parse_type(text)


def test_ninety_nine_levels_are_not_too_many() -> None:
    assert parse_type("list<" * 99 + "u8" + ">" * 99)


def test_nesting_through_definitions_is_bounded_in_either_order() -> None:
    definitions = [f"record r{index} {{ x: r{index + 1} }}" for index in range(200)] + ["record r200 { x: u8 }"]
    for ordered in (definitions, definitions[::-1]):
        assert "nested more than 100 deep" in body_error("\n".join(ordered))


def test_a_type_that_grows_beyond_bounds_is_refused() -> None:
    definitions = [f"record r{index} {{ x: r{index + 1}, y: r{index + 1} }}" for index in range(50)]
    assert "more than 20000 parts" in body_error("\n".join([*definitions, "record r50 { x: u8 }"]))


def test_a_long_chain_of_uses_is_no_trouble() -> None:
    interfaces = [f"interface i{index} {{ use i{index + 1}.{{t}}; }}" for index in range(3000)]
    document = resolve_packages(["package a:b;" + "".join([*interfaces, "interface i3000 { record t { x: u8 } }"])])
    assert len(document.interfaces) == 3001


SYMBOLS = "{}()<>,;:./@*_="
WORDS = [
    "->",
    "list",
    "result",
    "record",
    "variant",
    "use",
    "as",
    "type",
    "func",
    "static",
    "world",
    "import",
    "i",
    "u8",
    "1.0.0",
]
FRAGMENTS = [*SYMBOLS, *WORDS]


@given(st.lists(st.sampled_from([*FRAGMENTS, "package a:b;", "interface i {", "ü", "/*"]), max_size=40))
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    try:
        resolve_packages([" ".join(parts)])
    except ComponentError:
        return


@given(st.data())
def test_a_damaged_text_is_read_or_refused(data: st.DataObject) -> None:
    text = host_package_text(WORKFLOW_PACKAGE)
    others = [host_package_text(package) for package in HOST_PACKAGES if package != WORKFLOW_PACKAGE]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    damaged = text[:start] + data.draw(st.sampled_from(["", *FRAGMENTS])) + text[end:]
    try:
        resolve_packages([damaged, *others])
    except ComponentError:
        return
