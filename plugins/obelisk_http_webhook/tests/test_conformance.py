"""Webhooks pass the suite that every trigger has to pass."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from obelisk.clock import SystemClock
from obelisk.runtime.engine import Engine
from obelisk.testing.triggers import TriggerConformance, TriggerSamples
from plugins.obelisk_http_webhook.tests.conftest import LISTENS, SERVER, Served

PLACE = "test:shop/orders.place"
STUB = f'[[activity_stub]]\nffqn = "{PLACE}"\n'


def function(*, name: str = "order", route: str = "/orders", ffqn: str = PLACE, server: str = "external") -> str:
    lines = [
        "[[webhook_function]]", f'name = "{name}"', f'ffqn = "{ffqn}"', f'route = "{route}"', f'http_server = "{server}"',
        "wait = false", "",
    ]  # fmt: skip
    return "\n".join(lines)


class TestWebhooks(TriggerConformance):
    @pytest.fixture
    def samples(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> TriggerSamples:
        caplog.set_level(logging.INFO, logger="obelisk.http_webhook")

        async def a_request_comes(engine: Engine) -> None:
            *_, last = LISTENS.finditer(caplog.text)
            served = Served(engine, {last[1]: int(last[2])})
            answer = await served.ask("/orders", method="POST", body=b"{}")
            assert answer.status == 202, answer.text

        head = SERVER + STUB
        return TriggerSamples(
            base=tmp_path, directory=tmp_path, trigger="http-webhook", toml=head + function(), ffqn=PLACE,
            happen=a_request_comes, clock=SystemClock,
            wrong=(
                (head + function(ffqn="test:shop/orders.plce"), "test:shop/orders.plce"),
                (head + function(server="nobody"), "nobody"),
                (head + function() + function(name="other"), "/orders"),
            ),
        )  # fmt: skip
