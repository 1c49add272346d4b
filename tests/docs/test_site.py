"""The site of the pages can be made, and every link and anchor in it leads somewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html")


def test_the_site_is_made_without_a_warning(repository: Path, tmp_path: Path):
    command = [*COMMAND, "-d", str(tmp_path / "doctrees"), "docs", str(tmp_path / "site")]
    made = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "site" / "tutorial" / "first-workflow.html").is_file()


def test_a_link_that_leads_nowhere_is_an_error(repository: Path, tmp_path: Path):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text((repository / "docs" / "conf.py").read_text())
    (source / "contents.md").write_text("# Contents\n\n[missing](missing.md) and [anchor](#nowhere)\n")
    command = [*COMMAND, "-d", str(tmp_path / "doctrees"), str(source), str(tmp_path / "site")]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode != 0
    assert "missing.md" in made.stderr
    assert "nowhere" in made.stderr
