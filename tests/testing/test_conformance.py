"""Nobody gets out of a clause without saying so: what pytest makes of suites that are not whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest
from obelisk.testing.conformance import Conformance

class Suite(Conformance):
    @pytest.fixture
    def thing(self):
        raise NotImplementedError

    def test_it_is_one(self, thing):
        assert thing == 1

    def test_it_is_odd(self, thing):
        assert thing % 2 == 1
"""
THING = """
class TestThing(Suite):
    @pytest.fixture
    def thing(self):
        return 1
"""
REASON = """
    @pytest.mark.xfail(reason="this thing is two", strict=True)
    def test_it_is_one(self, thing):
        assert thing == 1
"""


class Run:
    """Runs pytest in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(
        self, text: str, *arguments: str, conftest: str = "", suite: str = SUITE, options: str = ""
    ) -> tuple[int, str]:
        (self.directory / "test_thing.py").write_text(suite + text)
        (self.directory / "conftest.py").write_text(conftest)
        (self.directory / "pytest.ini").write_text(f"[pytest]\n{options}\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        environ = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }  # the suites here need no plugin, and start sooner
        ended = subprocess.run(command, cwd=self.directory, env=environ, capture_output=True, text=True)
        return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_suite_that_is_whole_passes(run: Run) -> None:
    code, said = run(THING)
    assert (code, "2 passed" in said) == (0, True), said


def test_a_clause_that_is_expected_to_fail_for_a_reason_does_not_count(run: Run) -> None:
    code, said = run(THING.replace("return 1", "return 3") + REASON)
    assert (code, "1 passed, 1 xfailed" in said) == (0, True), said


@pytest.mark.parametrize("replacement", ["    def test_it_is_odd(self): pass\n", "    test_it_is_odd = None\n"])
def test_a_clause_that_is_replaced_or_removed_fails_the_suite(run: Run, replacement: str) -> None:
    code, said = run(THING + replacement)
    assert code == 2, said
    assert "TestThing replaces the clause `test_it_is_odd` of Suite" in said


def test_a_clause_that_is_removed_afterwards_fails_the_suite(run: Run) -> None:
    code, said = run(THING + "\nTestThing.test_it_is_odd = None\n")
    assert code == 1, said
    assert "the clause `test_it_is_odd` of TestThing was not collected" in said


@pytest.mark.parametrize("mark", ["skip", "skipif(True, reason='no')", "xfail", "xfail(reason='all of it')"])
def test_a_mark_for_the_whole_suite_fails_it(run: Run, mark: str) -> None:
    code, said = run(f"\n@pytest.mark.{mark}{THING}")
    assert code == 1, said
    assert f"is marked with `{mark.partition('(')[0]}`" in said


def test_a_fixture_that_skips_fails_the_clauses(run: Run) -> None:
    code, said = run(THING.replace("return 1", "pytest.skip('no thing today')"))
    assert (code, "2 errors" in said or "2 failed" in said) == (1, True), said
    assert "no thing today" in said


DESELECTS = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "odd" not in item.name]
"""


def test_a_clause_that_a_conftest_leaves_out_fails_the_suite(run: Run) -> None:
    code, said = run(THING, conftest=DESELECTS)
    assert code == 1, said
    assert "the clause `test_it_is_odd` of TestThing was collected and then left out" in said


def test_a_suite_that_a_conftest_leaves_out_is_an_error(run: Run) -> None:
    code, said = run(THING, conftest=DESELECTS.replace('"odd"', '"it"'))
    assert code == 4, said
    assert "left out" in said


@pytest.mark.parametrize("choice", [["-k", "one"], ["--deselect", "test_thing.py::TestThing::test_it_is_odd"]])
def test_clauses_may_be_chosen_on_the_command_line(run: Run, choice: list[str]) -> None:
    code, said = run(THING, *choice)
    assert (code, "1 passed, 1 deselected" in said) == (0, True), said


