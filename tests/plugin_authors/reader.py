"""The environment of a reader of the pages for authors of plugins, who does what they show (``tests/docs/walking.py``).

It has what that of the tests has, so that nothing is fetched from an index; what the reader installs goes into the
reader's own.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import venv
from pathlib import Path

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
"""Told by a variable, the option to build without isolation has the opposite sense."""
PROGRAMS = ("obelisk", "pip", "pytest", "ruff", "mypy")


def environment(directory: Path, *, mypy_cache: Path) -> dict[str, str]:
    """Make an environment, and return the variables of somebody who uses it."""
    prefix, home = directory / "environment", directory / "home"
    venv.create(prefix)
    home.mkdir()
    python = prefix / "bin/python"
    paths = {"base": str(prefix), "platbase": str(prefix)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site / "tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for name in PROGRAMS:
        program = prefix / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {python} -m {name} "$@"\n')
        program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OBELISK")}
    return {
        **kept, **OFFLINE, "HOME": str(home), "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(prefix), "OBELISK_CACHE_DIR": str(home / "cache"), "COLUMNS": "200",
        "PYTHONWARNINGS": "error", "PYTHON": sys.executable, "RUFF_NO_CACHE": "1", "MYPY_CACHE_DIR": str(mypy_cache),
    }  # fmt: skip
