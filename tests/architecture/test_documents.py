"""What the pages for maintainers name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "adr" / "README.md"
DECISIONS = sorted(path for path in TABLE.parent.glob("*.md") if path != TABLE)
PAGES = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", TABLE, *DECISIONS]
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:[\w.-]+/)*[\w-]+\.(?:py|md|sh|wat|wit|toml)")
DIRECTORY = re.compile(r"(?:[\w-]+/)+[\w-]*")
DECISION = re.compile(r"\bADR (\d+)\b")
ROW = re.compile(r"^\| \[(\d{4})\]\(([\w.-]+)\) \| [^|]+\. \| (?:Holds|Replaced by \d{4}) \|$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.name


def named_paths(page: Path) -> Iterator[str]:
    codes = CODE.findall(page.read_text(encoding="utf-8"))
    return (code for code in codes if FILE.fullmatch(code) or DIRECTORY.fullmatch(code))


@pytest.fixture(scope="module")
def paths() -> set[str]:
    """What source files and directories may be called: a row of a table names a package once and its modules after it."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".")]
    found = [each.relative_to(ROOT).parts for top in tops for each in [top, *(top.rglob("*") if top.is_dir() else ())]]
    return {"/".join(parts[start:]) for parts in found for start in range(len(parts))}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_that_is_named_exists(page: Path, paths: set[str]):
    assert [name for name in named_paths(page) if name.rstrip("/") not in paths] == []


def test_paths_are_found_on_the_page_that_says_where_to_look():
    assert {"runtime/turn.py", "docs/adr/", "wasm/wasi/"} <= set(named_paths(ROOT / "ARCHITECTURE.md"))


def test_a_decision_has_the_number_of_its_file():
    titles = {page.name: page.read_text(encoding="utf-8").splitlines()[0] for page in DECISIONS}
    assert [name for name, title in titles.items() if not title.startswith(f"# {int(name[:4])}. ")] == []


def test_no_two_decisions_have_one_number():
    numbers = [page.name[:4] for page in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_the_table_has_one_row_for_each_decision_in_their_order():
    rows = ROW.findall(TABLE.read_text(encoding="utf-8"))
    assert rows == [(page.name[:4], page.name) for page in DECISIONS]


def test_every_decision_that_is_referred_to_exists():
    sources = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("obelisk/**/*.py"),
        *ROOT.glob("plugins/**/*.py"),
    ]
    sources += ROOT.glob("plugins/*/README.md")
    referred = {number for path in sources for number in DECISION.findall(path.read_text(encoding="utf-8"))}
    assert referred
    assert referred <= {page.name[:4] for page in DECISIONS}
