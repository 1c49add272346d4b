"""``OBELISK_TRACE_PLUGINS=1``."""

from __future__ import annotations

import pytest
from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.provider import Provider
from obelisk.plugins import Plugins
from obelisk.plugins.tracing import HookTrace


class Settings(Struct, frozen=True):
    """Nothing to set."""

    token: str = "hunter2"


@hookimpl
def obelisk_register_storage():
    return [Provider("here", "A store.", Settings, None)]


@hookimpl
def obelisk_register_trigger():
    raise ValueError("hunter2")


@hookimpl
def obelisk_addhooks(manager):
    """Declare nothing."""


@pytest.fixture
def traced(candidate, capfd):
    found = candidate("mine", obelisk_register_storage, obelisk_register_trigger, obelisk_addhooks)
    Plugins([found], disabled=frozenset(), trace=True)
    return capfd.readouterr().err


def test_each_call_is_a_line_with_its_plugin_and_what_it_returned(traced):
    assert "hook obelisk_register_storage() of mine: returned Provider here, " in traced
    assert len(traced.splitlines()) == 3


def test_arguments_are_told_by_their_types(traced):
    assert "hook obelisk_addhooks(manager=PluginManager) of mine: returned nothing, " in traced


def test_a_hook_that_raises_is_told_without_its_text(traced):
    assert "hook obelisk_register_trigger() of mine: raised ValueError, " in traced
    assert "hunter2" not in traced


def test_a_line_has_how_long_the_call_took():
    class Ended:
        exception = None

        def get_result(self):
            return [[1, 2]]

    class Implementation:
        plugin_name = "mine"

    lines, times = [], iter([1_000_000, 4_500_000])
    trace = HookTrace(lines.append, lambda: next(times))
    trace.before("hook", [Implementation()], {})
    trace.after(Ended(), "hook", [Implementation()], {})
    assert lines == ["hook hook() of mine: returned int, int, 3500 us\n"]


def test_nothing_is_traced_unless_it_is_asked_for(candidate, capfd):
    Plugins([candidate("mine", obelisk_register_storage)], disabled=frozenset())
    assert capfd.readouterr().err == ""
