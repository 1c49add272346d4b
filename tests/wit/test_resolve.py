"""WIT text to the model."""

from __future__ import annotations

import pytest

from obelisk.errors import InvalidValueError
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.model import (
    BorrowType,
    Case,
    EnumType,
    Field,
    FlagsType,
    Function,
    Interface,
    ListType,
    OptionType,
    OwnType,
    Param,
    Primitive,
    RecordType,
    ResultType,
    TupleType,
    Type,
    TypeDef,
    UnsupportedType,
    VariantType,
)
from obelisk.wit.resolve import Document, parse_type, resolve_packages

U8, STRING = Primitive.U8, Primitive.STRING


def interface(body: str) -> Interface:
    return resolve_packages([f"package a:b@1.0.0; interface i {{ {body} }}"]).interfaces[0]


def document(text: str) -> Document:
    return resolve_packages([text])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((primitive.value, primitive) for primitive in Primitive),
        ("list<u8>", ListType(U8)),
        ("option<string>", OptionType(STRING)),
        ("result", ResultType(None, None)),
        ("result<u8>", ResultType(U8, None)),
        ("result<_, string>", ResultType(None, STRING)),
        ("result<list<u8>, string>", ResultType(ListType(U8), STRING)),
        ("tuple<u8, string,>", TupleType((U8, STRING))),
        ("record { a-b: u8, %type: string }", RecordType((Field("a-b", U8), Field("type", STRING)))),
        ("variant { a(u8), b }", VariantType((Case("a", U8), Case("b")))),
        ("enum { a, b }", EnumType(("a", "b"))),
        ("flags { a }", FlagsType(("a",))),
        ("own<r>", OwnType("r")),
        ("borrow<r>", BorrowType("r")),
        ("stream<u8>", UnsupportedType("stream<u8>")),
        ("future", UnsupportedType("future")),
        ("map<string, u8>", UnsupportedType("map<string, u8>")),
        ("error-context", UnsupportedType("error-context")),
        ("list<record { a: option<enum { b }> }>", ListType(RecordType((Field("a", OptionType(EnumType(("b",)))),)))),
    ],
)
def test_a_type_expression_is_parsed(text: str, expected: Type) -> None:
    assert parse_type(text) == expected


@pytest.mark.parametrize(
    "text", ["", "u9", "list", "list<u8", "u8 u8", "record { a: u8, a: u8 }", "result<>", "func()"]
)
def test_text_that_is_not_a_type_is_an_invalid_value(text: str) -> None:
    with pytest.raises(InvalidValueError, match="WIT type, line 1, column"):
        parse_type(text)


def test_an_interface_has_the_name_of_its_package_and_version() -> None:
    assert interface("").name == "a:b/i@1.0.0"
    assert document("package a:b; interface i {}").interfaces[0].name == "a:b/i"


def test_definitions_have_names_and_may_come_in_any_order() -> None:
    found = interface("record outer { x: list<inner> } enum inner { a } type short = outer; type n = u8;")
    inner = EnumType(("a",), "inner")
    outer = RecordType((Field("x", ListType(inner)),), "outer")
    assert found.types == (TypeDef("outer", outer), TypeDef("inner", inner), TypeDef("short", outer), TypeDef("n", U8))


def test_functions_have_parameters_and_a_result() -> None:
    found = interface("f: func(); g: func(a: u8, b: string,) -> result<u8>;")
    assert found.functions == (
        Function("f", (), None),
        Function("g", (Param("a", U8), Param("b", STRING)), ResultType(U8, None)),
    )
    assert found.function("g") == found.functions[1]
    assert found.function("h") is None


def test_the_functions_of_a_resource_are_named_after_it() -> None:
    found = interface(
        "resource r { constructor(a: u8); m: func(b: u8) -> r; s: static func() -> borrow<r>; } f: func(x: r);"
    )
    assert found.types == (TypeDef("r", None),)
    assert found.functions == (
        Function("[constructor]r", (Param("a", U8),), OwnType("r")),
        Function("[method]r.m", (Param("self", BorrowType("r")), Param("b", U8)), OwnType("r")),
        Function("[static]r.s", (), BorrowType("r")),
        Function("f", (Param("x", OwnType("r")),), None),
    )


