"""The host packages."""

from __future__ import annotations

import pytest

from obelisk.wit import hosts
from obelisk.wit.hosts import HOST_PACKAGES, host_interface, host_interfaces, host_package_text, host_type
from obelisk.wit.model import EnumType, OwnType, RecordType, VariantType
from obelisk.wit.printer import function_text, type_text


@pytest.mark.parametrize("package", HOST_PACKAGES)
def test_every_host_package_has_a_text_of_its_name_and_version(package: str) -> None:
    assert host_package_text(package).startswith(f"package {package};")


@pytest.mark.parametrize(
    ("interface", "functions"),
    [
        (hosts.LOG, 5),
        (hosts.TIME, 0),
        (hosts.EXECUTION, 0),
        (hosts.BACKTRACE, 0),
        (hosts.JOIN_SET, 2),
        (hosts.WORKFLOW_SUPPORT, 20),
        (hosts.WORKFLOW_SUPPORT_BACKTRACE, 15),
        (hosts.WEBHOOK_SUPPORT, 9),
        (hosts.WEBHOOK_SUPPORT_BACKTRACE, 2),
    ],
)
def test_every_host_interface_is_there_under_its_versioned_name(interface: str, functions: int) -> None:
    found = host_interface(interface)
    assert found is not None
    assert len(found.functions) == functions


def test_an_unknown_interface_or_version_is_none() -> None:
    assert host_interface("obelisk:log/log") is None
    assert host_interface("obelisk:log/log@2.0.0") is None


@pytest.mark.parametrize(
    ("interface", "text"),
    [
        (hosts.WORKFLOW_SUPPORT, "sleep: func(schedule-at: schedule-at, name: option<string>) -> result<datetime>"),
        (hosts.WORKFLOW_SUPPORT, "join-set-create: func() -> join-set"),
        (hosts.WORKFLOW_SUPPORT, "join-set-close: func(self: join-set)"),
        (hosts.WORKFLOW_SUPPORT, "random-string: func(min-length: u16, max-length-exclusive: u16) -> string"),
        (hosts.WORKFLOW_SUPPORT, "submit-delay: func(join-set: borrow<join-set>, timeout: schedule-at) -> delay-id"),
        (
            hosts.WEBHOOK_SUPPORT,
            "get-status: func(execution-id: execution-id) -> result<execution-status, get-status-error>",
        ),
        (hosts.LOG, "warn: func(message: string)"),
    ],
)
def test_a_host_function_has_its_signature(interface: str, text: str) -> None:
    found = host_interface(interface)
    assert found is not None
    assert text in map(function_text, found.functions)


def test_the_types_have_their_cases() -> None:
    time = host_type(hosts.TIME, "schedule-at").type
    assert isinstance(time, VariantType)
    assert [case.name for case in time.cases] == ["now", "at", "in"]
    kind = host_type(hosts.EXECUTION, "execution-failure-kind").type
    assert kind == EnumType(
        ("timed-out", "nondeterminism-detected", "out-of-fuel", "cancelled", "uncategorized"), "execution-failure-kind"
    )
    identifier = host_type(hosts.EXECUTION, "execution-id").type
    assert isinstance(identifier, RecordType)
    assert [type_text(field.type) for field in identifier.fields] == ["string"]


def test_the_join_set_is_one_resource_wherever_it_is_used_from() -> None:
    assert host_type(hosts.JOIN_SET, "join-set").type is None
    used = host_type(hosts.WORKFLOW_SUPPORT, "join-set")
    assert (used.type, used.source) == (None, hosts.JOIN_SET)
    support = host_interface(hosts.WORKFLOW_SUPPORT)
    assert support is not None
    created = support.function("join-set-create")
    assert created is not None
    assert created.result == OwnType("join-set")


def test_a_type_that_a_host_interface_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="has no type `nothing`"):
        host_type(hosts.TIME, "nothing")


def test_used_types_are_those_of_their_source() -> None:
    types = [definition for interface in host_interfaces().values() for definition in interface.types]
    used = [definition for definition in types if definition.source]
    assert len(used) > 10
    for definition in used:
        assert host_type(definition.source, definition.source_name).type == definition.type
