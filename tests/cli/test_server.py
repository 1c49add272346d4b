"""`obelisk server`, as far as it goes without running one."""

from __future__ import annotations

import re
import subprocess
import sys

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
    assert result.output == 'Generated "obelisk.toml"\nGenerated "obelisk.schema.json"\n'
    assert "# listening_addr = " in (tmp_path / "obelisk.toml").read_text()


def test_the_schema_that_a_generated_configuration_names_is_beside_it(run, tmp_path):
    assert run("server", "generate-config").exit_code == 0
    named = re.match(r"#:schema (.*)\n", (tmp_path / "obelisk.toml").read_text())
    assert named is not None
    assert (tmp_path / named[1]).read_text() == run("generate", "schema").stdout


def test_a_schema_that_is_there_is_kept_and_told(run, tmp_path):
    (tmp_path / "obelisk.schema.json").write_text("mine")
    result = run("server", "generate-config")
    assert (result.exit_code, result.stdout) == (0, 'Generated "obelisk.toml"\n')
    assert result.stderr == (
        "warning: kept obelisk.schema.json, which was there already; "
        "`obelisk generate schema --output obelisk.schema.json` writes it anew\n"
    )
    assert (tmp_path / "obelisk.schema.json").read_text() == "mine"


@pytest.mark.parametrize("largest", [1_000, 60_000], ids=["the configuration", "the schema"])
def test_a_file_that_cannot_be_generated_leaves_nothing_behind(tmp_path, largest):
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}))"
    script = f"{limited}\nfrom obelisk.cli.main import main\nmain()"
    command = [sys.executable, "-B", "-c", script, "server", "generate-config"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"error: cannot write obelisk\.\S+: File too large; nothing was written\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_is_never_overwritten(run, tmp_path):
    (tmp_path / "obelisk.toml").write_text("mine")
    result = run("server", "generate-config")
    assert result.exit_code == 1
    assert result.stderr == "error: file already exists: obelisk.toml\n"
    assert (tmp_path / "obelisk.toml").read_text() == "mine"
    assert not (tmp_path / "obelisk.schema.json").exists()
