"""Extension functions."""

from __future__ import annotations

import pytest

from obelisk.core.events import ComponentRole
from obelisk.wit.extensions import (
    Extended,
    FunctionExtension,
    extended,
    extension_interfaces,
    extension_result,
    is_cancellable,
    is_projectable,
    reserved_suffix,
)
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.model import Function, Interface, ListType, Param, Primitive, TypeDef, same_type
from obelisk.wit.printer import component_wit, function_text, interface_text, type_text
from obelisk.wit.resolve import parse_type, resolve_packages
from obelisk.wit.walk import definitions_by_type


def interface(body: str, header: str = "package ns:pkg@1.0.0;") -> Interface:
    return resolve_packages([f"{header} interface ifc {{ {body} }}"], known=host_interfaces().values()).interfaces[0]


def extensions(body: str, role: ComponentRole = ComponentRole.WORKFLOW) -> dict[str, Interface]:
    return {found.name: found for found in extension_interfaces(interface(body), role=role)}


def texts(found: Interface) -> list[str]:
    return list(map(function_text, found.functions))


EXT, SCHEDULE, STUB = (f"ns:pkg-obelisk-{suffix}/ifc@1.0.0" for suffix in ("ext", "schedule", "stub"))


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (ComponentRole.WORKFLOW, [EXT, SCHEDULE]),
        (ComponentRole.ACTIVITY, [EXT, SCHEDULE]),
        (ComponentRole.ACTIVITY_STUB, [EXT, STUB]),
        (ComponentRole.WEBHOOK_ENDPOINT, []),
        (ComponentRole.CRON, []),
    ],
)
def test_the_role_decides_which_interfaces_there_are(role: ComponentRole, names: list[str]) -> None:
    assert list(extensions("f: func() -> result;", role)) == names


def test_a_projectable_function_keeps_its_return_type() -> None:
    found = extensions("f: func(a: u8, b: string) -> result<u64, string>;")
    assert texts(found[EXT]) == [
        "f-submit: func(join-set: borrow<join-set>, a: u8, b: string) -> execution-id",
        "f-await-next: func(join-set: borrow<join-set>) -> result<result<u64, string>, await-next-extension-error>",
        "f-get: func(execution-id: execution-id) -> result<result<u64, string>, get-extension-error>",
    ]
    assert texts(found[SCHEDULE]) == ["f-schedule: func(schedule-at: schedule-at, a: u8, b: string) -> execution-id"]


def test_a_stub_is_given_an_execution_id_and_a_result() -> None:
    found = extensions("f: func(a: u8) -> result<u64>; g: func() -> u8;", ComponentRole.ACTIVITY_STUB)
    assert texts(found[STUB]) == [
        "f-stub: func(execution-id: execution-id, execution-result: result<u64>) -> result<_, stub-error>",
        "g-stub: func(execution-id: execution-id, execution-result: result<u8, execution-failure-kind>)"
        " -> result<_, stub-error>",
    ]


@pytest.mark.parametrize(
    ("result", "extension"),
    [
        ("u64", "result<u64, execution-failure-kind>"),
        ("result<u8, u32>", "result<result<u8, u32>, execution-failure-kind>"),
        ("result<u8, string>", "result<u8, string>"),
        ("result", "result"),
    ],
)
def test_other_return_types_are_wrapped(result: str, extension: str) -> None:
    assert type_text(extension_result(parse_type(result))) == extension


def test_nothing_becomes_a_result_without_payload() -> None:
    assert type_text(extension_result(None)) == "result<_, execution-failure-kind>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("result", True),
        ("result<u64>", True),
        ("result<_, string>", True),
        ("result<u64, string>", True),
        ("result<u64, variant { execution-failed, other }>", True),
        ("result<_, variant { execution-failed(u8) }>", False),
        ("result<_, variant { failed }>", False),
        ("result<_, enum { execution-failed }>", False),
        ("result<u64, u32>", False),
        ("u64", False),
        ("option<result>", False),
        ("variant { execution-failed }", False),
    ],
)
def test_a_type_is_projectable_when_it_has_a_place_for_a_failure(text: str, expected: bool) -> None:
    assert is_projectable(parse_type(text)) is expected


def test_nothing_is_not_projectable() -> None:
    assert not is_projectable(None)


def test_generated_parameters_avoid_the_names_of_the_function() -> None:
    found = extensions("f: func(join-set: u8, obelisk-join-set: u8, schedule-at: u8);")
    assert next(param.name for param in found[EXT].functions[0].params) == "obelisk-obelisk-join-set"
    assert next(param.name for param in found[SCHEDULE].functions[0].params) == "obelisk-schedule-at"


def test_types_are_used_from_the_exported_interface_and_from_the_host() -> None:
    found = extensions("record person { name: string } record unused { a: u8 } f: func(a: list<person>);")
    assert [(used.name, used.source) for used in found[EXT].types] == [
        ("person", "ns:pkg/ifc@1.0.0"),
        ("join-set", "obelisk:types/join-set@5.0.0"),
        ("execution-id", "obelisk:types/execution@5.0.0"),
        ("execution-failure-kind", "obelisk:types/execution@5.0.0"),
        ("await-next-extension-error", "obelisk:types/execution@5.0.0"),
        ("get-extension-error", "obelisk:types/execution@5.0.0"),
    ]


