"""The packages that the example workflows are built with are those that their activities have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.world import ROOT
from tests.guests_e2e.calls import Example

pytestmark = pytest.mark.timeout(300)  # whoever comes first builds and compiles what is not kept


def test_the_packages_in_the_repository_are_what_the_command_writes(
    language: str, example: Example, tmp_path: Path
) -> None:
    wit = ROOT / "examples" / language / "workflow" / "wit"
    shutil.copy(wit / "world.wit", tmp_path)
    done = example.world.run("generate", "wit-deps", "--config", str(example.world.config), str(tmp_path / "deps"))
    assert (done.code, done.stderr) == (0, "")
    assert files(tmp_path / "deps") == files(wit / "deps")


def files(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*.*")}
