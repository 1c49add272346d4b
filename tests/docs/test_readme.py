"""What the README shows runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.fences import Language, blocks_of

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def program() -> str:
    (found,) = [text for text in blocks_of(README, Language.PYTHON) if "asyncio.run" in text]
    return found


def test_the_program_of_the_readme_prints_the_result(tmp_path: Path):
    environ = {**os.environ, "OBELISK_DATA_DIR": str(tmp_path / "data"), "OBELISK_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", program()]
    shown = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() == "55"