def test_a_constructor_may_fail() -> None:
    found = interface("resource r { constructor() -> result<r, string>; }")
    assert found.functions[0].result == ResultType(OwnType("r"), STRING)


def test_an_alias_of_a_resource_is_the_resource() -> None:
    found = interface("resource r; type s = r; f: func(a: borrow<s>);")
    assert found.functions[0].params[0].type == BorrowType("r")


def test_used_types_say_where_they_come_from() -> None:
    text = """
        package a:b;
        interface i { use j.{t, r as q}; use c:d/e@1.0.0.{t as u}; f: func(x: t, y: u, z: borrow<q>); }
        interface j { record t { a: u8 } resource r; }
        package c:d@1.0.0 { interface e { enum t { x } } }
    """
    found = next(found for found in document(text).interfaces if found.name == "a:b/i")
    record, enum = RecordType((Field("a", U8),), "t"), EnumType(("x",), "t")
    assert found.types == (
        TypeDef("t", record, "a:b/j", "t"),
        TypeDef("q", None, "a:b/j", "r"),
        TypeDef("u", enum, "c:d/e@1.0.0", "t"),
    )
    assert [param.type for param in found.functions[0].params] == [record, enum, BorrowType("r")]


def test_interfaces_come_after_those_that_they_use() -> None:
    text = "package a:b; interface i { use j.{t}; } interface j { use k.{t}; } interface k { type t = u8; }"
    assert [found.name for found in document(text).interfaces] == ["a:b/k", "a:b/j", "a:b/i"]


def test_texts_may_use_each_other_and_what_is_known() -> None:
    one = "package a:b; interface i { use c:d/e.{t}; use obelisk:types/execution@5.0.0.{execution-id}; }"
    other = "package c:d; interface e { type t = u8; }"
    found = resolve_packages([one, other], known=host_interfaces().values())
    assert [interface.name for interface in found.interfaces] == ["c:d/e", "a:b/i"]
    assert found.interfaces[1].types[1].source == "obelisk:types/execution@5.0.0"


def test_a_use_at_the_top_gives_an_interface_another_name() -> None:
    far = "package c:d@1.0.0 { interface e { type t = u8; } }"
    text = f"package a:b; use c:d/e@1.0.0 as far; interface i {{ use far.{{t}}; }} {far}"
    assert document(text).interfaces[1].types == (TypeDef("t", U8, "c:d/e@1.0.0", "t"),)


def test_gates_and_doc_comments_are_skipped() -> None:
    text = """
        /// A package.
        package a:b@1.0.0;
        @since(version = 1.0.0)
        interface i {
            @unstable(feature = x) @deprecated(version = 1.0.0)
            f: func();
            /// A record.
            @since(version = 1.0.0)
            record r { a: u8 }
        }
        @since(version = 1.0.0)
        world w { @since(version = 1.0.0) import i; }
    """
    found = document(text)
    assert found.worlds[0].name == "a:b/w@1.0.0"
    assert found.worlds[0].world.imports == found.interfaces


def test_a_world_has_imports_and_exports_of_every_form() -> None:
    text = """
        package a:b;
        interface i { record t { x: u8 } }
        world w {
            use i.{t};
            import i;
            import c:d/e@1.0.0;
            import log: interface { line: func(text: string); }
            import now: func() -> u64;
            export i;
            export run: func(x: t);
        }
        package c:d@1.0.0 { interface e {} }
    """
    world = document(text).worlds[0].world
    assert [interface.name for interface in world.imports] == ["a:b/i", "c:d/e@1.0.0", "log"]
    assert world.imports[2].functions == (Function("line", (Param("text", STRING),), None),)
    assert [interface.name for interface in world.exports] == ["a:b/i"]
    assert world.bare_imports == (Function("now", (), Primitive.U64),)
    assert world.bare_exports == (Function("run", (Param("x", RecordType((Field("x", U8),), "t")),), None),)


def test_a_file_may_hold_nothing_but_package_blocks() -> None:
    found = document("package a:b { interface i {} } package a:c@1.0.0 { interface i {} world w { export i; } }")
    assert [interface.name for interface in found.interfaces] == ["a:b/i", "a:c/i@1.0.0"]
    assert found.worlds[0].world.exports == (found.interfaces[1],)


def test_an_empty_text_defines_nothing() -> None:
    assert document("  // nothing\n") == Document((), ())
