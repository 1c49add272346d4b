"""Texts of WIT: type expressions and documents."""

from __future__ import annotations

from hypothesis import strategies as st

from obelisk.errors import ComponentError, InvalidValueError
from obelisk.wit.hosts import HOST_PACKAGES, host_interfaces, host_package_text
from obelisk.wit.model import Type
from obelisk.wit.printer import packages_text
from obelisk.wit.resolve import parse_type, resolve_packages
from obelisk.wit.signature import value_type
from obelisk.wit.typetext import inline_type_text
from tests.fuzz.mutation import TEXT, damaged_text
from tests.fuzz.target import Target, simple
from tests.fuzz.wit_types import TYPES

TOKENS = st.sampled_from([
    "list", "option", "result", "tuple", "record", "variant", "enum", "flags", "own", "borrow", "stream", "future",
    "u8", "string",
    "char", "bool", "f64", "<", ">", "(", ")", "{", "}", ",", ":", "_", "%", "%type", "a", "b-c", "type", "=", ";",
    "->", "func",
    "interface", "package", "world", "use", "import", "export", "resource", "static", "constructor",
    "@since(version = 1.0.0)",
    "/*", "*/", "//", "\n", " ", "@", "1.0.0", "a:b", "/", ".", "\0", "\u00e4", "error-context", "async", "include",
    "-", "A",
])  # fmt: skip
PIECES = TOKENS | TEXT
EXPRESSIONS = TYPES.map(inline_type_text)
DEEP = st.tuples(
    st.sampled_from(["list<", "option<", "tuple<", "result<", "record{a:", "/*"]), st.integers(50, 5000)
).map(lambda pair: pair[0] * pair[1])


def check_expression(text: str) -> None:
    for parse in (parse_type, value_type):
        try:
            found: Type = parse(text)
        except InvalidValueError as error:
            assert str(error)
            assert len(str(error)) < 1000
        else:
            assert parse_type(inline_type_text(found)) == found


def check_type(type_: Type) -> None:
    assert parse_type(inline_type_text(type_)) == type_


def check_document(text: str) -> None:
    try:
        document = resolve_packages([text], known=host_interfaces().values())
    except ComponentError as error:
        assert str(error)
        assert len(str(error)) < 2000
    else:
        packages_text(document.interfaces)


def expressions() -> Target:
    texts = st.one_of(
        st.lists(PIECES, max_size=20).map("".join),
        EXPRESSIONS.flatmap(lambda text: damaged_text(text, PIECES)),
        DEEP,
        DEEP.map(lambda text: text + "u8" + ">" * 5000),
    )
    return simple("wit-expressions", 250, texts, check_expression)


def types() -> Target:
    return simple("wit-types", 100, TYPES, check_type)


def documents() -> Target:
    hosts = st.sampled_from([host_package_text(package) for package in HOST_PACKAGES])
    texts = hosts.flatmap(lambda text: damaged_text(text, PIECES)) | st.lists(PIECES, max_size=40).map(" ".join)
    return simple("wit-documents", 100, texts, check_document)
