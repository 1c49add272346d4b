"""Packages as an author of plugins writes them, installed beside the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from tests.e2e.process import Ended

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1"}


class Author(Struct, frozen=True):
    """Somebody with a directory to work in, and one that packages are installed into."""

    home: Path
    site: Path

    def python(self, *arguments: str, within: Path | None = None, **environ: str) -> Ended:
        """Run ``python -m`` with arguments, with what is installed on the path."""
        paths = [str(self.site), *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {**os.environ, "HOME": str(self.home), "PYTHONPATH": os.pathsep.join(paths), **environ}
        command = [sys.executable, "-m", *arguments]
        ended = subprocess.run(
            command, cwd=within or self.home, env=variables, capture_output=True, text=True, check=False
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def obelisk(self, *arguments: str, within: Path | None = None, **environ: str) -> Ended:
        """Run the command line."""
        return self.python("obelisk", *arguments, within=within, **environ)

    def install(self, packages: Sequence[Path]) -> None:
        """Install packages without what they need, which is there."""
        options = ["--quiet", "--no-build-isolation", "--target", str(self.site)]
        ended = self.python("pip", "install", *options, *map(str, packages), **OFFLINE)
        assert ended.code == 0, ended.printed


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy has found out of the kernel once; authors and readers would wait for it each by themselves."""
    return tmp_path_factory.mktemp("mypy")
