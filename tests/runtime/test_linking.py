"""Components that do not fit together are refused before anything runs, with every mismatch named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from obelisk.errors import ObeliskError
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, OUTER_WORKFLOW, Open, activity, workflow

pytestmark = pytest.mark.parametrize("storage", ["memory"])


async def refusal(open_engine: Open, *tables: str) -> str:
    with pytest.raises(ObeliskError) as caught:
        async with open_engine(*tables):
            raise AssertionError("the engine opened")
    return str(caught.value)


async def test_an_import_that_nothing_exports_is_named_with_its_component(open_engine: Open):
    message = await refusal(open_engine, workflow("strange", "tests/guests/unsafe_import.wat"))
    assert "component `strange` imports `acme:nothing/here`" in message


async def test_an_import_with_other_types_shows_both_sides(open_engine: Open):
    message = await refusal(open_engine, FIBO, workflow("wrong", "tests/guests/mismatch.wat"))
    assert re.search(r"imported: fibo: func\(.*\n.*exported: fibo: func\(n: u8\) -> result<u64>", message)


async def test_all_missing_interfaces_are_listed_at_once(open_engine: Open):
    message = await refusal(open_engine, OUTER_WORKFLOW, FIBO_WORKFLOW)
    missing = set(re.findall(r"imports `([^`]*)`", message))
    assert missing == {"testing:fibo/fibo", "testing:fibo-obelisk-ext/fibo"}


async def test_an_activity_may_not_import_other_components(open_engine: Open):
    message = await refusal(open_engine, FIBO, activity("wrong", "examples/wat/fibo_workflow.wat"))
    assert "component `wrong` imports `testing:fibo/fibo`" in message


async def test_a_function_that_two_components_export_names_both(open_engine: Open):
    message = await refusal(open_engine, FIBO, activity("again", "examples/wat/fibo_activity.wat"))
    assert "function `testing:fibo/fibo.fibo` of component `again` is already exported by component `fibo`" in message


async def test_a_core_module_is_no_component(open_engine: Open):
    message = await refusal(open_engine, activity("core", "tests/guests/core_module.wat"))
    assert "component `core`" in message
    assert "core module" in message


async def test_a_file_that_is_not_there_is_named(open_engine: Open):
    assert "tests/guests/nothing.wat" in await refusal(open_engine, activity("gone", "tests/guests/nothing.wat"))


async def test_every_component_that_cannot_be_opened_is_named(open_engine: Open):
    message = await refusal(open_engine, activity("a", "nothing_a.wat"), activity("b", "nothing_b.wat"))
    assert "nothing_a.wat" in message
    assert "nothing_b.wat" in message


async def test_a_scheme_without_a_source_is_named(open_engine: Open):
    assert "no component source for `ftp://host/file`" in await refusal(open_engine, activity("far", "ftp://host/file"))


async def test_text_that_is_no_component_is_refused(open_engine: Open, tmp_path: Path):
    (tmp_path / "bad.wat").write_text("(component (nonsense))")
    assert "component `bad`" in await refusal(open_engine, activity("bad", str(tmp_path / "bad.wat")))


async def test_only_workflows_may_have_functions_that_are_named_cancellable(open_engine: Open):
    stub = '[[activity_stub]]\nffqn = "testing:stub/stub.ask-cancellable"\n'
    message = await refusal(open_engine, stub)
    assert "exports `testing:stub/stub.ask-cancellable`, but names that end in `-cancellable` are reserved" in message
