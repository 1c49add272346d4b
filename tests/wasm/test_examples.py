"""The examples and the guests of the tests state the WIT that they claim."""

from __future__ import annotations

from pathlib import Path

import pytest
from wasmtime.component import Component

from obelisk.errors import ComponentError
from obelisk.wasm.artifact import binary_of
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wit.model import (
    BorrowType,
    Case,
    EnumType,
    Field,
    FlagsType,
    Function,
    Interface,
    OptionType,
    OwnType,
    Param,
    Primitive,
    RecordType,
    ResultType,
    Type,
    VariantType,
    World,
    same_function,
    same_type,
)

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "wat"
GUESTS = ROOT / "tests" / "guests"
FIBO_RESULT = ResultType(Primitive.U64, None)
EXECUTION_ID = RecordType((Field("id", Primitive.STRING),))
FUNCTION = RecordType((Field("interface-name", Primitive.STRING), Field("function-name", Primitive.STRING)))
RESPONSE_ID = VariantType((Case("execution-id", EXECUTION_ID), Case("delay-id", EXECUTION_ID)))
FUNCTION_MISMATCH = RecordType(
    (
        Field("specified-function", FUNCTION),
        Field("actual-function", OptionType(FUNCTION)),
        Field("actual-id", RESPONSE_ID),
    )
)
AWAIT_NEXT_ERROR = VariantType((Case("all-processed"), Case("function-mismatch", FUNCTION_MISMATCH)))


def world(path: Path) -> World:
    engine = new_engine(EngineSettings(fuel=False))
    binary = binary_of(path.read_bytes(), origin=path.name, max_size=1024 * 1024)
    return world_of(Component(engine, binary), engine)


def imported(world: World, name: str) -> Interface:
    return next(interface for interface in world.imports if interface.name == name)


def function(interface: Interface, name: str) -> Function:
    found = interface.function(name)
    assert found is not None, name
    return found


def signature(result: Type | None, **params: Type) -> Function:
    return Function("", tuple(Param(name, type_) for name, type_ in params.items()), result)


def test_the_activity_exports_fibo_and_imports_nothing():
    activity = world(EXAMPLES / "fibo_activity.wat")
    assert activity.imports == ()
    (interface,) = activity.exports
    assert interface.name == "testing:fibo/fibo"
    assert interface.functions == (Function("fibo", (Param("n", Primitive.U8),), FIBO_RESULT),)


def test_the_workflow_exports_its_three_functions_with_one_signature():
    (interface,) = world(EXAMPLES / "fibo_workflow.wat").exports
    assert interface.name == "testing:fibo-workflow/workflow"
    assert [each.name for each in interface.functions] == ["fibow", "fiboa", "fiboa-concurrent"]
    expected = signature(FIBO_RESULT, n=Primitive.U8, iterations=Primitive.U32)
    assert all(same_function(each, expected) for each in interface.functions)


def test_the_workflow_imports_what_the_activity_exports():
    (exported,) = world(EXAMPLES / "fibo_activity.wat").exports
    assert imported(world(EXAMPLES / "fibo_workflow.wat"), "testing:fibo/fibo").functions == exported.functions


def test_the_workflow_imports_the_extensions_of_the_activity():
    extension = imported(world(EXAMPLES / "fibo_workflow.wat"), "testing:fibo-obelisk-ext/fibo")
    join_set = BorrowType("join-set")
    submit = signature(EXECUTION_ID, join_set=join_set, n=Primitive.U8)
    await_next = signature(ResultType(FIBO_RESULT, AWAIT_NEXT_ERROR), join_set=join_set)
    assert same_function(function(extension, "fibo-submit"), submit)
    assert same_function(function(extension, "fibo-await-next"), await_next)


@pytest.mark.parametrize("example", ["fibo_workflow.wat", "fibo_workflow_outer.wat"])
def test_the_workflows_create_join_sets_through_workflow_support(example: str):
    support = imported(world(EXAMPLES / example), "obelisk:workflow/workflow-support@6.0.0")
    assert support.functions == (Function("join-set-create", (), OwnType("join-set")),)


@pytest.mark.parametrize("example", ["fibo_workflow.wat", "fibo_workflow_outer.wat"])
def test_the_workflows_take_their_types_from_the_packages_of_the_host(example: str):
    names = [interface.name for interface in world(EXAMPLES / example).imports]
    assert names[:2] == ["obelisk:types/execution@5.0.0", "obelisk:types/join-set@5.0.0"]


def test_the_outer_workflow_imports_the_interface_that_it_exports():
    outer = world(EXAMPLES / "fibo_workflow_outer.wat")
    (exported,) = outer.exports
    nested = function(imported(outer, "testing:fibo-workflow-outer/workflow"), "fibo-nested-workflow")
    assert nested == function(exported, "fibo-nested-workflow")


def test_the_outer_workflow_starts_and_awaits_concurrent_workflows():
    extension = imported(world(EXAMPLES / "fibo_workflow_outer.wat"), "testing:fibo-workflow-obelisk-ext/workflow")
    join_set = BorrowType("join-set")
    submit = signature(EXECUTION_ID, join_set=join_set, n=Primitive.U8, iterations=Primitive.U32)
    await_next = signature(ResultType(FIBO_RESULT, AWAIT_NEXT_ERROR), join_set=join_set)
    assert same_function(function(extension, "fiboa-concurrent-submit"), submit)
    assert same_function(function(extension, "fiboa-concurrent-await-next"), await_next)


def test_every_function_of_the_values_guest_returns_what_it_takes():
    (values,) = world(GUESTS / "values.wat").exports
    for each in values.functions:
        assert len(each.params) == (each.name != "nothing"), each.name
        assert all(same_type(param.type, each.result) for param in each.params), each.name


def test_the_values_guest_has_every_kind_of_type():
    (values,) = world(GUESTS / "values.wat").exports
    kinds = {type(param.type) for each in values.functions for param in each.params}
    primitives = {param.type for each in values.functions for param in each.params} & set(Primitive)
    assert {RecordType, VariantType, EnumType, FlagsType, OptionType, ResultType} <= kinds
    assert primitives == set(Primitive)


@pytest.mark.parametrize("guest", sorted(path.name for path in GUESTS.glob("*.wat") if path.name != "core_module.wat"))
def test_a_guest_is_a_component_that_exports_one_interface(guest: str):
    assert len(world(GUESTS / guest).exports) == 1


def test_the_mismatch_guest_imports_fibo_with_other_types():
    (exported,) = world(EXAMPLES / "fibo_activity.wat").exports
    wrong = imported(world(GUESTS / "mismatch.wat"), "testing:fibo/fibo")
    assert not same_function(function(wrong, "fibo"), function(exported, "fibo"))


def test_the_core_module_is_refused():
    with pytest.raises(ComponentError, match="core WebAssembly module, expected a component"):
        world(GUESTS / "core_module.wat")
