"""`obelisk server`, as far as it goes without running one."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from obelisk.cli.main import cli


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command line in an empty directory."""
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path / "home"), "OBELISK_DATA_DIR": str(tmp_path / "data")}
    return lambda *arguments: CliRunner().invoke(cli, arguments, env=environ)


@pytest.mark.parametrize("command", ["run", "verify"])
@pytest.mark.parametrize("flags", [["--nonsense"], ["--config"], ["surplus"]])
def test_wrong_flags_end_with_two(run, command, flags):
    assert run("server", command, *flags).exit_code == 2


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_missing_configuration_ends_with_one_message(run, command):
    result = run("server", command, "--config", "missing.toml")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: cannot read the configuration file ")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_wrong_configuration_writes_nothing(run, command, tmp_path):
    (tmp_path / "obelisk.toml").write_text("[workflows]\nhot_limt = 1\n")
    result = run("server", command)
    assert result.exit_code == 1
    assert "did you mean `workflows.hot_limit`?" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["obelisk.toml"]


def test_a_configuration_is_generated(run, tmp_path):
    result = run("server", "generate-config")
    assert result.output == 'Generated "obelisk.toml"\n'
    assert "# listening_addr = " in (tmp_path / "obelisk.toml").read_text()


def test_a_configuration_is_never_overwritten(run, tmp_path):
    (tmp_path / "obelisk.toml").write_text("mine")
    result = run("server", "generate-config")
    assert result.exit_code == 1
    assert result.stderr == "error: file already exists: obelisk.toml\n"
    assert (tmp_path / "obelisk.toml").read_text() == "mine"
