"""The root of the commands and the commands that need no server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from obelisk import __version__
from obelisk.cli.main import cli
from obelisk.cli.output import fail, reporting_errors
from obelisk.errors import ConfigError
from obelisk.ids import parse_execution_id
from obelisk.plugins import Plugins
from tests.api.calls import ID

HEAVY = ("wasmtime", "grpc", "rich", "sqlite3", "tomlkit")


def run(*arguments: str, **environ: str):
    return CliRunner().invoke(cli, arguments, env=environ)


def imported_by(*arguments: str) -> set[str]:
    script = (
        "import sys\nfrom obelisk.cli.main import cli\n"
        f"try:\n    cli({list(arguments)!r})\nexcept SystemExit:\n    print('\\n' + ' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_version_is_printed():
    assert run("--version").output.strip() == __version__


@pytest.mark.parametrize("arguments", [["--help"], ["client", "--help"], ["generate", "execution-id"]])
def test_light_commands_import_nothing_heavy(arguments):
    assert imported_by(*arguments).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "command",
    [("get", ID), ("list",), ("history", ID), ("cancel", ID), ("stub", ID, "1"), ("replay", ID), ("upgrade", ID)],
)
def test_client_calls_import_nothing_of_the_engine(command):
    imported = imported_by("execution", *command, "--api-url", "http://127.0.0.1:1")
    assert "grpc" in imported
    assert imported.isdisjoint({"wasmtime", "sqlite3", "tomlkit", "obelisk.interfaces", "obelisk.wit"})


def test_importing_the_package_imports_nothing_heavy():
    script = "import sys, obelisk\nfrom obelisk import hookimpl\nprint(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({*HEAVY, "asyncio", "click"})


def test_help_lists_every_command():
    output = run("--help").output
    assert all(name in output for name in ("client", "component", "execution", "generate", "plugins", "server"))


def test_the_client_commands_are_there_with_and_without_client():
    assert run("client", "execution", "--help").exit_code == 0
    assert run("execution", "--help").exit_code == 0


def test_an_unknown_command_is_wrong_usage():
    result = run("plugns")
    assert result.exit_code == 2
    assert "No such command 'plugns'" in result.output


def test_an_execution_id_is_generated():
    assert parse_execution_id(run("generate", "execution-id").output.strip())


def test_an_execution_id_is_generated_as_json():
    assert parse_execution_id(json.loads(run("generate", "execution-id", "--json").output)["execution_id"])


def test_plugins_are_listed():
    output = run("plugins").output
    assert "file_source" in output
    assert "component_source:file" in output


def test_plugins_are_listed_as_json():
    infos = [json.loads(line) for line in run("plugins", "--json").output.splitlines()]
    assert {"name", "version", "distribution", "origin", "offers", "error"} == set(infos[0])
    assert [info["name"] for info in infos] == [info.name for info in Plugins.load().infos]


def test_a_disabled_plugin_is_listed_as_disabled():
    output = run("plugins", OBELISK_PLUGINS_DISABLED="file_source").output
    assert any(line.startswith("file_source") and "disabled" in line for line in output.splitlines())


def test_a_command_that_fails_prints_one_message(capsys):
    with pytest.raises(SystemExit) as ended, reporting_errors(7):
        raise ConfigError("wrong key")
    assert ended.value.code == 7
    assert capsys.readouterr().err == "error: wrong key\n"


def test_an_unexpected_error_is_one_line_with_the_next_step(capsys, monkeypatch):
    monkeypatch.delenv("OBELISK_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended, reporting_errors(7):
        raise KeyError("surprise")
    assert ended.value.code == 1
    assert (
        capsys.readouterr().err
        == "error: unexpected KeyError: 'surprise'; run it with OBELISK_DEBUG=1 for the traceback\n"
    )


def test_debugging_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("OBELISK_DEBUG", "1")
    with pytest.raises(KeyError), reporting_errors(7):
        raise KeyError("surprise")


def test_wrong_usage_is_left_to_click():
    with pytest.raises(click.UsageError), reporting_errors(7):
        raise click.UsageError("wrong")


def test_failing_ends_with_the_code(capsys):
    with pytest.raises(SystemExit) as ended:
        fail("no", 3)
    assert ended.value.code == 3
    assert capsys.readouterr().err == "error: no\n"


def test_the_module_is_the_command(tmp_path: Path):
    command = [sys.executable, "-m", "obelisk", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == __version__


@pytest.mark.parametrize("closed", ["1>&-", "2>&-"])
def test_a_command_ends_well_without_a_standard_stream(closed):
    command = ["sh", "-c", f'exec "$0" -m obelisk --version {closed}', sys.executable]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


LOSES_ITS_POLLER = """
import os
from obelisk.cli import main
def lose_poller(**_):
    import grpc
    channel = grpc.insecure_channel("127.0.0.1:9")
    for _ in range(2):
        try:
            grpc.channel_ready_future(channel).result(timeout=0.2)
        except grpc.FutureTimeoutError:
            pass
        for number in os.listdir("/proc/self/fd"):
            path = f"/proc/self/fd/{number}"
            if os.path.lexists(path) and os.readlink(path) == "anon_inode:[eventpoll]":
                os.close(int(number))
                print("lost")
    raise SystemExit(0)
main.cli = lose_poller
main.main()
"""


def test_grpc_prints_no_lines_of_its_own():
    """Its poller may be gone before its thread is, when a command is interrupted."""
    environ = {name: value for name, value in os.environ.items() if name != "GRPC_VERBOSITY"}
    command = [sys.executable, "-c", LOSES_ITS_POLLER]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("lost")
    assert (done.returncode, done.stderr) == (0, "")


NO_ROOM = "error: cannot write to standard output: No space left on device; what was to be printed is lost\n"


def into_no_room(*arguments: str, unbuffered: str = "") -> tuple[int, str]:
    """Run Python with a standard output that takes nothing; return how it ended and what it told."""
    with Path("/dev/full").open("wb") as full:
        command, environ = [sys.executable, *arguments], {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(command, env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--version"], ["plugins", "--help"], ["generate", "execution-id"]])
def test_output_that_cannot_be_written_is_told(arguments, unbuffered):
    assert into_no_room("-m", "obelisk", *arguments, unbuffered=unbuffered) == (1, NO_ROOM)


def test_output_that_is_written_only_at_the_end_is_told_as_lost_too():
    script = "import sys\nfrom obelisk.cli.main import _exit_now\nprint('late')\n_exit_now(SystemExit(0))\n"
    assert into_no_room("-c", script) == (1, NO_ROOM)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_ready_line_that_cannot_be_written_is_told(tmp_path, monkeypatch, unbuffered):
    config = tmp_path / "obelisk.toml"
    config.write_text('api.listening_addr = "127.0.0.1:0"\nlog.console.level = "error"\n')
    monkeypatch.setenv("OBELISK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OBELISK_CACHE_DIR", str(tmp_path / "cache"))
    ended = into_no_room("-m", "obelisk", "server", "run", "--config", str(config), unbuffered=unbuffered)
    assert ended == (1, NO_ROOM)


def test_a_full_disk_elsewhere_is_not_taken_for_that_of_the_output(capsys):
    with pytest.raises(SystemExit), reporting_errors(7):
        raise OSError(28, "No space left on device", "/data/x")
    assert "unexpected OSError: [Errno 28] No space left on device: '/data/x'" in capsys.readouterr().err
