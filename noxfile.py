"""The demo and the near tests under every interpreter that is at hand: ``nox``, ``nox -s demo-3.14``, ``nox -- tests/core``.

An interpreter that is not there is told as skipped. One that cannot make virtual environments, since it is unpacked
beside the system, say, goes another way: ``tools/try_python.sh``.
"""

from __future__ import annotations

from pathlib import Path

import nox

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
"""Those that the classifiers name."""
PLUGINS = [str(path.parent) for path in sorted(Path("plugins").glob("*/pyproject.toml"))]
NEAR = ["tests/core", "tests/wit", "tests/config", "tests/wasm", "tests/plugins", "plugins/obelisk_sqlite/tests"]
"""Tests that run in one process and in about two minutes: the core, components on fibers, a storage."""

nox.options.default_venv_backend = "venv"
nox.options.envdir = ".cache/nox"


@nox.session(python=PYTHONS)
def demo(session: nox.Session) -> None:
    """Install the distributions and run a workflow on a real server."""
    session.install(".", *PLUGINS)
    session.run("python", "tools/demo.py")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the near tests, or those that are named behind ``--``."""
    session.install("--upgrade", "pip>=25.1")  # which knows dependency groups
    session.install(".", *PLUGINS, "--group", "dev")
    session.run("python", "-m", "pytest", "-q", *(session.posargs or NEAR))
