"""The model to WIT text and back."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.wit.hosts import host_interfaces
from obelisk.wit.keywords import KEYWORDS
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
    World,
    same_type,
)
from obelisk.wit.printer import (
    component_wit,
    function_text,
    inline_type_text,
    interface_text,
    packages_text,
    type_text,
    world_text,
)
from obelisk.wit.resolve import parse_type, resolve_packages
from obelisk.wit.walk import definitions_by_type

PERSON = RecordType((Field("first-name", Primitive.STRING), Field("type", Primitive.U8)), "person")


def test_a_named_type_goes_by_its_name_and_is_spelled_out_inline() -> None:
    assert type_text(ListType(PERSON)) == "list<person>"
    assert inline_type_text(ListType(PERSON)) == "list<record { first-name: string, %type: u8 }>"


@pytest.mark.parametrize(
    "text",
    [
        "result",
        "result<u8>",
        "result<_, string>",
        "result<list<u8>, string>",
        "tuple<u8, option<char>>",
        "record { a: u8 }",
        "variant { a(u8), b }",
        "enum { a, b }",
        "flags { a }",
        "own<r>",
        "borrow<r>",
        "stream<u8>",
    ],
)
def test_a_type_is_printed_as_it_was_written(text: str) -> None:
    assert inline_type_text(parse_type(text)) == text


def test_a_handle_goes_by_the_name_of_its_resource() -> None:
    assert type_text(OwnType("join-set")) == "join-set"
    assert type_text(BorrowType("join-set")) == "borrow<join-set>"


def test_a_function_is_one_line() -> None:
    function = Function("f", (Param("a", Primitive.U8), Param("from", PERSON)), Primitive.U64)
    assert function_text(function) == "f: func(a: u8, %from: person) -> u64"
    assert function_text(Function("g", (), None)) == "g: func()"


def test_an_interface_is_laid_out_in_the_order_of_the_model() -> None:
    text = """\
