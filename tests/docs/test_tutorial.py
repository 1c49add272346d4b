"""The tutorial is what happens, and takes less than five minutes, installation included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheels import offline, third_party_wheels


@pytest.mark.timeout(400)
def test_the_tutorial_takes_less_than_five_minutes(repository: Path):
    environ = {**os.environ, **offline(third_party_wheels(repository))}  # `make tutorial` asks an index instead
    command = [sys.executable, "tools/walk_tutorial.py"]
    ended = subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
