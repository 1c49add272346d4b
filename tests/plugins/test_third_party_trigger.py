"""A trigger in a package of its own: found, checked, opened, and run on nothing but the interfaces."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest

from obelisk.core.events import ComponentRole
from obelisk.errors import ConfigError
from obelisk.interfaces.storage import ExecutionQuery
from obelisk.names import Ffqn
from obelisk.plugins import Plugins
from obelisk.testing.engine import engine_harness
from obelisk.wasm.interpreter import interpreter_command

SOURCE = Path(__file__).with_name("obelisk_calling.py")
ROOT = SOURCE.parents[2]
FIBO = '[[activity_wasm]]\nname = "fibo"\nlocation = "examples/wat/fibo_activity.wat"\nexec.tick_sleep = "365d"\n'
MEMORY = '[storage]\nuse = "memory"\n[server]\nshutdown_timeout = "50ms"\n'
ALLOWED = {"core.events", "core.state", "interfaces", "names", "ids", "clock", "errors"}


def calling(ffqn: str = "testing:fibo/fibo.fibo", params: str = "[10]") -> str:
    return f'[[calling]]\nname = "one"\nffqn = "{ffqn}"\nparams = "{params}"\n'


@pytest.fixture
def installed(install) -> Path:
    return install("obelisk-calling", "obelisk_calling", SOURCE.read_text(), entry_point="calling")


def test_it_is_listed(installed):
    (found,) = [info for info in Plugins.load(environ={}).infos if info.name == "calling"]
    assert found.offers == ("trigger:calling",)


def test_it_uses_nothing_but_the_interfaces():
    tree = ast.parse(SOURCE.read_text())
    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    ours = {name.removeprefix("obelisk.") for name in imported if name.startswith("obelisk.")}
    assert {name for name in ours if name not in ALLOWED and name.split(".")[0] not in ALLOWED} == set()


async def test_it_calls_in_a_session_of_its_own(installed, tmp_path):
    async with engine_harness(MEMORY + FIBO + calling(), base=ROOT, directory=tmp_path) as harness:
        await harness.settle()
        executions = harness.engine.executions
        child, session = await executions.list(ExecutionQuery(harness.clock.now(), hide_finished=False))
        assert session.state.ffqn == Ffqn("calling:calls/calls.call")
        assert session.state.component_id.component_type is ComponentRole.WEBHOOK_ENDPOINT
        assert child.state.parent[0] == session.execution_id
        assert (await harness.result(session.execution_id)).ok.value == 55


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (calling(ffqn="testing:fibo/fibo.fob"), "`calling[one]`: function not found: `testing:fibo/fibo.fob`"),
        (calling(params="[true]"), "`calling[one]`:"),
        (calling() + 'colour = "red"\n', "`calling[one].colour`: unknown key"),
    ],
)
async def test_its_entries_are_checked(installed, tmp_path, table, message):
    with pytest.raises(ConfigError) as caught:
        async with engine_harness(MEMORY + FIBO + table, base=ROOT, directory=tmp_path):
            pass
    assert message in str(caught.value)


def test_verify_checks_its_entries(installed, tmp_path):
    config = tmp_path / "obelisk.toml"
    config.write_text(MEMORY + FIBO.replace("examples", f"{ROOT}/examples") + calling(params="[]"))
    paths = [str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OBELISK_DATA_DIR": str(tmp_path)}
    command = [*interpreter_command(), "-m", "obelisk", "server", "verify", "--config", str(config)]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "`calling[one]`:" in ended.stderr
    assert "Traceback" not in ended.stderr