interface i {
    use j.{t as u};
    use c:d/e@1.0.0.{v};
    record r {
        a: u,
        %list: list<v>,
    }
    resource q;
    resource s {
        constructor(a: u8);
        m: func() -> q;
        n: static func(a: borrow<s>);
    }
    f: func(a: r);
}"""
    others = "interface j { enum t { x } } package c:d@1.0.0 { interface e { flags v { y } } }"
    found = resolve_packages([f"package a:b; {text} {others}"])
    assert interface_text(found.interfaces[-1]) == text


def test_the_host_packages_are_printed_and_read_again() -> None:
    hosts = tuple(host_interfaces().values())
    assert resolve_packages([packages_text(hosts)]).interfaces == hosts


WORLD = """\
world w {
    use a:b/i@1.0.0.{t};
    import a:b/i@1.0.0;
    import log: interface {
        line: func(text: string);
    }
    import now: func() -> t;
    export a:b/i@1.0.0;
    export run: func();
}"""


def test_a_world_is_printed_with_what_its_own_functions_use() -> None:
    found = resolve_packages([f"package a:b@1.0.0; interface i {{ record t {{ a: u8 }} }} {WORLD}"])
    assert world_text(found.worlds[0].world, name="w") == WORLD


def test_a_document_holds_the_root_world_and_every_package_once() -> None:
    found = resolve_packages([f"package a:b@1.0.0; interface i {{ record t {{ a: u8 }} }} {WORLD}"])
    world = found.worlds[0].world
    text = component_wit(world)
    assert text.startswith("package root:component;\n\nworld root {\n")
    assert text.count("package a:b@1.0.0 {") == 1
    again = resolve_packages([text])
    assert (again.worlds[0].name, again.worlds[0].world) == ("root:component/root", world)


def test_a_document_of_nothing_is_an_empty_world() -> None:
    assert component_wit(World()) == "package root:component;\n\nworld root {}\n"


def test_a_document_holds_the_host_packages_that_it_uses_types_of() -> None:
    text = "package a:b; interface i { use obelisk:types/join-set@5.0.0.{join-set}; f: func(a: borrow<join-set>); }"
    interface = resolve_packages([text], known=host_interfaces().values()).interfaces[0]
    again = resolve_packages([component_wit(World(exports=(interface,)))])
    assert again.worlds[0].world.exports == (interface,)
    names = {found.name for found in again.interfaces}
    assert {"obelisk:types/join-set@5.0.0", "obelisk:types/execution@5.0.0"} <= names


def test_types_that_nobody_defines_are_defined_in_place() -> None:
    inner = EnumType(("a",), "inner")
    outer = RecordType((Field("x", OptionType(inner)),), "outer")
    other = FlagsType(("y",), "inner")
    function = Function("f", (Param("a", outer), Param("b", other), Param("c", BorrowType("r"))), None)
    used = TypeDef("outer", outer, "gone:away/i", "outer")
    world = World(exports=(Interface("a:b/i", (function,), (used,)),))
    again = resolve_packages([component_wit(world)]).worlds[0].world.exports[0]
    assert {definition.name for definition in again.types} == {"outer", "inner", "other-inner", "r"}
    for found, param in zip(again.functions[0].params, function.params, strict=True):
        assert same_type(found.type, param.type)


def test_an_alias_of_an_unknown_definition_is_a_definition() -> None:
    interface = Interface("a:b/i", (), (TypeDef("person-alias", PERSON),))
    again = resolve_packages([packages_text([interface])]).interfaces[0]
    assert same_type(again.types[0].type, PERSON)


# --- what is printed parses again ---

NAMES = st.one_of(
    st.sampled_from(sorted(KEYWORDS | {"map"})), st.from_regex(r"[a-z][a-z0-9]{0,2}(-[a-z]{1,2})?", fullmatch=True)
)
PRIMITIVES = st.sampled_from(list(Primitive))


def anonymous(leaves: st.SearchStrategy[Type], *, inline: bool) -> st.SearchStrategy[Type]:
    """Types made of ``leaves``, with structure spelled out when ``inline``."""

    def extend(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Any]:
        forms: list[st.SearchStrategy[Any]] = [
            st.builds(ListType, inner),
            st.builds(OptionType, inner),
            st.builds(ResultType, st.none() | inner, st.none() | inner),
            st.builds(TupleType, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        ]
        return st.one_of(*forms, structures(inner, st.just(""))) if inline else st.one_of(*forms)

    return st.recursive(leaves, extend, max_leaves=6)


def structures(inner: st.SearchStrategy[Type], name: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    names = st.lists(NAMES, min_size=1, max_size=4, unique=True)
    return st.one_of(
        st.builds(RecordType, names.flatmap(lambda found: _fields(found, inner)), name),
        st.builds(VariantType, names.flatmap(lambda found: _cases(found, inner)), name),
        st.builds(EnumType, names.map(tuple), name),
        st.builds(FlagsType, names.map(tuple), name),
    )


def _fields(names: list[str], inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Any]:
    return st.tuples(*(st.builds(Field, st.just(name), inner) for name in names))


def _cases(names: list[str], inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Any]:
    return st.tuples(*(st.builds(Case, st.just(name), st.none() | inner) for name in names))


@given(anonymous(PRIMITIVES | NAMES.map(OwnType) | NAMES.map(BorrowType), inline=True))
def test_an_inline_type_parses_to_an_equal_type(type_: Type) -> None:
    assert parse_type(inline_type_text(type_)) == type_


LOCAL_NAMES = sorted(KEYWORDS | {"map"}) + [f"n{index}" for index in range(20)] + ["a-b", "c-d"]


class Drawer:
    """Draws an interface piece by piece; each type is made of ``known`` ones."""

    def __init__(self, random: Random, known: list[Type]) -> None:
        self.random = random
        self.known = known

    def names(self, most: int) -> list[str]:
        return self.random.sample(LOCAL_NAMES, self.random.randint(0, most))

    def type(self, depth: int = 2) -> Type:
        form = self.random.randrange(6) if depth else 0
        match form:
            case 1:
                return ListType(self.type(depth - 1))
            case 2:
                return OptionType(self.type(depth - 1))
            case 3:
                return ResultType(self.maybe(depth - 1), self.maybe(depth - 1))
            case 4:
                return TupleType(tuple(self.type(depth - 1) for _ in range(self.random.randint(1, 3))))
            case _:
                return self.random.choice(self.known)

    def maybe(self, depth: int = 2) -> Type | None:
        return self.type(depth) if self.random.random() < 0.5 else None

    def structure(self, name: str) -> Type:
        names = tuple(self.names(3)) or ("x",)
        match self.random.randrange(4):
            case 0:
                return RecordType(tuple(Field(field, self.type()) for field in names), name)
            case 1:
                return VariantType(tuple(Case(case, self.maybe()) for case in names), name)
            case 2:
                return EnumType(names, name)
            case _:
                return FlagsType(names, name)

    def definition(self, name: str) -> TypeDef:
        type_: Type
        match self.random.randrange(3):
            case 0:
                self.known += [OwnType(name), BorrowType(name)]
                return TypeDef(name, None)
            case 1:
                type_ = self.structure(name)
                self.known.append(type_)
            case _:
                type_ = self.type()
        return TypeDef(name, type_)

    def function(self, name: str) -> Function:
        return Function(name, tuple(Param(param, self.type()) for param in self.names(3)), self.maybe())

    def interface(self, name: str, used: Interface | None = None) -> Interface:
        names = self.names(8)
        types: list[TypeDef] = []
        for definition in () if used is None else definitions_by_type(used.types).values():
            if (
                names
                and isinstance(definition.type, RecordType | VariantType | EnumType)
                and self.random.random() < 0.5
            ):
                types.append(TypeDef(names.pop(), definition.type, used.name if used else "", definition.name))
                self.known.append(definition.type)
        types += [self.definition(names.pop()) for _ in range(self.random.randint(0, len(names)))]
        return Interface(name, tuple(map(self.function, names)), tuple(types))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Interface, Interface]:
    """Two interfaces, in one package or in two, of which the second uses types of the first."""
    random = draw(st.randoms(use_true_random=False))
    leaves = [*Primitive, UnsupportedType("stream<u8>"), UnsupportedType("error-context")]
    first = Drawer(random, list(leaves)).interface("a:b/first@1.0.0")
    second = Drawer(random, list(leaves)).interface(random.choice(["a:b/second@1.0.0", "c:type/use"]), first)
    return first, second


@given(pairs())
def test_interfaces_parse_to_equal_interfaces(pair: tuple[Interface, Interface]) -> None:
    text = packages_text(pair)
    assert resolve_packages([text]).interfaces == pair, text


@given(pairs())
def test_a_component_parses_to_an_equal_world(pair: tuple[Interface, Interface]) -> None:
    world = World(imports=(pair[0],), exports=(pair[1],), bare_exports=(Function("go", (), Primitive.U8),))
    text = component_wit(world)
    assert resolve_packages([text]).worlds[0].world == world, text
