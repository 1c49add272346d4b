"""What the guide for authors of plugins shows works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obelisk.config.model import Chosen
from obelisk.testing.engine import engine_harness
from tests.docs.fences import Language, fences_of

FIBO = '[storage]\nuse = "memory"\n[[activity_wasm]]\nname = "fibo"\nlocation = "examples/wat/fibo_activity.wat"\n'


def example(repository: Path, title: str) -> dict[str, Any]:
    """Return the names that the first Python block below a title defines."""
    fences = fences_of(repository / "docs/plugins/writing-a-plugin.md")
    code = next(fence for fence in fences if fence.section == title and fence.language == Language.PYTHON)
    names: dict[str, Any] = {}
    exec(code.text, names)
    return names


async def test_the_exporter_that_is_shown_writes_spans(repository: Path, tmp_path: Path):
    names = example(repository, "An exporter")
    (provider,) = names["obelisk_register_exporter"]()
    exporter = Chosen(provider, names["SpanFileSettings"](tmp_path / "spans"))
    async with engine_harness(FIBO, base=repository, directory=tmp_path, exporters=[exporter]) as harness:
        await harness.call("testing:fibo/fibo.fibo", 10)
    lines = (tmp_path / "spans").read_text(encoding="utf-8").splitlines()
    assert [line.split()[:2] for line in lines] == [["run", "unset"], ["testing:fibo/fibo.fibo", "unset"]]
