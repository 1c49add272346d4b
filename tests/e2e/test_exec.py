"""A workflow calls a script, in a real server on SQLite."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import MakeWorld
from tests.e2e.world import WAT, workflow

pytestmark = pytest.mark.timeout(60)

FIBO_SCRIPT = """
allow_exec_activities = true
secrets.TOKEN = { env = "THE_TOKEN" }

[[activity_exec]]
ffqn = "testing:fibo/fibo.fibo"
params = [{ name = "n", type = "u8" }]
return_type = "result<u64>"
secrets = ["TOKEN"]
content = '''
#!/bin/sh
echo "computing fibo($1) with $(cat)" >&2
a=0 b=1 n=$1
while [ "$n" -gt 0 ]; do c=$((a + b)) a=$b b=$c n=$((n - 1)); done
echo "$a"
'''
"""
TOKEN = "a token that nobody may read"
FIBOA = "testing:fibo-workflow/workflow.fiboa"


TOUCH = """
[[activity_exec]]
ffqn = "tools:t/t.run"
content = "#!/bin/sh\\ntouch FILE\\n"
"""


def test_a_workflow_calls_a_script(make_world: MakeWorld) -> None:
    world = make_world(FIBO_SCRIPT, tables=workflow("fibo-workflow", WAT / "fibo_workflow.wat"))
    world.env["THE_TOKEN"] = TOKEN
    server = world.start()
    ended = world.client(server, "execution", "submit", "--follow", "--json", FIBOA, "[10, 3]")
    assert ended.code == 0, ended.stderr
    assert ended.last["result"] == {"ok": 55}
    shown = world.client(server, "execution", "logs", "--show-derived", ended.last["execution_id"])
    assert "computing fibo(10)" in shown.stdout
    assert '"TOKEN":"***"' in shown.stdout
    assert server.stop() == 0
    stored = b"".join(path.read_bytes() for path in world.database.parent.iterdir() if path.is_file())
    assert b"fibo" in stored
    assert TOKEN not in server.log + ended.stdout + shown.stdout + stored.decode(errors="replace")


def test_verifying_runs_nothing_and_tells_what_is_not_allowed(make_world: MakeWorld) -> None:
    touched = make_world(tables="").directory / "touched"
    table = TOUCH.replace("FILE", str(touched))
    refused = make_world(tables=table)
    ended = refused.run("server", "verify", "--config", str(refused.config))
    assert ended.code == 1
    line = re.search(r"write `(.*)` above the first table", ended.stderr)
    assert line is not None, ended.stderr
    allowed = make_world(line[1], tables=table)
    assert allowed.run("server", "verify", "--config", str(allowed.config)).code == 0
    assert not touched.exists()


def test_a_secret_that_is_not_set_ends_the_start(make_world: MakeWorld) -> None:
    ended = make_world(FIBO_SCRIPT, tables="").run_server()
    assert (ended.code, "`secrets.TOKEN.env`: the variable `THE_TOKEN` is not set" in ended.stderr) == (1, True)
    assert "Traceback" not in ended.stderr


def test_the_plugin_is_listed(make_world: MakeWorld) -> None:
    ended = make_world(tables="").run("plugins", "--json")
    assert ["activity_kind:activity_exec"] in [plugin["offers"] for plugin in ended.lines if plugin["name"] == "exec"]
