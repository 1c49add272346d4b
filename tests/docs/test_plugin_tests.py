"""The examples of the page on testing a plugin run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.fences import Language, blocks_of


def test_the_tests_that_are_shown_pass(repository: Path, tmp_path: Path) -> None:
    for place, block in enumerate(blocks_of(repository / "docs/plugins/testing-a-plugin.md", Language.PYTHON)):
        (tmp_path / f"test_page_{place}.py").write_text(block)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 1 xfailed" in ended.stdout
