"""``obelisk generate wit-deps``: packages for guests, as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from obelisk.cli.main import cli
from obelisk.cli.wit_deps import FIRST_LINE
from obelisk.core.events import ComponentRole
from obelisk.wit.extensions import extension_interfaces
from obelisk.wit.resolve import resolve_packages

ROOT = Path(__file__).resolve().parents[2]
WAT = ROOT / "examples" / "wat"
HOST = {"obelisk_types", "obelisk_log", "obelisk_workflow", "obelisk_webhook"}
FIBO = {"testing_fibo", "testing_fibo-obelisk-ext", "testing_fibo-obelisk-schedule"}
OUTER = {
    "testing_fibo-workflow-outer",
    "testing_fibo-workflow-outer-obelisk-ext",
    "testing_fibo-workflow-outer-obelisk-schedule",
}


def table(kind: str, name: str, location: Path) -> str:
    return f'[[{kind}]]\nname = "{name}"\nlocation = "{location}"\n'


FIBO_TABLE = table("activity_wasm", "fibo", WAT / "fibo_activity.wat")
OUTER_TABLE = table("workflow_wasm", "outer", WAT / "fibo_workflow_outer.wat")
MISSING_TABLE = table("workflow_wasm", "unbuilt", WAT / "unbuilt.wasm")


class Guest:
    """A guest's directory, and a configuration beside it."""

    def __init__(self, directory: Path, cache: Path) -> None:
        self.directory = directory
        self.deps = directory / "guest" / "wit" / "deps"
        self.config = directory / "obelisk.toml"
        self._env = {"OBELISK_DATA_DIR": str(directory / "data"), "OBELISK_CACHE_DIR": str(cache)}

    def generate(self, *arguments: str, config: str | None = None) -> Result:
        if config is not None:
            self.config.write_text(config)
            arguments = ("--config", str(self.config), *arguments)
        return CliRunner(env=self._env).invoke(cli, ["generate", "wit-deps", *arguments, str(self.deps)])

    @property
    def packages(self) -> set[str]:
        return {path.parent.name for path in self.deps.rglob("package.wit")}

    def text(self, package: str) -> str:
        return (self.deps / package / "package.wit").read_text()

    def declare(self, package: str) -> None:
        self.deps.parent.mkdir(parents=True)
        (self.deps.parent / "world.wit").write_text(f"/// A guest.\npackage {package};\n\nworld w {{}}\n")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def guest(tmp_path: Path, cache: Path) -> Guest:
    return Guest(tmp_path, cache)


def test_the_packages_of_the_engine_need_no_configuration(guest: Guest) -> None:
    assert guest.generate("--host-only").exit_code == 0
    assert guest.packages == HOST


def test_the_packages_of_wasi_are_written_when_they_are_wanted(guest: Guest) -> None:
    assert guest.generate("--host-only", "--wasi").exit_code == 0
    wasi = {"wasi_io", "wasi_clocks", "wasi_random", "wasi_cli", "wasi_filesystem", "wasi_sockets", "wasi_http"}
    assert guest.packages == HOST | wasi


def test_a_component_has_its_package_and_those_that_are_derived_from_it(guest: Guest) -> None:
    assert guest.generate(config=FIBO_TABLE).exit_code == 0
    assert guest.packages == HOST | FIBO


def test_a_stub_has_the_package_that_its_results_are_given_with(guest: Guest) -> None:
    guest.generate(config='[[activity_stub]]\nffqn = "shop:orders/approval.ask"\nreturn_type = "result<string>"\n')
    assert guest.packages == HOST | {"shop_orders", "shop_orders-obelisk-ext", "shop_orders-obelisk-stub"}


def test_what_is_written_is_what_components_export(guest: Guest) -> None:
    guest.generate(config=FIBO_TABLE + OUTER_TABLE)
    texts = [guest.text(package) for package in sorted(guest.packages)]
    found = {interface.name: interface for interface in resolve_packages(texts).interfaces}
    for extension in extension_interfaces(found["testing:fibo/fibo"], role=ComponentRole.ACTIVITY):
        assert found[extension.name].functions == extension.functions


def test_each_file_says_who_wrote_it(guest: Guest) -> None:
    guest.generate("--host-only")
    assert all(guest.text(package).startswith(FIRST_LINE) for package in HOST)


def test_each_package_is_printed_with_its_file(guest: Guest) -> None:
    lines = guest.generate("--host-only").stdout.splitlines()
    assert f"obelisk:log@1.0.0  {guest.deps}/obelisk_log/package.wit" in lines


