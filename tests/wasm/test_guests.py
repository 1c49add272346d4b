"""Each guest states the WIT that it has, and its imports have the types that the engine offers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from obelisk.core.events import ComponentRole
from obelisk.wit.extensions import extension_interfaces
from obelisk.wit.hosts import host_interfaces
from obelisk.wit.model import Function, Interface, Param, Primitive, ResultType, World, same_function
from obelisk.wit.wasi import wasi_interface
from tests import scripts
from tests.guests import build
from tests.wasm.bench import EXAMPLES, GUESTS, Bench
from tests.wasm.test_examples import world

BUILT = sorted(path for path in GUESTS.glob("*.wat") if build.TAIL in path.read_text())
LINKED = sorted(
    path
    for path in (*GUESTS.glob("*.wat"), *EXAMPLES.glob("*.wat"))
    if path.name not in ("core_module.wat", "mismatch.wat", "unsafe_import.wat")
)

APPROVAL = Interface(
    "example:approval/approval",
    (Function("ask", (Param("who", Primitive.U32),), ResultType(Primitive.STRING, None)),),
)
"""What the example of a timeout asks for."""


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", BUILT, ids=name)
def test_what_is_around_the_code_of_a_guest_is_current(path: Path):
    text = path.read_text()
    assert build.built(text) == text, f"run: python -m tests.guests.build tests/guests/{path.name}"


@pytest.mark.parametrize("path", BUILT, ids=name)
def test_a_guest_exports_what_its_comment_says(path: Path):
    (exported,) = world(path).exports
    stated = build.exported_interface(path.read_text())
    assert exported.name == stated.name
    assert [each.name for each in exported.functions] == [each.name for each in stated.functions]
    for function in stated.functions:
        found = exported.function(function.name)
        assert found is not None and same_function(found, function), function.name


@pytest.fixture(scope="module")
def offered() -> dict[str, Interface]:
    """The interfaces of the host and of every component, stubs as guests' comments state them, with extensions."""
    found = dict(host_interfaces())
    for path in LINKED:
        found |= {each.name: wasi for each in world(path).imports if (wasi := wasi_interface(each.name)) is not None}
        for interface in world(path).exports:
            found |= _with_extensions(interface, (ComponentRole.ACTIVITY, ComponentRole.WORKFLOW))
    for path in BUILT:
        for interface in build.component_interfaces(path.read_text()):
            if interface.name not in found:
                found |= _with_extensions(interface, (ComponentRole.ACTIVITY_STUB,))
    found |= _with_extensions(APPROVAL, (ComponentRole.ACTIVITY_STUB,))
    return found


def _with_extensions(interface: Interface, roles: tuple[ComponentRole, ...]) -> dict[str, Interface]:
    extensions = (each for role in roles for each in extension_interfaces(interface, role=role))
    return {each.name: each for each in (interface, *extensions)}


@pytest.mark.parametrize("path", LINKED, ids=name)
def test_the_imports_of_a_guest_fit(path: Path, offered: dict[str, Interface]):
    assert list(_misfits(world(path), offered)) == []


def _misfits(guest: World, offered: dict[str, Interface]) -> Iterator[str]:
    for interface in guest.imports:
        known = offered.get(interface.name) or wasi_interface(interface.name)
        if known is None:
            yield interface.name
            continue
        for function in interface.functions:
            wanted = known.function(function.name)
            if wanted is None or not same_function(function, wanted):
                yield f"{interface.name}.{function.name}"


async def test_the_scripted_workflow_can_be_given_a_log_line(bench: Bench):
    text = (GUESTS / "scripted.wat").read_text()
    assert text.count(scripts.LOG_MARKER) == 1
    component = text[text.index("(component") :].replace(scripts.LOG_MARKER, scripts.LOG_CALL)
    running = bench.guest(component, scripts.RUN, [])
    await bench.run(running)
    assert [arguments for _, arguments in running.guest.records] == [["ok"]]
