"""Each promise of the page on guarantees names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs/explanation/guarantees.md").read_text()
PROMISES = PAGE.split("## What is promised\n")[1].split("\n## ")[0]
NAMED = sorted(set(re.findall(r"^- `([^`]+::[^`]+)`$", PROMISES, re.MULTILINE)))


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_page_names_exists(named: str) -> None:
    path, _, name = named.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_a_test() -> None:
    promises = re.split(r"^\*\*", PROMISES, flags=re.MULTILINE)[1:]
    assert len(promises) >= 10
    for promise in promises:
        assert re.search(r"^- `[^`]+::test_[^`]+`$", promise, re.MULTILINE), promise


def test_the_list_of_a_promise_holds_nothing_but_tests() -> None:
    items = re.findall(r"^- .*$", PROMISES, re.MULTILINE)
    assert [item for item in items if not re.fullmatch(r"- `[^`]+::test_\w+`", item)] == []


def test_the_storage_suite_that_the_page_names_is_run_by_every_storage() -> None:
    for storage in ("tests/builtin/test_memory_storage.py", "plugins/obelisk_sqlite/tests/test_conformance.py"):
        assert re.search(r"\(\w*StorageConformance\):", (ROOT / storage).read_text())
