"""``obelisk plugins``, with and without a configuration, and ``obelisk plugins check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import Struct

from obelisk import hookimpl
from obelisk.cli.main import cli
from obelisk.cli.plugin_check import check_plugins
from obelisk.interfaces.provider import Provider
from obelisk.interfaces.triggers import TriggerProvider, TriggerTable
from obelisk.plugins import find_plugins
from tests.plugins.conftest import candidate, install

__all__ = ["candidate", "install"]  # fixtures

GOOD = '''
from msgspec import Struct

from obelisk import hookimpl
from obelisk.interfaces.provider import Provider


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Mine."""


@hookimpl
def obelisk_register_exporter():
    return [Provider("mine", "Takes signals.", Settings, None)]
'''


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to set."""


class Loose(Struct):
    """Takes any key."""


class Odd(Struct, frozen=True, forbid_unknown_fields=True):
    """What cannot be read."""

    key: NoSuchType = None  # noqa: F821


class Refusing(Struct, frozen=True, forbid_unknown_fields=True):
    """Defaults that do not fit."""

    key: int = 0

    def __post_init__(self) -> None:
        raise ValueError("`key`: expected more")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, **environ: str) -> Result:
        return CliRunner(env={"HOME": str(tmp_path), **environ}).invoke(cli, ["plugins", *arguments])

    return invoke


def write(directory: Path, plugin: str, extra: str = "") -> None:
    (directory / "mine.py").write_text(plugin)
    (directory / "obelisk.toml").write_text(f'[plugins]\nfiles = ["mine.py"]\n{extra}')


def found(*candidates, names=(), version="0.1.0", disabled=()) -> list[str]:
    findings = check_plugins(candidates, disabled=frozenset(disabled), names=frozenset(names), version=version)
    return [each.problem for each in findings if "requirements cannot be read" not in each.problem]


def offering(settings=Settings, name="mine", summary="A store."):
    @hookimpl
    def obelisk_register_storage():
        return [Provider(name, summary, settings, None)]

    return obelisk_register_storage


def test_a_file_of_the_configuration_is_listed(run, tmp_path):
    write(tmp_path, GOOD)
    (line,) = [line for line in run().output.splitlines() if line.startswith("mine ")]
    assert line.split() == ["mine", str(tmp_path / "mine.py"), "file", "exporter:mine"]


def test_a_broken_plugin_is_listed_with_the_reason(run, tmp_path):
    write(tmp_path, "1 / 0\n")
    (info,) = [info for info in map(json.loads, run("--json").output.splitlines()) if info["name"] == "mine"]
    assert info["origin"] == "broken"
    assert info["error"].startswith("ZeroDivisionError: division by zero (line 1 of ")


def test_what_the_configuration_disables_is_listed_as_disabled(run, tmp_path):
    write(tmp_path, "1 / 0\n", 'disabled = ["mine", "sqlite"]\n')
    infos = [json.loads(line) for line in run("--json").output.splitlines()]
    assert {info["name"] for info in infos if info["origin"] == "disabled"} == {"mine", "sqlite"}


def test_a_configuration_that_is_named_has_to_be_there(run):
    result = run("--config", "nothing.toml")
    assert (result.exit_code, result.exception.__class__) == (1, SystemExit)
    assert "nothing.toml" in result.output


def test_the_plugins_of_the_repository_have_no_problem(run):
    result = run("check")
    assert (result.exit_code, result.output) == (0, "6 plugins checked, no problem found\n")


def test_one_plugin_is_checked(run, tmp_path):
    write(tmp_path, GOOD)
    assert run("check", "mine").output == "1 plugin checked, no problem found\n"


def test_all_problems_are_told_and_the_exit_status_is_one(run, tmp_path):
    write(tmp_path, GOOD.replace('"mine", "T', '"server", "T').replace(", forbid_unknown_fields=True", ""))
    result = run("check")
    assert result.exit_code == 1
    assert [line.partition(": ")[2] for line in result.output.splitlines()] == [
        "`obelisk_register_exporter` offers the table `server`, which the kernel has; choose another name",
        "`Settings`, the settings of `server`: expected `frozen=True, forbid_unknown_fields=True`",
        "2 problems in 7 plugins",
    ]


def test_problems_are_told_as_json(run, tmp_path):
    write(tmp_path, "1 / 0\n")
    result = run("check", "mine", "--json")
    finding = json.loads(result.stdout.splitlines()[0])
    assert (finding["plugin"], finding["distribution"]) == ("mine", str(tmp_path / "mine.py"))
    assert "ZeroDivisionError" in finding["problem"]
    assert result.exit_code == 1


@pytest.mark.parametrize(("name", "why"), [("nothing", "is not there"), ("oci", "is disabled")])
def test_a_plugin_that_is_not_there_cannot_be_checked(run, name, why):
    result = run("check", name, OBELISK_PLUGINS_DISABLED="oci")
    assert result.exit_code == 1
    assert f"the plugin `{name}` {why}; to be checked are: cron, exec," in result.output


def test_an_installed_plugin_says_which_version_it_works_with(run, install):
    install("obelisk-mine", "obelisk_mine", GOOD, entry_point="mine")
    assert "it does not say which Obelisk it works with; add `obelisk>=0.1,<0.2`" in run("check", "mine").output


@pytest.mark.parametrize(("wanted", "fits"), [(">=0.1,<0.2", True), (">=0.2", False), ("==0.1.*", True)])
def test_an_installed_plugin_works_with_this_version(run, install, wanted, fits):
    site = install("obelisk-mine", "obelisk_mine", GOOD, entry_point="mine")
    (metadata,) = site.glob("*.dist-info/METADATA")
    metadata.write_text(metadata.read_text() + f"Requires-Dist: obelisk{wanted}\n")
    assert (run("check", "mine").exit_code == 0) == fits


def test_clashes_are_told_of_each_plugin(candidate):
    problems = found(candidate("a", offering()), candidate("b", offering()))
    assert problems == [
        "`obelisk_register_storage` offers the table `mine`, which plugin `b` from dist-b 1.0 has; choose another name",
        "`obelisk_register_storage` offers the table `mine`, which plugin `a` from dist-a 1.0 has; choose another name",
    ]


def test_a_clash_with_a_built_in_plugin_is_told(candidate):
    (problem,) = found(*find_plugins(), candidate("a", offering(name="memory")), names=["a"])
    assert "the table `memory`, which plugin `memory_storage` from obelisk" in problem


def test_plugins_of_one_name_are_told(candidate):
    problems = found(candidate("a", offering(), distribution="one"), candidate("a", offering(), distribution="two"))
    assert "another plugin is named `a`, from two; rename one or uninstall one" in problems
    assert "another plugin is named `a`, from one; rename one or uninstall one" in problems


def test_a_plugin_that_clashes_with_itself_is_told(candidate):
    @hookimpl
    def obelisk_register_trigger():
        return [TriggerProvider("mine", "A trigger.", (TriggerTable("mine", Settings),), None)]

    (problem,) = found(candidate("a", offering(), obelisk_register_trigger))
    assert (
        problem == "`obelisk_register_trigger` offers the table `mine`, which the same plugin has; choose another name"
    )


def test_a_hook_without_its_mark_is_told(candidate):
    def obelisk_register_trigger():
        return []

    assert found(candidate("a", offering(), obelisk_register_trigger)) == [
        "`obelisk_register_trigger` is not marked with `@hookimpl`, so nobody calls it"
    ]


def test_a_plugin_without_hooks_is_told(candidate):
    assert found(candidate("a")) == ["it implements no hook; mark functions with `@hookimpl` of `obelisk`"]


def test_what_a_hook_returns_is_of_its_type(candidate):
    @hookimpl
    def obelisk_register_storage():
        return [42]

    assert found(candidate("a", obelisk_register_storage)) == [
        "`obelisk_register_storage` returned a `int`, expected a list of `Provider`"
    ]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (dict, "are `<class 'dict'>`, expected a subclass of `Struct`"),
        (Loose, "expected `frozen=True, forbid_unknown_fields=True`"),
        (Odd, "`Odd`, the settings of `mine`, cannot be read: NameError"),
        (Refusing, "`Refusing`: its defaults are refused: `mine`: `key`: expected more"),
    ],
)
def test_settings_that_cannot_be_read_are_told(candidate, settings, problem):
    assert any(problem in told for told in found(candidate("a", offering(settings))))


def test_a_summary_is_one_line(candidate):
    assert "expected one line for people" in found(candidate("a", offering(summary="one\ntwo")))[0]


def test_a_disabled_plugin_is_not_imported_to_be_checked(candidate):
    assert found(candidate("a", error=AssertionError("imported")), disabled=["a"]) == []