def test_a_type_that_is_called_as_one_of_the_host_keeps_its_name() -> None:
    found = extensions("record execution-id { number: u8 } f: func(a: execution-id) -> result;")[EXT]
    names = {used.name: used.source for used in found.types}
    assert names["execution-id"] == "ns:pkg/ifc@1.0.0"
    assert names["obelisk-execution-id"] == "obelisk:types/execution@5.0.0"
    assert "f-submit: func(join-set: borrow<join-set>, a: execution-id) -> obelisk-execution-id;" in interface_text(
        found
    )


def test_a_host_type_in_the_function_is_used_once() -> None:
    found = extensions("use obelisk:types/execution@5.0.0.{execution-id}; f: func(a: execution-id) -> result;")[EXT]
    assert [used.source for used in found.types if used.name.endswith("execution-id")] == ["ns:pkg/ifc@1.0.0"]


def test_every_named_type_of_an_extension_is_used_from_somewhere() -> None:
    for found in extensions("enum e { a } f: func(a: e) -> result<_, string>; g: func() -> option<e>;").values():
        assert all(used.source for used in found.types)
        assert len(definitions_by_type(found.types)) == len(found.types)


def test_what_no_value_crosses_with_has_no_extensions() -> None:
    body = "resource r { m: func(); } f: func(a: borrow<r>); g: func() -> stream<u8>; ok: func();"
    assert [function.name for function in extensions(body)[SCHEDULE].functions] == ["ok-schedule"]
    assert extensions("resource r { m: func(); }") == {}


def test_an_interface_outside_of_packages_has_no_extensions() -> None:
    bare = Interface("bare", (Function("f", (), None),))
    assert extension_interfaces(bare, role=ComponentRole.WORKFLOW) == ()


def test_an_aliased_type_needs_no_use() -> None:
    found = extensions("type names = list<string>; f: func(a: names);")[EXT]
    assert found.functions[0].params[1] == Param("a", ListType(Primitive.STRING))
    assert all(used.source.startswith("obelisk:") for used in found.types)


def test_extensions_are_printed_and_read_again() -> None:
    text = "package ns:pkg@1.0.0; interface ifc { enum e { a } f: func(a: e) -> result<e>; } world w { export ifc; }"
    world = resolve_packages([text]).worlds[0].world
    found = extension_interfaces(world.exports[0], role=ComponentRole.ACTIVITY)
    again = resolve_packages([component_wit(world, found)])
    assert again.worlds[0].world == world
    assert set(found) <= set(again.interfaces)


@pytest.mark.parametrize(
    ("interface_name", "function", "expected"),
    [
        (EXT, "f-submit", Extended("ns:pkg/ifc@1.0.0", "f", FunctionExtension.SUBMIT)),
        (EXT, "f-await-next", Extended("ns:pkg/ifc@1.0.0", "f", FunctionExtension.AWAIT_NEXT)),
        (EXT, "get-get", Extended("ns:pkg/ifc@1.0.0", "get", FunctionExtension.GET)),
        (SCHEDULE, "f-schedule", Extended("ns:pkg/ifc@1.0.0", "f", FunctionExtension.SCHEDULE)),
        (STUB, "f-stub", Extended("ns:pkg/ifc@1.0.0", "f", FunctionExtension.STUB)),
        ("ns:pkg-obelisk-ext/ifc", "f-submit", Extended("ns:pkg/ifc", "f", FunctionExtension.SUBMIT)),
        (EXT, "f-schedule", None),
        (EXT, "-submit", None),
        (EXT, "submit", None),
        (SCHEDULE, "f-submit", None),
        ("ns:pkg/ifc", "f-submit", None),
        ("bare", "f-submit", None),
    ],
)
def test_an_extension_function_leads_back_to_its_function(
    interface_name: str, function: str, expected: Extended | None
) -> None:
    assert extended(interface_name, function) == expected


def test_every_extension_function_leads_back_to_its_function() -> None:
    for role in (ComponentRole.ACTIVITY, ComponentRole.ACTIVITY_STUB):
        for found in extensions("f: func(); g-get: func();", role).values():
            for function in found.functions:
                behind = extended(found.name, function.name)
                assert behind is not None
                assert (behind.interface, f"{behind.function}-{behind.extension.value}") == (
                    "ns:pkg/ifc@1.0.0",
                    function.name,
                )


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        (EXT, "-obelisk-ext"),
        (SCHEDULE, "-obelisk-schedule"),
        (STUB, "-obelisk-stub"),
        ("a:b/c-obelisk-ext", None),
        ("a", None),
    ],
)
def test_the_suffixes_of_extension_packages_are_reserved(name: str, suffix: str | None) -> None:
    assert reserved_suffix(name) == suffix


def test_a_name_says_that_a_workflow_may_be_cancelled() -> None:
    assert is_cancellable("order-cancellable")
    assert not is_cancellable("cancellable-order")


def test_used_types_have_the_structure_of_the_host() -> None:
    found = extensions("f: func();")[EXT]
    hosts = host_interfaces()
    for used in found.types:
        source = {definition.name: definition for definition in hosts[used.source].types}
        assert same_type(used.type, source[used.source_name].type)
    assert TypeDef("join-set", None, "obelisk:types/join-set@5.0.0", "join-set") in found.types
