"""Webhooks pass the suite that every trigger has to pass."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from obelisk.clock import SystemClock
from obelisk.runtime.engine import Engine
from obelisk.testing.triggers import TriggerConformance, TriggerSamples, UnderWay
from plugins.obelisk_http_webhook.tests.conftest import LISTENS, SERVER, Served

PLACE = "test:shop/orders.place"
STUB = f'[[activity_stub]]\nffqn = "{PLACE}"\n'


def function(
    *, name: str = "order", route: str = "/orders", ffqn: str = PLACE, server: str = "external", wait: str = "false"
) -> str:
    lines = [
        "[[webhook_function]]", f'name = "{name}"', f'ffqn = "{ffqn}"', f'route = "{route}"', f'http_server = "{server}"',
        f"wait = {wait}", "",
    ]  # fmt: skip
    return "\n".join(lines)


class TestWebhooks(TriggerConformance):
    @pytest.fixture
    def samples(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> TriggerSamples:
        caplog.set_level(logging.INFO, logger="obelisk.http_webhook")

        def serves(engine: Engine) -> Served:
            *_, last = LISTENS.finditer(caplog.text)
            return Served(engine, {last[1]: int(last[2])})

        async def a_request_waits(engine: Engine) -> UnderWay:
            served = serves(engine)

            async def asked() -> None:
                try:
                    assert (await served.ask("/waits", method="POST", body=b"{}")).status == 200
                finally:
                    served.close()

            answered = asyncio.ensure_future(asked())
            (execution,) = await served.until(served.executions)

            async def give() -> None:
                await engine.executions.stub(execution, {"ok": "done"})

            return UnderWay(give, answered)

        async def a_request_comes(engine: Engine) -> None:
            served = serves(engine)
            answer = await served.ask("/orders", method="POST", body=b"{}")
            assert answer.status == 202, answer.text

        head = SERVER + STUB
        waits = function(name="waits", route="/waits", wait="true")
        return TriggerSamples(
            base=tmp_path, directory=tmp_path, trigger="http-webhook", toml=head + function() + waits, ffqn=PLACE,
            happen=a_request_comes, under_way=a_request_waits, clock=SystemClock,
            wrong=(
                (head + function(ffqn="test:shop/orders.plce"), "test:shop/orders.plce"),
                (head + function(server="nobody"), "nobody"),
                (head + function() + function(name="other"), "/orders"),
            ),
        )  # fmt: skip
