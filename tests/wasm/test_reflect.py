"""What reflection reads from components."""

from __future__ import annotations

import pytest
from wasmtime.component import Component

from obelisk.errors import ComponentError
from obelisk.wasm import reflect
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wasm.type_names import name_types
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
)

ID = RecordType((Field("id", Primitive.STRING),))


def world(text: str) -> World:
    engine = new_engine(EngineSettings(fuel=False, concurrency=True))
    return world_of(Component(engine, f"(component {text})"), engine)


def imported(items: str) -> Interface:
    """Return the interface with these items, as a component imports it."""
    (interface,) = world(f'(import "my:pkg/ifc@1.2.3" (instance {items}))').imports
    return interface


def param_type(wat: str) -> Type:
    return imported(f'(export "f" (func (param "p" {wat})))').functions[0].params[0].type


def definition(interface: Interface, name: str) -> TypeDef:
    return next(each for each in interface.types if each.name == name)


def named(type_: Type | None) -> str:
    assert isinstance(type_, RecordType | VariantType | EnumType | FlagsType)
    return type_.name


def test_a_function_keeps_its_name_and_the_names_of_its_parameters():
    interface = imported('(export "do-it" (func (param "first-one" u8) (param "b" string) (result bool)))')
    params = (Param("first-one", Primitive.U8), Param("b", Primitive.STRING))
    assert interface == Interface("my:pkg/ifc@1.2.3", (Function("do-it", params, Primitive.BOOL),))


def test_a_function_without_a_result_has_none():
    assert imported('(export "f" (func))').functions == (Function("f", (), None),)


@pytest.mark.parametrize("primitive", list(Primitive), ids=lambda primitive: primitive.value)
def test_a_primitive_is_itself(primitive: Primitive):
    assert param_type(primitive.value) is primitive


@pytest.mark.parametrize(
    ("wat", "expected"),
    [
        ("(list u8)", ListType(Primitive.U8)),
        ("(option (option u8))", OptionType(OptionType(Primitive.U8))),
        ("(result)", ResultType(None, None)),
        ("(result u8)", ResultType(Primitive.U8, None)),
        ("(result (error string))", ResultType(None, Primitive.STRING)),
        ("(result u8 (error string))", ResultType(Primitive.U8, Primitive.STRING)),
        ("(tuple u8 (list char))", TupleType((Primitive.U8, ListType(Primitive.CHAR)))),
    ],
)
def test_a_type_with_parts_has_them(wat: str, expected: Type):
    assert param_type(wat) == expected


@pytest.mark.parametrize(
    ("wat", "expected"),
    [
        ('(record (field "a-b" u8))', RecordType((Field("a-b", Primitive.U8),), "it")),
        ('(variant (case "x") (case "y" u8))', VariantType((Case("x"), Case("y", Primitive.U8)), "it")),
        ('(enum "x" "y-z")', EnumType(("x", "y-z"), "it")),
        ('(flags "x" "y-z")', FlagsType(("x", "y-z"), "it")),
        ("(list u8)", ListType(Primitive.U8)),
    ],
)
def test_a_named_type_is_defined_under_its_name(wat: str, expected: Type):
    assert imported(f'(type $t {wat}) (export "it" (type (eq $t)))').types == (TypeDef("it", expected),)


def test_a_use_of_a_named_type_has_its_name():
    interface = imported(
        '(type $t (record (field "id" string))) (export "thing" (type $thing (eq $t)))'
        '(export "f" (func (param "p" (list $thing)) (result (option $thing))))'
    )
    expected = RecordType(ID.fields, "thing")
    assert interface.functions == (Function("f", (Param("p", ListType(expected)),), OptionType(expected)),)


TWO_IDS = (
    '(type $a (record (field "id" string))) (export "execution-id" (type $e (eq $a)))'
    '(type $b (record (field "id" string))) (export "delay-id" (type $d (eq $b)))'
)


def test_of_two_names_for_one_structure_the_one_of_the_case_is_taken():
    interface = imported(
        TWO_IDS + '(type $v (variant (case "execution-id" $e) (case "delay-id" $d))) (export "any-id" (type (eq $v)))'
    )
    variant = definition(interface, "any-id").type
    assert isinstance(variant, VariantType)
    assert [named(case.type) for case in variant.cases] == ["execution-id", "delay-id"]


def test_of_two_names_for_one_structure_the_one_of_the_parameter_is_taken():
    interface = imported(TWO_IDS + '(export "f" (func (param "delay-id" $d)))')
    assert named(interface.functions[0].params[0].type) == "delay-id"


def test_of_two_names_for_one_structure_the_first_is_taken_when_nothing_tells():
    interface = imported(TWO_IDS + '(export "f" (func (param "other" $d)))')
    assert named(interface.functions[0].params[0].type) == "execution-id"


def test_two_types_of_one_structure_are_both_defined():
    assert imported(TWO_IDS).types == (
        TypeDef("execution-id", RecordType(ID.fields, "execution-id")),
        TypeDef("delay-id", RecordType(ID.fields, "delay-id")),
    )


USED = """
  (import "a:types/ids@1.0.0" (instance $ids
    (type $r (record (field "id" string))) (export "thing" (type $thing (eq $r)))
    (type $l (variant (case "one" $thing))) (export "choice" (type (eq $l)))))
  (alias export $ids "thing" (type $thing))
  (alias export $ids "choice" (type $choice))
  (import "a:user/user" (instance
    (alias outer 1 $choice (type $used)) (export "choice" (type $c (eq $used)))
    (export "f" (func (param "p" $c)))))
"""


