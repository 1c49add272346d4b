"""`obelisk generate schema` and `obelisk generate completion`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from obelisk.cli.main import cli

BASH = """
set -eu
source <(obelisk generate completion bash)
complete_it() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _obelisk_completion obelisk
  echo "${COMPREPLY[*]}" | tr '\\n' ' '
  echo
}
compopt() { :; }
complete_it obelisk gen
complete_it obelisk server ver
complete_it obelisk client execution sub
complete_it obelisk server verify --conf
complete_it obelisk component wit oth
complete_it obelisk generate wit-deps --component fi
"""
TOML = (
    '[[activity_wasm]]\nname = "fibo"\n[[workflow_wasm]]\nname = "fibo-workflow"\n[[workflow_wasm]]\nname = "other"\n'
)
PLUGIN = """
from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.provider import Provider


class MineSettings(Struct, frozen=True):
    '''Mine.'''


@hookimpl
def obelisk_register_exporter():
    return [Provider("mine", "Takes signals.", MineSettings, None)]
"""


@pytest.fixture
def bash(tmp_path: Path):
    """Run a script in a directory with a configuration; `obelisk` is the command."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "obelisk"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m obelisk "$@"\n')
    program.chmod(0o755)
    environ = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}

    def run(script: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return [line.strip() for line in done.stdout.splitlines()]

    return run


def test_bash_completes_commands_options_and_components(bash, tmp_path):
    (tmp_path / "obelisk.toml").write_text(TOML)
    assert bash(BASH) == ["generate", "verify", "submit", "--config", "other", "fibo fibo-workflow"]


def test_only_names_that_a_component_can_have_are_completed(bash, tmp_path):
    names = ('"$(touch pwned)"', '"two words"', '"a\\nb"', "5", '""', '"good_0.x-y"')
    (tmp_path / "obelisk.toml").write_text("".join(f"[[activity_wasm]]\nname = {name}\n" for name in names))
    assert bash(BASH.replace("--component fi", "--component ''"))[-1] == "good_0.x-y"


@pytest.mark.parametrize("toml", [None, "no toml"])
def test_without_a_configuration_no_component_is_completed(bash, tmp_path, toml):
    if toml is not None:
        (tmp_path / "obelisk.toml").write_text(toml)
    assert bash(BASH.replace("obelisk generate wit-deps", "obelisk generate wit-deps -c obelisk.toml"))[-1] == ""


@pytest.mark.parametrize(
    ("shell", "mark"), [("zsh", "#compdef obelisk"), ("fish", "complete --no-files --command obelisk")]
)
def test_other_shells_have_theirs(shell, mark):
    assert mark in CliRunner().invoke(cli, ["generate", "completion", shell]).stdout


def test_an_unknown_shell_ends_with_two():
    assert CliRunner().invoke(cli, ["generate", "completion", "tcsh"]).exit_code == 2


def test_the_schema_is_printed_or_written(tmp_path):
    printed = CliRunner().invoke(cli, ["generate", "schema"])
    assert json.loads(printed.stdout)["title"] == "obelisk.toml"
    written = CliRunner().invoke(cli, ["generate", "schema", "-o", str(tmp_path / "schema.json")])
    assert written.exit_code == 0
    assert (tmp_path / "schema.json").read_text() == printed.stdout


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Write a configuration with a plugin that is a file into the directory that a command runs in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def write(plugin: str, toml: str = "", name: str = "obelisk.toml") -> None:
        (tmp_path / "mine.py").write_text(plugin)
        (tmp_path / name).write_text(f'plugins.files = ["mine.py"]\n{toml}')

    return write


def tables(*arguments: str) -> set[str]:
    printed = CliRunner().invoke(cli, ["generate", "schema", *arguments])
    assert printed.exit_code == 0, printed.stderr
    return set(json.loads(printed.stdout)["properties"])


def test_the_schema_has_the_tables_of_plugins_that_are_files(configured):
    configured(PLUGIN)
    assert {"mine", "sqlite"} <= tables()


def test_the_configuration_of_a_schema_may_be_named(configured):
    configured(PLUGIN, name="other.toml")
    assert "mine" not in tables()
    assert "mine" in tables("--config", "other.toml")


def test_the_schema_lacks_the_tables_of_disabled_plugins(configured):
    configured(PLUGIN, 'plugins.disabled = ["mine", "otlp"]\n')
    assert not {"mine", "otlp"} & tables()


def test_what_else_is_wrong_with_a_configuration_keeps_no_schema_back(configured):
    configured(PLUGIN, 'api.listening_addr = "${NOPE_NOPE}"\nunknown = 1\nmine = 1\n')
    assert "mine" in tables()


def test_a_plugin_that_does_not_load_is_told_and_the_schema_written_without_it(configured):
    configured("1 / 0\n")
    printed = CliRunner().invoke(cli, ["generate", "schema"])
    assert (printed.exit_code, "mine" in json.loads(printed.stdout)["properties"]) == (0, False)
    assert printed.stderr.startswith("warning: plugin `mine` from ")


@pytest.mark.parametrize("command", [["generate", "schema"], ["plugins"], ["plugins", "check"]])
@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("x = \n", "obelisk.toml:2: not valid TOML"),
        ('plugins.disabled = ["${NOPE_NOPE}"]\n', "obelisk.toml:2: `plugins.disabled[0]`: the variable `NOPE_NOPE`"),
    ],
)
def test_plugins_that_cannot_be_known_are_an_error(configured, command, toml, said):
    configured(PLUGIN, toml)
    ended = CliRunner().invoke(cli, command)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in ended.stderr


def test_plugins_are_listed_although_a_variable_is_missing(configured):
    configured(PLUGIN, 'api.listening_addr = "${NOPE_NOPE}"\n')
    listed = CliRunner().invoke(cli, ["plugins"])
    assert (listed.exit_code, "exporter:mine" in listed.stdout) == (0, True)


def test_a_schema_that_cannot_be_written_ends_with_one_message(tmp_path):
    result = CliRunner().invoke(cli, ["generate", "schema", "-o", str(tmp_path / "missing" / "schema.json")])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot write ")
