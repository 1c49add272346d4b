"""Which imports of a workflow have a meaning."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError
from obelisk.wasm.host_calls import ImportedFunction
from obelisk.wasm.workflow_host import gets_results, offered_interfaces, workflow_import
from obelisk.wit.hosts import LOG, WORKFLOW_SUPPORT, host_interface
from obelisk.wit.model import Function
from tests.wasm.imports import other

OFFERED = [interface for interface in offered_interfaces() if interface.functions and interface.name != LOG]


@pytest.mark.parametrize("interface", OFFERED, ids=lambda interface: interface.name)
def test_what_is_offered_is_what_has_a_meaning(interface):
    for function in interface.functions:
        workflow_import(ImportedFunction(interface.name, function, recorded=False))


@pytest.mark.parametrize("interface", OFFERED, ids=lambda interface: interface.name)
def test_a_function_that_a_host_interface_lacks_is_refused(interface):
    with pytest.raises(ComponentError, match=f"cannot import `{interface.name}.fly`"):
        other(interface.name, "fly", None)


@pytest.mark.parametrize("name", ["get-result-json", "get-execution-failure-kind"])
def test_a_function_of_the_host_may_ask_for_a_result_again(name):
    interface = host_interface(WORKFLOW_SUPPORT)
    assert interface is not None
    function = interface.function(name)
    assert function is not None
    assert gets_results(ImportedFunction(WORKFLOW_SUPPORT, function, recorded=False))


@pytest.mark.parametrize(
    ("interface", "name", "gets"),
    [
        ("testing:plain-obelisk-ext/plain", "get-get", True),
        ("testing:plain-obelisk-ext/plain", "get-submit", False),
        ("testing:plain-obelisk-ext/plain", "get-await-next", False),
        ("testing:plain-obelisk-stub/plain", "get-stub", False),
        ("testing:plain/plain", "get", False),
        ("testing:plain/plain", "get-get", False),
        (WORKFLOW_SUPPORT, "join-next", False),
    ],
)
def test_get_asks_for_a_result_again(interface, name, gets):
    assert gets_results(ImportedFunction(interface, Function(name, (), None), recorded=False)) is gets
