"""`obelisk server verify`: every problem at once, each with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from obelisk.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
WAT = ROOT / "examples/wat"
GUESTS = ROOT / "tests/guests"


CLASHING = """
from msgspec import Struct
from obelisk import hookimpl
from obelisk.interfaces.triggers import TriggerProvider, TriggerTable


class Mine(Struct):
    pass


@hookimpl
def obelisk_register_trigger():
    return [TriggerProvider("mine", "Clashes.", (TriggerTable("otlp", Mine),), None)]
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Compiled components."""
    return tmp_path_factory.mktemp("code")


@pytest.fixture
def verify(tmp_path, monkeypatch, cache):
    """Check a configuration; return how the command ended, and what it told with the text of each line."""
    monkeypatch.chdir(tmp_path)
    environ = {"HOME": str(tmp_path), "OBELISK_DATA_DIR": str(tmp_path / "data"), "OBELISK_CACHE_DIR": str(cache)}

    def run(toml: str, *arguments: str):
        (tmp_path / "obelisk.toml").write_text(toml)
        shown = CliRunner().invoke(cli, ["server", "verify", *arguments, "--json"], env=environ)
        problems = [json.loads(line) for line in shown.stdout.splitlines()]
        lines = toml.split("\n")
        return shown.exit_code, [
            ("" if each["line"] is None else lines[each["line"] - 1], each["message"]) for each in problems
        ]

    run.environ = environ
    return run


def component(table: str, name: str, location: Path | str, *more: str) -> str:
    return "\n".join([f"[[{table}]]", f'name = "{name}"', f'location = "{location}"', *more, "", ""])


def test_problems_of_every_kind_are_told_at_once_in_the_order_of_the_file(verify):
    toml = (
        '[workflows]\nhot_limt = 1\nrun_ahead = "x"\n\n[server]\nshutdown_timeout = "${NOPE_NOPE}"\n\n'
        + component("activity_wasm", "a", "a.wat", 'exec.lock_expiry = "soon"')
        + component("activity_wasm", "b", "missing.wat")
        + component("activity_wasm", "fibo", WAT / "fibo_activity.wat")
        + component("activity_wasm", "again", WAT / "fibo_activity.wat")
        + component("workflow_wasm", "w", GUESTS / "mismatch.wat")
        + '[[cron]]\nname = "nightly"\nffqn = "testing:fibo/fibo.fibo"\nparams = "[1]"\nschedule = "whenever"\n\n'
        + '[[webhook_function]]\nname = "hook"\n\n'
        + "[unknown]\n"
    )
    code, told = verify(toml)
    assert code == 1
    expected = [
        ("hot_limt = 1", "did you mean `workflows.hot_limit`?"),
        ('run_ahead = "x"', "expected true or false"),
        ('shutdown_timeout = "${NOPE_NOPE}"', "the variable `NOPE_NOPE` is not set"),
        ('exec.lock_expiry = "soon"', "expected a duration"),
        ('location = "missing.wat"', "missing.wat, found nothing"),
        ("[[activity_wasm]]", "of component `again` is already exported by component `fibo`"),
        ("[[workflow_wasm]]", "with other types than it has\n  imported: fibo: func(n: u32)"),
        ('schedule = "whenever"', "found 1 fields in `whenever`"),
        ("[[webhook_function]]", "`webhook_function[hook].ffqn`: missing"),
        ("[[webhook_function]]", "`webhook_function[hook].route`: missing"),
        ("[unknown]", "`unknown`: unknown key"),
    ]
    assert [line for line, _ in told] == [line for line, _ in expected]
    assert [part in message for (_, message), (_, part) in zip(told, expected, strict=True)] == [True] * len(expected)


def test_for_people_a_problem_begins_with_its_place(verify, tmp_path):
    verify("workflows.hot_limt = 1\n")
    shown = CliRunner().invoke(cli, ["server", "verify"], env=verify.environ)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith(f"error: {tmp_path}/obelisk.toml:1: `workflows.hot_limt`: unknown key")


def test_a_right_configuration_has_no_line(verify):
    assert verify(component("activity_wasm", "fibo", WAT / "fibo_activity.wat")) == (0, [])


@pytest.mark.parametrize(
    ("toml", "line"),
    [("a = 1\nb = [\n", "b = ["), ("a = 1\nb ==\n", "b =="), ("[a]\n[a]\n", "[a]")],
)
def test_text_that_is_no_toml_is_told_with_its_line(verify, toml, line):
    code, [(found, message)] = verify(toml)
    assert code == 1
    assert found == line
    assert message.startswith("not valid TOML: ")


def test_a_file_that_is_missing_has_no_line(verify):
    code, [(line, message)] = verify("", "--config", "missing.toml")
    assert (code, line) == (1, "")
    assert message.startswith("cannot read the configuration file ")


def test_what_a_missing_component_may_export_is_not_told_as_missing(verify):
    toml = (
        component("activity_wasm", "fibo", "missing.wat")
        + component("workflow_wasm", "w", WAT / "fibo_workflow.wat")
        + '[[cron]]\nname = "c"\nffqn = "testing:fibo/fibo.fibo"\nparams = "[1]"\nschedule = "@daily"\n'
    )
    _, told = verify(toml)
    assert [line for line, _ in told] == ['location = "missing.wat"']


def test_without_a_missing_component_it_is(verify):
    toml = (
        component("workflow_wasm", "w", WAT / "fibo_workflow.wat")
        + '[[cron]]\nname = "c"\nffqn = "testing:fibo/fibo.fibo"\nparams = "[1]"\nschedule = "@daily"\n'
    )
    _, told = verify(toml)
    assert [line for line, _ in told] == ["[[workflow_wasm]]", "[[workflow_wasm]]", "[[cron]]"]


def test_a_wrong_storage_does_not_hide_what_is_wrong_with_components(verify):
    _, told = verify('storage.use = "sqlit"\n' + component("activity_wasm", "a", "missing.wat"))
    assert [line for line, _ in told] == ['storage.use = "sqlit"', 'location = "missing.wat"']


def test_where_secrets_are_wrong_components_are_not_told_to_be(verify):
    _, told = verify("secrets.KEY = 1\n" + component("activity_wasm", "a", "missing.wat"))
    assert [line for line, _ in told] == ["secrets.KEY = 1"]


def test_a_location_that_cannot_be_read_is_told_once(verify):
    _, told = verify(component("activity_wasm", "a", "${NOPE_NOPE}/a.wat"))
    ((line, message),) = told
    assert line == 'location = "${NOPE_NOPE}/a.wat"'
    assert message.startswith("`activity_wasm[0].location`: the variable `NOPE_NOPE` is not set")


def test_why_a_plugin_that_is_a_file_does_not_load_is_said_once(verify, tmp_path, capfd):
    (tmp_path / "mine.py").write_text("1 / 0\n")
    _, told = verify('[plugins]\nfiles = ["mine.py"]\n[mine]\n')
    logged = capfd.readouterr().err
    assert sum(message.count("ZeroDivisionError") for _, message in told) + logged.count("ZeroDivisionError") == 1


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("sqlite", "", 'plugins.files = ["sqlite.py"]', "`plugins.files[0]`: two plugins are named `sqlite`"),
        ("mine", CLASHING, "", "the table `otlp` is claimed by "),
    ],
)
def test_plugins_that_clash_are_a_problem_among_others(verify, tmp_path, name, text, line, said):
    (tmp_path / f"{name}.py").write_text(text)
    code, told = verify(f'api.listening_addr = "${{NOPE_NOPE}}"\nplugins.files = ["{name}.py"]\n')
    assert code == 1
    assert [found for found, _ in told] == ['api.listening_addr = "${NOPE_NOPE}"', line]
    assert told[1][1].startswith(said)


def test_two_components_of_a_name_are_told_at_the_second(verify):
    toml = component("activity_stub", "s", WAT / "fibo_activity.wat") + "\n".join(
        ["[[activity_stub]]", 'name  =  "s"', f'location = "{GUESTS / "mismatch.wat"}"', ""]
    )
    _, told = verify(toml)
    assert told[0][0] == 'name  =  "s"'
    assert "two components are named `s`, the other is `activity_stub[s]`" in told[0][1]


def test_components_of_one_name_do_not_get_each_others_lines(verify):
    toml = "".join(
        [
            component("activity_wasm", "a", "one.wat"),
            component("activity_wasm", "a", "two.wat"),
            component("workflow_wasm", "w", GUESTS / "mismatch.wat"),
            component("activity_wasm", "fibo", WAT / "fibo_activity.wat"),
            component("workflow_wasm", "w", WAT / "fibo_workflow.wat"),
        ]
    )
    shown = [(line, message.partition("\n")[0].rpartition(" ")[2]) for line, message in verify(toml)[1]]
    assert [line for line, _ in shown] == [
        'location = "one.wat"', 'name = "a"', 'location = "two.wat"', "[[workflow_wasm]]", 'name = "w"',
    ]  # fmt: skip


def test_no_directory_of_data_is_left_behind(verify, tmp_path):
    verify(component("activity_wasm", "fibo", WAT / "fibo_activity.wat"))
    assert not (tmp_path / "data").exists()


def test_an_api_that_everybody_reaches_is_told_at_its_address(verify):
    _, told = verify('api.listening_addr = "0.0.0.0:0"\n' + component("activity_wasm", "a", "missing.wat"))
    assert [line for line, _ in told] == ['api.listening_addr = "0.0.0.0:0"', 'location = "missing.wat"']
