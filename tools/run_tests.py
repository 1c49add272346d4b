"""Run every test suite and tell how long each took against its budget.

Two suites run beside each other, the one with the largest budget first; ``OBELISK_TESTS_JOBS=1`` runs one at a time. What a
suite prints is shown when it has ended.

A suite that takes longer than its budget is told so; that alone does not fail the run, since machines differ. A test that is
skipped or deselected is told in one line; with ``OBELISK_TESTS_COMPLETE=1``, as in CI, it fails the run. Arguments are
handed to pytest.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = re.compile(rb"(\d+) (skipped|deselected|xfailed)")
JOBS = 2
PLUGIN_BUDGET = 120
APART = {
    "tests/wasi": 300,
    "tests/runtime": 360,
    "tests/e2e": 480,
    "tests/guests_e2e": 420,
    "tests/hostile": 60,
    "tests/fuzz": 30,
    "tests/testing": 240,
    "tests/crash": 120,
    "tests/plugin_authors": 120,
    "tests/docs": 180,
    "tests/packaging": 150,
}
"""Suites of their own, and how many seconds they may take."""
OTHER_BUDGET = 240
NO_TESTS = 5


@dataclass(frozen=True)
class Suite:
    """Tests that run in one process, and how many seconds they may take."""

    name: str
    paths: tuple[str, ...]
    budget: int


@dataclass(frozen=True)
class Outcome:
    """How a suite ended."""

    suite: Suite
    seconds: float
    problems: tuple[str, ...]


def main() -> int:
    """Run the suites; return the exit code."""
    complete = os.environ.get("OBELISK_TESTS_COMPLETE") == "1"
    jobs, shown = int(os.environ.get("OBELISK_TESTS_JOBS", JOBS)), threading.Lock()
    suites = sorted(find_suites(), key=lambda suite: -suite.budget)
    started = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(lambda suite: run_suite(suite, sys.argv[1:], complete=complete, shown=shown), suites))
    print()
    for outcome in outcomes:
        verdict = "; ".join(outcome.problems) or "passed"
        if outcome.seconds > outcome.suite.budget:
            verdict += ", over budget"
        print(f"{outcome.suite.name:<30} {outcome.seconds:7.1f} s of {outcome.suite.budget} s   {verdict}")
    print(f"{'all suites':<30} {time.monotonic() - started:7.1f} s")
    return 1 if not outcomes or any(outcome.problems for outcome in outcomes) else 0


def find_suites() -> list[Suite]:
    """Return the kernel's tests, each plugin's tests, those that run an engine, and those that run a real server."""
    apart = [Suite(name, (name,), budget) for name, budget in APART.items() if (ROOT / name).is_dir()]
    kernel = [path for path in sorted((ROOT / "tests").iterdir()) if has_tests(path)]
    others = [name for name in relative(*kernel) if name not in APART]
    examples = [path for path in sorted(ROOT.glob("examples/*/tests")) if has_tests(path)]
    plugins = [path for path in sorted(ROOT.glob("plugins/*/tests")) if has_tests(path)]
    return [
        Suite("tests", (*others, *relative(*examples)), OTHER_BUDGET),
        *(Suite(name, (name,), PLUGIN_BUDGET) for name in relative(*plugins)),
        *apart,
    ]


def has_tests(path: Path) -> bool:
    """Tell whether a path is a test module or a directory with some."""
    return path.match("test_*.py") or any(path.rglob("test_*.py"))


def relative(*paths: Path) -> tuple[str, ...]:
    """Return paths from the root of the repository."""
    return tuple(str(path.relative_to(ROOT)) for path in paths)


def run_suite(suite: Suite, arguments: list[str], *, complete: bool, shown: threading.Lock) -> Outcome:
    """Run one suite, and show what it printed while nobody else shows anything."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "--durations=5", *suite.paths, *arguments]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    seconds = time.monotonic() - started
    with shown:
        print(f"== {suite.name}", flush=True)
        sys.stdout.buffer.write(ended.stdout)
        sys.stdout.buffer.flush()
    last = next((line for line in reversed(ended.stdout.splitlines()) if line.strip()), b"")
    return Outcome(suite, seconds, find_problems(ended.returncode, last, complete=complete))


def find_problems(code: int, last: bytes, *, complete: bool) -> tuple[str, ...]:
    """Return what is wrong with how a suite ended, nothing when all is well."""
    problems = []
    if code:
        problems.append("no tests ran" if code == NO_TESTS else f"failed with exit code {code}")
    left_out = [f"{match[1].decode()} {match[2].decode()}" for match in LEFT_OUT.finditer(last)]
    if left_out and complete:
        problems.append(", ".join(left_out))
    return tuple(problems)


if __name__ == "__main__":
    sys.exit(main())
