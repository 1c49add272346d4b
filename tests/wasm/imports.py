"""Imports of a workflow as the tests of their meanings make them, without a component."""

from __future__ import annotations

from typing import Any

from obelisk.core.commands import Answered
from obelisk.core.events import ExecutionResult, FailureKind, ScheduleAt, TimeSpan, TypedValue, failed
from obelisk.ids import DelayId, ExecutionId, JoinSetId
from obelisk.names import Ffqn
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.workflow_host import workflow_import
from obelisk.wasm.workflow_state import WorkflowImport
from obelisk.wit.hosts import JOIN_SET, WORKFLOW_SUPPORT, host_interface
from obelisk.wit.model import BorrowType, Function, Param, Type

PLAIN = Ffqn("testing:plain/plain.get")
OTHER = Ffqn("testing:other/other.get")
TOP = ExecutionId("E_01HKQYGXB8DKHXWQ8A3K9WRM8D")
CHILD = ExecutionId(f"{TOP}.g:1_1")
DELAY = DelayId("Delay_01HKQYGXB8DKHXWQ8A3K9WRM8D.g:1_1")
SET = JoinSetId("g:1")
IN_A_SECOND = {"in": {"seconds": 1}}
SECOND = ScheduleAt(in_=TimeSpan(1))
BORROWED = Param("join-set", BorrowType("join-set"))
FAILED = Answered(CHILD, PLAIN, failed(FailureKind.TIMED_OUT, "too slow"))


def host(name: str, interface_name: str = WORKFLOW_SUPPORT) -> WorkflowImport:
    """Return an import of ``workflow-support``, or a method of ``join-set``."""
    interface = host_interface(JOIN_SET if name.startswith("[") else interface_name)
    function = None if interface is None else interface.function(name)
    assert interface is not None and function is not None
    return workflow_import(ImportedFunction(interface.name, function, recorded=False))


def other(interface: str, name: str, result: Type | None, *params: Param) -> WorkflowImport:
    """Return an import of another component's function, or of one that extends it."""
    return workflow_import(ImportedFunction(interface, Function(name, params, result), recorded=False))


def returned(value: Any, name: Ffqn = PLAIN) -> Answered:
    """Return what a child that returned a number leads to."""
    return Answered(CHILD, name, ExecutionResult(ok=TypedValue("u64", value)))
