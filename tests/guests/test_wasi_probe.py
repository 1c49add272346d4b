"""The guest that calls any WASI function."""

from __future__ import annotations

from pathlib import Path

from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wit.wasi import wasi_base_name, wasi_interfaces
from tests.guests.built import compiled

EXPORTED_BY_GUESTS = {"wasi:cli/run", "wasi:http/incoming-handler"}
UNSTABLE = {
    "wasi:clocks/timezone.display",
    "wasi:clocks/timezone.utc-offset",
    "wasi:http/types.[method]response-outparam.send-informational",
    "wasi:sockets/network.network-error-code",
}
"""Behind a feature gate of WASI, so the toolchain's own host does not have them."""


async def test_it_imports_every_function_of_wasi_that_has_no_feature_gate(wasi_probe: Path):
    settings = EngineSettings(fuel=False)
    engine = new_engine(settings)
    world = world_of(await compiled(wasi_probe, engine, settings), engine)

    imported = {f"{wasi_base_name(each.name)}.{function.name}" for each in world.imports for function in each.functions}
    wanted = {
        f"{name}.{function.name}"
        for name, interface in wasi_interfaces().items()
        if name not in EXPORTED_BY_GUESTS
        for function in interface.functions
    }
    assert imported == wanted - UNSTABLE