def test_a_used_type_names_its_source():
    user = world(USED).imports[1]
    assert (user.types[0].source, user.types[0].source_name) == ("a:types/ids@1.0.0", "choice")


def test_a_used_type_has_the_names_that_it_has_at_its_source():
    ids, user = world(USED).imports
    assert user.types[0].type == definition(ids, "choice").type
    assert user.functions[0].params[0].type == definition(ids, "choice").type


def test_an_export_uses_the_types_of_an_import():
    exporting = world(
        """
        (import "a:types/ids" (instance $ids
          (type $r (record (field "id" string))) (export "thing" (type (eq $r)))))
        (alias export $ids "thing" (type $thing))
        (instance $e (export "thing" (type $thing)))
        (export "a:user/user" (instance $e))
        """
    )
    assert exporting.exports[0].types == (TypeDef("thing", RecordType(ID.fields, "thing"), "a:types/ids", "thing"),)


def test_an_interface_that_is_imported_and_exported_does_not_use_itself():
    thing = TypeDef("thing", ID)
    _, (exported,) = name_types([Interface("a:b/c", (), (thing,))], [Interface("a:b/c", (), (thing,))])
    assert exported.types[0].source == ""


def test_a_type_of_another_name_is_not_used():
    _, two = name_types(
        [Interface("a:b/c", (), (TypeDef("one", ID),)), Interface("a:b/d", (), (TypeDef("two", ID),))], []
    )[0]
    assert two.types == (TypeDef("two", RecordType(ID.fields, "two")),)


RESOURCES = """
  (import "a:types/sets" (instance $sets
    (export "join-set" (type $r (sub resource)))
    (export "[method]join-set.id" (func (param "self" (borrow $r)) (result string)))))
  (alias export $sets "join-set" (type $join-set))
  (import "a:user/user" (instance
    (alias outer 1 $join-set (type $used)) (export "renamed" (type $r (eq $used)))
    (export "make" (func (result (own $r))))))
"""


def test_a_resource_is_a_type_without_structure():
    assert world(RESOURCES).imports[0].types == (TypeDef("join-set", None),)


def test_handles_name_the_resource_as_its_source_does():
    sets, user = world(RESOURCES).imports
    assert sets.functions[0].params == (Param("self", BorrowType("join-set")),)
    assert user.functions == (Function("make", (), OwnType("join-set")),)


def test_a_used_resource_names_its_source_even_when_it_is_renamed():
    assert world(RESOURCES).imports[1].types == (TypeDef("renamed", None, "a:types/sets", "join-set"),)


def test_two_resources_of_one_name_are_not_the_same():
    both = world(
        '(import "a:b/c" (instance (export "r" (type (sub resource)))))'
        '(import "a:b/d" (instance (export "r" (type (sub resource)))))'
    )
    assert [interface.types[0].source for interface in both.imports] == ["", ""]


@pytest.mark.parametrize("wat", ["(stream u8)", "(future)"])
def test_what_no_value_crosses_the_boundary_with_is_unsupported(wat: str):
    assert isinstance(param_type(wat), UnsupportedType)


def test_a_type_with_an_unsupported_part_keeps_its_shape():
    assert param_type("(list (stream u8))") == ListType(UnsupportedType("a stream"))


def test_an_async_function_has_an_unsupported_result():
    (function,) = imported('(export "f" (func async (param "p" u8) (result u8)))').functions
    assert function == Function("f", (Param("p", Primitive.U8),), UnsupportedType("the result of an async function"))


def test_functions_outside_of_interfaces_are_bare():
    bare = world(
        """
        (import "tick" (func (param "n" u8)))
        (import "a:b/c" (instance (export "f" (func))))
        (core module $m (func (export "tock") (param i32)))
        (core instance $m (instantiate $m))
        (func $tock (param "n" u8) (canon lift (core func $m "tock")))
        (export "tock" (func $tock))
        """
    )
    assert bare.bare_imports == (Function("tick", (Param("n", Primitive.U8),), None),)
    assert bare.bare_exports == (Function("tock", (Param("n", Primitive.U8),), None),)


def test_an_exported_instance_without_a_colon_in_its_name_is_left_out():
    assert world('(instance $i) (export "exports" (instance $i)) (export "a:b/c" (instance $i))').exports == (
        Interface("a:b/c"),
    )


@pytest.mark.parametrize(
    ("item", "kind"),
    [("(core module)", "a core module"), ("(type (sub resource))", "a resource outside of an interface")],
)
def test_an_import_that_nobody_can_offer_is_an_error(item: str, kind: str):
    with pytest.raises(ComponentError, match=f"imports `odd`, {kind}"):
        world(f'(import "odd" {item})')


def test_types_that_are_too_large_are_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reflect, "MAX_TYPE_NODES", 10)
    with pytest.raises(ComponentError, match="types have more than 10 parts"):
        param_type("(tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8)")


def test_interfaces_with_too_many_functions_are_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reflect, "MAX_ITEMS", 2)
    functions = " ".join(f'(export "f{number}" (func))' for number in range(3))
    with pytest.raises(ComponentError, match="interfaces have more than 2 functions and types"):
        imported(functions)
