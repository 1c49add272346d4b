"""Plugins made on the spot, in memory and as installed distributions."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from obelisk.plugins import Candidate, Origin


@pytest.fixture
def candidate() -> Callable[..., Candidate]:
    """Make a plugin from functions."""

    def make(
        name: str, *hooks: Callable[..., Any], distribution: str = "", error: Exception | None = None
    ) -> Candidate:
        module = ModuleType(name)
        for hook in hooks:
            setattr(module, hook.__name__, hook)

        def load() -> ModuleType:
            if error is not None:
                raise error
            return module

        return Candidate(name, distribution or f"dist-{name}", "1.0", Origin.INSTALLED, load)

    return make


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Lay down a distribution as an installer would, and put it on the path."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def lay_down(distribution: str, module: str, source: str, *, entry_point: str) -> Path:
        (site / f"{module}.py").write_text(textwrap.dedent(source))
        info = site / f"{distribution.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[obelisk]\n{entry_point} = {module}\n")
        return site

    yield lay_down
    for name in set(sys.modules) - before:
        if str(site) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]
