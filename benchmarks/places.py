"""Where things are in the repository, and the tables of ``obelisk.toml`` that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from obelisk.names import Ffqn

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / ".cache" / "benchmarks"
"""What runs keep for each other, and where they have their databases while they go on."""
WAT: Final = ROOT / "examples" / "wat"
GUESTS: Final = ROOT / "benchmarks" / "guests"

FIBO: Final = Ffqn("testing:fibo/fibo.fibo")
FIBOA: Final = Ffqn("testing:fibo-workflow/workflow.fiboa")
FIBOW: Final = Ffqn("testing:fibo-workflow/workflow.fibow")
FIBOA_CONCURRENT: Final = Ffqn("testing:fibo-workflow/workflow.fiboa-concurrent")
NESTED: Final = Ffqn("testing:fibo-workflow-outer/workflow.fibo-nested-workflow")


def activity(name: str, path: Path, keys: str = "") -> str:
    """Return the table of an activity; ``keys`` are further lines of it."""
    return _table("activity_wasm", name, path, keys)


def workflow(name: str, path: Path, keys: str = "") -> str:
    """Return the table of a workflow; ``keys`` are further lines of it."""
    return _table("workflow_wasm", name, path, keys)


def _table(table: str, name: str, path: Path, keys: str) -> str:
    return f'[[{table}]]\nname = "{name}"\nlocation = "{path}"\n{keys}\n'


def fibo(path: Path = WAT / "fibo_activity.wat") -> str:
    """Return the tables of three components: the activity at ``path`` and the workflows that call it."""
    return (
        activity("fibo", path)
        + workflow("fibo-workflow", WAT / "fibo_workflow.wat")
        + workflow("fibo-workflow-outer", WAT / "fibo_workflow_outer.wat")
    )
