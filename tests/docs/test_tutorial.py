"""The tutorial is what happens, and takes less than five minutes, installation included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(400)
def test_the_tutorial_takes_less_than_five_minutes(repository: Path):
    command = [sys.executable, "tools/walk_tutorial.py"]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
