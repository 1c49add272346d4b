"""What the README shows runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert match is not None
    return match[1]


def test_the_program_of_the_readme_prints_the_result(tmp_path: Path):
    environ = {**os.environ, "OBELISK_DATA_DIR": str(tmp_path / "data"), "OBELISK_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", block("python")]
    shown = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() == "55"
