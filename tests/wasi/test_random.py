"""``wasi:random``, called by a guest."""

from __future__ import annotations

import pytest

from tests.wasi.probing import Probe

BYTES = ["random.get_random_bytes(32)", "insecure.get_insecure_random_bytes(32)"]
NUMBERS = ["random.get_random_u64()", "insecure.get_insecure_random_u64()", "insecure_seed.insecure_seed()"]


@pytest.mark.parametrize("call", [*BYTES, *NUMBERS])
async def test_each_call_gives_something_else(probe: Probe, call: str):
    assert await probe.run(f"result = {call} == {call}") is False


@pytest.mark.parametrize("call", BYTES)
async def test_as_many_bytes_come_as_were_asked_for(probe: Probe, call: str):
    assert await probe.run(f"result = len({call})") == 32


async def test_too_many_bytes_trap(probe: Probe):
    failure = await probe.failure("random.get_random_bytes(2**40)")
    assert failure.reason is not None
    assert failure.reason.endswith(
        "random bytes were asked for, expected at most 65536 in one call; call more than once"
    )


async def test_two_runs_get_different_bytes(probe: Probe):
    assert await probe.run(f"result = {BYTES[0]}") != await probe.run(f"result = {BYTES[0]}")
