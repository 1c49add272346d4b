"""The demo, as ``make demo`` runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(90)
def test_the_demo_prints_55(repository: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, repository / "tools" / "demo.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "result 55, wall time " in done.stdout