def test_one_clause_may_be_named_on_the_command_line(run: Run) -> None:
    code, said = run(THING, "test_thing.py::TestThing::test_it_is_one")
    assert (code, "1 passed" in said) == (0, True), said


def test_one_set_of_parameters_that_a_conftest_leaves_out_fails_the_suite(run: Run) -> None:
    text = SUITE.replace("def test_it_is_odd(self, thing)", "def test_it_is_odd(self, thing, by)")
    text = text.replace("    def test_it_is_odd", "    @pytest.mark.parametrize('by', [2, 4])\n    def test_it_is_odd")
    code, said = run(THING, suite=text, conftest=DESELECTS.replace('"odd"', '"[4]"'))
    assert code == 1, said
    assert "the clause `test_it_is_odd[4]` of TestThing was collected and then left out" in said


@pytest.mark.parametrize("change", ["del Suite.test_it_is_odd", "Suite.test_it_is_odd = lambda self: None"])
def test_a_clause_that_is_taken_out_of_the_suite_itself_fails_what_is_made_of_it(run: Run, change: str) -> None:
    code, said = run(f"\n{change}\n{THING}")
    assert code == 2, said
    assert "TestThing replaces the clause `test_it_is_odd` of Suite" in said


@pytest.mark.parametrize(
    "mark", ["xfail(False, reason='no')", "xfail(condition=False, reason='no')", "xfail(reason=' ')"]
)
def test_a_reason_that_does_not_always_hold_is_none(run: Run, mark: str) -> None:
    code, said = run(f"{THING}\n    @pytest.mark.{mark}\n    def test_it_is_one(self): pass\n")
    assert code == 2, said
    assert "TestThing replaces the clause `test_it_is_one`" in said


def test_a_conftest_cannot_expect_clauses_to_fail(run: Run) -> None:
    marks = "item.add_marker(pytest.mark.xfail(reason='all of it'))"
    conftest = f"import pytest\ndef pytest_collection_modifyitems(items):\n    for item in items: {marks}"
    code, said = run(THING.replace("return 1", "return 2"), conftest=conftest)
    assert code == 1, said
    assert "is marked with `xfail`" in said


@pytest.mark.parametrize("options", ["-k one", "--deselect test_thing.py::TestThing::test_it_is_odd"])
def test_clauses_may_not_be_chosen_in_a_configuration_file(run: Run, options: str) -> None:
    code, said = run(THING, options=f"addopts = {options}")
    assert code == 1, said
    assert "the clause `test_it_is_odd` of TestThing was collected and then left out" in said


def test_a_suite_that_is_hidden_from_pytest_fails(run: Run) -> None:
    code, said = run(f"{THING}\n    __test__ = False\n")
    assert code == 2, said
    assert "TestThing is hidden from pytest" in said


LOOPS = """
import asyncio
import pytest
import pytest_asyncio
from obelisk.testing.conformance import Conformance

class Suite(Conformance):
    pytestmark = pytest.mark.asyncio

    async def test_it_runs_where_its_fixtures_run(self, thing):
        assert thing is asyncio.get_running_loop()

class TestThing(Suite):
    @pytest_asyncio.fixture
    async def thing(self):
        return asyncio.get_running_loop()
"""


@pytest.mark.parametrize(
    ("mode", "test_scope", "fixture_scope"),
    [("auto", "session", "function"), ("strict", "function", "session"), ("strict", "session", "session")],
)
def test_a_clause_runs_on_the_loop_of_its_fixtures_whatever_is_configured(
    run: Run, mode: str, test_scope: str, fixture_scope: str
) -> None:
    scopes = f"asyncio_default_test_loop_scope = {test_scope}\nasyncio_default_fixture_loop_scope = {fixture_scope}"
    options = f"asyncio_mode = {mode}\n{scopes}"
    code, said = run("", "-p", "pytest_asyncio.plugin", suite=LOOPS, options=options)
    assert (code, "1 passed" in said) == (0, True), said
