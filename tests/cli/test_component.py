"""``obelisk client component`` against a real server, and on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from obelisk.cli.main import cli
from tests.api.fakes import DIGEST, FIBO_SUBMIT, FIBOA
from tests.api.served import Served
from tests.cli.commands import UNREACHABLE

SIGNATURE = f"    {FIBOA}: func(n: u8, iterations: u32) -> result<u64>"
IMPORT = "    testing:fibo/fibo.fibo: func(n: u8) -> result<u64>"
ADDER = """
(component
  (core module $m (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
  (core instance $i (instantiate $m))
  (func $add (param "a" u8) (param "b" u8) (result u8) (canon lift (core func $i "add")))
  (instance $api (export "add" (func $add)))
  (export "testing:adder/api" (instance $api)))
"""


@pytest.fixture
def run(server: Served) -> Any:
    return lambda *arguments: command(server.url, *arguments)


def command(url: str, *arguments: str) -> Result:
    """Run ``obelisk client component``."""
    return CliRunner(env={"OBELISK_API_URL": url}).invoke(cli, ["client", "component", *arguments])


@pytest.fixture
def adder(tmp_path: Path) -> str:
    path = tmp_path / "adder.wat"
    path.write_text(ADDER)
    return str(path)


def test_components_are_listed_with_their_exports(run: Any) -> None:
    assert run("list").stdout.splitlines() == [f"fibo-workflow  workflow  {DIGEST}", "  Exports:", SIGNATURE]


def test_imports_are_listed_when_they_are_wanted(run: Any) -> None:
    assert run("list", "-v").stdout.splitlines()[3:] == ["  Imports:", IMPORT]


def test_a_component_has_what_scripts_rely_on(run: Any) -> None:
    (line,) = run("list", "--json").stdout.splitlines()
    component = json.loads(line)
    assert {name: component[name] for name in ("name", "type", "digest")} == {
        "name": "fibo-workflow",
        "type": "workflow",
        "digest": DIGEST,
    }
    assert component["exports"] == [
        {
            "ffqn": FIBOA,
            "params": [{"name": "n", "type": "u8"}, {"name": "iterations", "type": "u32"}],
            "result": "result<u64>",
            "extension": None,
            "submittable": True,
        }
    ]
    assert [function["ffqn"] for function in component["imports"]] == ["testing:fibo/fibo.fibo"]


def test_derived_functions_are_listed_when_they_are_wanted(run: Any) -> None:
    component = json.loads(run("list", "--json", "--extensions").stdout)
    found = [(function["ffqn"], function["extension"]) for function in component["exports"]]
    assert found == [(FIBOA, None), (FIBO_SUBMIT, "submit")]


@pytest.mark.parametrize("target", ["fibo-workflow", DIGEST])
def test_a_component_of_the_server_is_inspected_by_name_or_digest(run: Any, target: str) -> None:
    assert run("inspect", target, "-v").stdout == run("list", "-v").stdout


@pytest.mark.parametrize("target", ["fibo-workflow", DIGEST])
def test_the_wit_of_a_component_of_the_server_is_printed(run: Any, target: str) -> None:
    assert run("wit", target).stdout == "package any:any;\n"


@pytest.mark.parametrize("subcommand", ["inspect", "wit"])
def test_an_unknown_component_is_rejected_with_what_there_is(run: Any, subcommand: str) -> None:
    result = run(subcommand, "nope")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`nope`" in result.stderr
    assert "`fibo-workflow`" in result.stderr


@pytest.mark.parametrize("arguments", [("list",), ("inspect", "name"), ("wit", "name")])
def test_an_unreachable_server_is_exit_code_3(arguments: tuple[str, ...]) -> None:
    result = command(UNREACHABLE, *arguments)
    assert (result.exit_code, result.stdout) == (3, "")


def test_a_file_is_inspected_without_a_server(adder: str) -> None:
    result = command(UNREACHABLE, "inspect", adder)
    assert result.stdout.splitlines() == [
        adder,
        "  Exports:",
        "    testing:adder/api.add: func(a: u8, b: u8) -> u8",
    ]


def test_derived_functions_of_a_file_are_shown_when_they_are_wanted(adder: str) -> None:
    component = json.loads(command(UNREACHABLE, "inspect", adder, "--extensions", "--json").stdout)
    assert [(function["ffqn"], function["extension"]) for function in component["exports"]] == [
        ("testing:adder/api.add", None),
        ("testing:adder-obelisk-ext/api.add-submit", "submit"),
        ("testing:adder-obelisk-ext/api.add-await-next", "await-next"),
        ("testing:adder-obelisk-ext/api.add-get", "get"),
        ("testing:adder-obelisk-schedule/api.add-schedule", "schedule"),
    ]


def test_the_wit_of_a_file_is_printed_without_a_server(adder: str) -> None:
    result = command(UNREACHABLE, "wit", adder)
    assert result.exit_code == 0
    assert "add: func(a: u8, b: u8) -> u8;" in result.stdout
    assert "package testing:adder-obelisk-ext" in result.stdout


@pytest.mark.parametrize("content", [None, b"nonsense", b"(module)"], ids=["missing", "nonsense", "core-module"])
def test_a_file_that_is_no_component_is_rejected(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.wat"
    if content is not None:
        path.write_bytes(content)
    result = command(UNREACHABLE, "inspect", str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert str(path) in result.stderr
