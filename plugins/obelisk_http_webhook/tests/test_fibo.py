"""The example that asks the fibo workflow."""

from __future__ import annotations

import pytest

from obelisk.errors import ConfigError

HOOK = """
[[webhook_endpoint_wasm]]
name = "fibo-webhook"
location = "examples/wat/fibo_webhook.wat"
routes = [{ route = "/fibo/:N/:ITERATIONS", methods = ["GET"] }]
"""


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/fibo/1/0", 200, "fiboa(1, 0) = 1\n"),
        ("/fibo/2/1", 200, "fiboa(2, 1) = 1\n"),
        ("/fibo/9/3", 200, "fiboa(9, 3) = 34\n"),
        ("/fibo/x/1", 400, "expected /fibo/N/ITERATIONS, two numbers\n"),
        ("/fibo/256/1", 400, "expected /fibo/N/ITERATIONS, two numbers\n"),
        ("/fibo/1", 404, "Route not found\n"),
    ],
)
async def test_a_small_number_is_waited_for(serving, tables, path, status, text):
    async with serving(HOOK + tables.fibo()) as served:
        answer = await served.ask(path)
        assert (answer.status, answer.text) == (status, text)


async def test_a_value_that_is_known_starts_nothing(serving, tables):
    async with serving(HOOK + tables.fibo()) as served:
        await served.ask("/fibo/1/0")
        assert await served.executions() == []


async def test_a_large_number_is_started_and_not_waited_for(serving, tables):
    async with serving(HOOK + tables.fibo()) as served:
        answer = await served.ask("/fibo/10/2")
        begin, _, started = answer.text.rstrip().rpartition(" ")
        assert begin == "fiboa(10, 2) = submitted:"
        assert (await served.finished(started)).result.ok.value == 55
        assert "." not in started


async def test_a_component_that_nobody_exports_ends_the_start(serving):
    with pytest.raises(ConfigError, match="imports `testing:fibo-workflow/workflow`, which neither"):
        async with serving(HOOK):
            pass
