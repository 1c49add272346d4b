"""The environment of a guest, from the configuration to the guest."""

from __future__ import annotations

from pathlib import Path

import pytest

from obelisk.errors import ComponentError
from tests.wasi.probing import open_probe

VARIABLES = """
env_vars = ["FORWARDED", { key = "SET", value = "to ${FORWARDED}" }, { key = "DEFAULT", value = "${NOT_THERE:-a default}" }]
"""


async def test_variables_are_forwarded_set_and_defaulted(wasi_probe: Path, tmp_path: Path):
    environ = {"FORWARDED": "this", "OTHER": "not for the guest"}
    async with open_probe(wasi_probe, tmp_path, keys=VARIABLES, environ=environ) as probe:
        found = await probe.run("result = dict(environment.get_environment())")
    assert found == {"FORWARDED": "this", "SET": "to this", "DEFAULT": "a default"}


async def test_what_is_missing_stops_the_start_and_is_named_with_its_component(wasi_probe: Path, tmp_path: Path):
    with pytest.raises(ComponentError) as caught:
        async with open_probe(wasi_probe, tmp_path, keys='env_vars = ["ONE", "TWO"]'):
            pass
    assert "component `probe`: `env_vars` forwards `ONE`, `TWO` from the server's environment" in str(caught.value)


async def test_variables_that_hold_secrets_cannot_be_forwarded(wasi_probe: Path, tmp_path: Path):
    secrets = '\n[secrets]\nKEY = { env = "KEY_VARIABLE" }\n'
    environ = {"KEY_VARIABLE": "hunter2"}
    with pytest.raises(ComponentError, match="forwards `KEY_VARIABLE`"):
        async with open_probe(
            wasi_probe, tmp_path, keys='env_vars = ["KEY_VARIABLE"]', tables=secrets, environ=environ
        ):
            pass
