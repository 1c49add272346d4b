"""The pytest plugin in runs of pytest as a user has them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOML = f"""
[[activity_wasm]]
name = "fibo"
location = "{ROOT}/examples/wat/fibo_activity.wat"
"""
TEST = """
async def test_it(obelisk):
    assert await obelisk.call("testing:fibo/fibo.fibo", [10]) == {"ok": 55}
"""


class Project:
    """A user's project with a test in a directory of its own."""

    def __init__(self, directory: Path, cache: Path) -> None:
        self.directory = directory
        self._cache = cache
        (directory / "tests").mkdir()
        self.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.directory / name).write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest."""
        command = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={self._cache}", *arguments]
        environ = {**os.environ, "NO_COLOR": "1"}
        return subprocess.run(
            command, cwd=self.directory, env=environ, capture_output=True, text=True, timeout=100, check=False
        )


@pytest.fixture
def project(tmp_path: Path, code_cache: Path) -> Project:
    return Project(tmp_path, code_cache)


ALONE = ("-p", "no:asyncio", "-p", "no:anyio")
LOOP = ("-o", "asyncio_default_fixture_loop_scope=function")


@pytest.mark.parametrize("arguments", [ALONE, (*LOOP, "--asyncio-mode=strict"), (*LOOP, "--asyncio-mode=auto")])
def test_a_coroutine_runs_whatever_is_installed(project: Project, arguments: tuple[str, ...]):
    project.write("obelisk.toml", TOML)
    project.write("tests/test_it.py", TEST)
    shown = project.run(*arguments)
    assert "1 passed" in shown.stdout, shown.stdout + shown.stderr


def test_it_works_where_pytest_keeps_nothing(project: Project):
    project.write("obelisk.toml", TOML)
    project.write("tests/test_it.py", TEST)
    shown = project.run(
        *ALONE, "-p", "no:cacheprovider", "-W", "ignore:Unknown config option:pytest.PytestConfigWarning"
    )
    assert "1 passed" in shown.stdout, shown.stdout + shown.stderr


def test_the_marker_goes_before_the_option_and_the_option_before_the_nearest(project: Project):
    project.write("obelisk.toml", "this is no TOML")
    project.write("option.toml", TOML)
    project.write("tests/marked.toml", TOML.replace('"fibo"', '"marked"'))
    project.write("pytest.ini", "[pytest]\nobelisk_config = option.toml\nfilterwarnings = error\n")
    project.write(
        "tests/test_it.py",
        """
import pytest

@pytest.mark.parametrize("count", [1])
async def test_the_option(obelisk, count):
    await obelisk.settle()
    assert obelisk.engine.components.list()[0].id.name == "fibo"

@pytest.mark.obelisk("marked.toml")
async def test_the_marker(obelisk):
    await obelisk.settle()
    assert obelisk.engine.components.list()[0].id.name == "marked"
""",
    )
    shown = project.run(*ALONE, "--strict-markers", "--strict-config")
    assert "2 passed" in shown.stdout, shown.stdout + shown.stderr


def test_no_components_a_wrong_marker_and_a_forgotten_problem_are_told(project: Project):
    project.write(
        "tests/test_it.py",
        f"""
import pytest

async def test_nothing(obelisk):
    await obelisk.submit("testing:fibo/fibo.fibo", [10])

@pytest.mark.obelisk
async def test_marker(obelisk):
    pass

async def test_forgotten(obelisk):
    await obelisk.load('''{TOML}''')
    obelisk.stub("testing:fibo/fibo.fibo", lambda n: 1)
    run = await obelisk.submit("testing:fibo/fibo.fibo", [10])
    await obelisk.engine.executions.wait(run.id)
""",
    )
    shown = project.run(*ALONE)
    assert "ConfigError: no components: there is no `obelisk.toml` beside the test or above it" in shown.stdout
    assert "`@pytest.mark.obelisk` expects one path" in shown.stdout
    assert "answers 1, which is no `result<u64>`" in shown.stdout
    assert "2 failed, 1 error" in shown.stdout


def test_the_plugin_imports_nothing_of_the_engine_before_a_test_asks_for_it():
    program = "import sys, obelisk.testing.pytest_plugin; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {"msgspec", "wasmtime", "grpc", "obelisk.runtime"} & set(shown.stdout.split())


def test_a_fixture_of_the_same_name_is_left_alone(project: Project):
    project.write(
        "tests/test_it.py",
        """
import pytest

@pytest.fixture
def obelisk():
    return 1

def test_mine(obelisk):
    assert obelisk == 1
""",
    )
    assert "1 passed" in project.run(*ALONE).stdout


def test_the_how_to_page_shows_tests_that_pass(project: Project):
    page = (ROOT / "docs/how-to/test-workflows.md").read_text()
    tests = "\n\n".join(block.split("```", 1)[0] for block in page.split("```python\n")[1:])
    project.write("obelisk.toml", (ROOT / "obelisk.toml").read_text().replace('"examples/', f'"{ROOT}/examples/'))
    project.write(
        "tests/test_page.py", tests.replace('"timeout_workflow.wat"', f'"{ROOT}/examples/wat/timeout_workflow.wat"')
    )
    shown = project.run(*ALONE)
    assert "5 passed" in shown.stdout, shown.stdout


@pytest.mark.parametrize("kind", ["async def", "def"])
def test_a_stub_of_no_function_fails_a_test_that_starts_nothing(project: Project, kind: str):
    project.write("obelisk.toml", TOML)
    project.write(
        "tests/test_it.py",
        f"""
{kind} test_typo(obelisk):
    obelisk.stub("testing:fibo/fibo.fibbo", {{"ok": 55}})

{kind} test_wrong(obelisk):
    obelisk.stub("testing:fibo/fibo.fibo", "55")

{kind} test_right(obelisk):
    obelisk.stub("testing:fibo/fibo.fibo", {{"ok": 55}})
""",
    )
    shown = project.run(*ALONE)
    assert "2 failed, 1 passed" in shown.stdout, shown.stdout + shown.stderr
    assert "function not found: `testing:fibo/fibo.fibbo` is neither" in shown.stdout
    assert "there is `testing:fibo/fibo.fibo`" in shown.stdout
    assert "the stub of `testing:fibo/fibo.fibo` answers '55'" in shown.stdout


def test_a_test_that_fails_is_told_as_that_and_its_stubs_are_not_looked_at(project: Project):
    project.write("obelisk.toml", TOML)
    text = 'async def test_it(obelisk):\n    obelisk.stub("testing:fibo/fibo.fibbo", 1)\n    assert 1 == 2\n'
    project.write("tests/test_it.py", text)
    shown = project.run(*ALONE)
    assert "assert 1 == 2" in shown.stdout, shown.stdout + shown.stderr
    assert "function not found" not in shown.stdout