def test_a_second_time_changes_nothing(guest: Guest) -> None:
    guest.generate("--host-only")
    lines = [json.loads(line) for line in guest.generate("--host-only", "--json").stdout.splitlines()]
    assert [line["changed"] for line in lines] == [False] * len(HOST)


def test_a_file_of_an_older_version_is_replaced(guest: Guest) -> None:
    guest.generate("--host-only")
    old = guest.deps / "obelisk_log" / "package.wit"
    old.write_text(FIRST_LINE + "package obelisk:log@0.1.0;\n")
    guest.generate("--host-only")
    assert "obelisk:log@1.0.0" in old.read_text()
    assert [path.name for path in old.parent.iterdir()] == ["package.wit"]


def test_a_component_that_is_not_built_yet_is_left_out_with_a_warning(guest: Guest) -> None:
    done = guest.generate(config=FIBO_TABLE + MISSING_TABLE)
    assert done.exit_code == 0
    assert guest.packages == HOST | FIBO
    assert "warning: left out: component `unbuilt`: expected a component file at" in done.stderr


def test_a_component_that_was_named_has_to_be_there(guest: Guest) -> None:
    done = guest.generate("--component", "unbuilt", config=FIBO_TABLE + MISSING_TABLE)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert "obelisk.toml:6: component `unbuilt`: expected a component file at" in done.stderr
    assert not guest.deps.exists()


def test_only_components_that_were_named_are_written(guest: Guest) -> None:
    guest.generate("--component", "fibo", config=FIBO_TABLE + OUTER_TABLE)
    assert guest.packages == HOST | FIBO


def test_a_name_that_is_not_configured_is_told_with_those_that_are(guest: Guest) -> None:
    done = guest.generate("--component", "fob", config=FIBO_TABLE + OUTER_TABLE)
    assert (done.exit_code, done.stderr) == (1, "error: there is no component `fob`; configured are: `fibo`, `outer`\n")


def test_packages_that_the_guest_declares_are_left_out_with_what_is_derived_from_them(guest: Guest) -> None:
    guest.declare("testing:fibo-workflow-outer")
    guest.generate(config=FIBO_TABLE + OUTER_TABLE)
    assert guest.packages == HOST | FIBO


def test_a_guest_that_names_itself_gets_its_own_packages(guest: Guest) -> None:
    guest.declare("testing:fibo-workflow-outer")
    guest.generate("--component", "outer", config=FIBO_TABLE + OUTER_TABLE)
    assert guest.packages == HOST | OUTER


def test_a_file_of_somebody_else_stays_and_nothing_is_written(guest: Guest) -> None:
    other = guest.deps / "obelisk_log" / "package.wit"
    other.parent.mkdir(parents=True)
    other.write_text("package obelisk:log@1.0.0;\n")
    done = guest.generate("--host-only")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: {other} was not written by this command")
    assert guest.packages == {"obelisk_log"}
    assert other.read_text() == "package obelisk:log@1.0.0;\n"


def test_a_link_that_leads_elsewhere_is_refused(guest: Guest) -> None:
    elsewhere = guest.directory / "elsewhere"
    elsewhere.mkdir()
    guest.deps.mkdir(parents=True)
    (guest.deps / "obelisk_log").symlink_to(elsewhere)
    done = guest.generate("--host-only")
    assert done.exit_code == 1
    assert f"leads to {elsewhere}/package.wit, outside of {guest.deps}" in done.stderr
    assert not list(elsewhere.iterdir())


def test_a_directory_where_a_file_is_cannot_be_written_to(guest: Guest) -> None:
    guest.deps.parent.mkdir(parents=True)
    guest.deps.write_text("")
    done = guest.generate("--host-only")
    assert (done.exit_code, done.stderr) == (1, f"error: cannot write to {guest.deps}: File exists\n")


def test_a_configuration_that_is_wrong_is_told_and_nothing_is_written(guest: Guest) -> None:
    done = guest.generate(config="[[activity_wsm]]\n")
    assert done.exit_code == 1
    assert "did you mean `activity_wasm`?" in done.stderr
    assert not guest.deps.exists()


def test_host_only_goes_without_components(guest: Guest) -> None:
    assert guest.generate("--host-only", "--component", "fibo").exit_code == 2


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_packages_of_the_example_activities_are_what_the_command_writes(language: str, guest: Guest) -> None:
    guest.generate("--host-only", "--wasi")
    checked_in = ROOT / "examples" / language / "http_get" / "wit" / "deps"
    written = {path.parent.name: path.read_text() for path in checked_in.rglob("*.wit")}
    assert written == {package: guest.text(package) for package in guest.packages}
