"""The kinds that ship with the kernel pass the suites that every activity kind has to pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.interfaces.components import LogLevel, LogLine
from obelisk.testing.activity_kinds import (
    ActivityKindConformance,
    KindSamples,
    RunSample,
    RunSamples,
    StubKindConformance,
)

GUESTS = Path(__file__).resolve().parents[1] / "guests"
SPIN = "testing:spin/spin."


def wasm(location: str, name: str = "one") -> str:
    return f'[[activity_wasm]]\nname = "{name}"\nlocation = "{location}"\n'


class TestWasmActivities(ActivityKindConformance):
    @pytest.fixture
    def kind(self, tmp_path: Path) -> KindSamples:
        (tmp_path / "broken.wat").write_text("(component")
        runs = RunSamples(
            returns=RunSample((0,), SPIN + "spin"), value=0,
            refuses=RunSample(("no",), SPIN + "refuse"), refusal={"err": "no"},
            crashes=RunSample((), SPIN + "trap"),
            endless=RunSample((), SPIN + "spin-forever"),
            logs=RunSample(("ž",), "testing:logger/logger.log", wasm("logger.wat")),
            lines=tuple(LogLine(level, "ž") for level in LogLevel),
        )  # fmt: skip
        return KindSamples(
            base=GUESTS, directory=tmp_path, name="one", table=wasm("spin.wat"), renamed=wasm("spin.wat", "two"),
            changed=wasm("logger.wat"), broken=(wasm("nothing.wat"), wasm(str(tmp_path / "broken.wat"))), runs=runs,
        )  # fmt: skip


def stub(params: str = "[]", name: str = "one") -> str:
    return f'[[activity_stub]]\nname = "{name}"\nffqn = "test:shop/orders.approve"\nparams = {params}\n'


class TestStubActivities(StubKindConformance):
    @pytest.fixture
    def kind(self, tmp_path: Path) -> KindSamples:
        broken = (
            stub('[{ name = "a", type = "strng" }]'),
            '[[activity_stub]]\nname = "one"\nlocation = "nothing.wat"\n',
        )
        return KindSamples(
            base=GUESTS, directory=tmp_path, name="one", table=stub(), renamed=stub(name="two"),
            changed=stub('[{ name = "a", type = "u8" }]'), broken=broken,
        )  # fmt: skip
