"""What the pages for authors of plugins show works, and the plugin of the tutorial is the example of the repository."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.docs.fences import Fence, fences_of
from tests.docs.walking import walk_page
from tests.plugin_authors.conftest import Author
from tests.plugin_authors.reader import environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/plugins/obelisk_slow_log"
WALKED = ("tutorial", "storage", "source", "trigger", "exporter", "activity", "one-file", "stability")
TEN_MINUTES = 600


def page(name: str) -> Path:
    return ROOT / f"docs/plugins/{name}.md"


def blocks_of(page: Path) -> list[Fence]:
    """Return the blocks of a page that are not left out."""
    return [fence for fence in fences_of(page) if fence.why_not is None]


@pytest.mark.parametrize("name", WALKED)
def test_what_a_page_shows_works(name, tmp_path, mypy_cache):
    (tmp_path / "here").mkdir()
    began = time.monotonic()
    walk_page(page(name), tmp_path / "here", environment(tmp_path, mypy_cache=mypy_cache), plugins=None)
    assert time.monotonic() - began < TEN_MINUTES


@pytest.mark.parametrize("name", WALKED)
def test_every_block_is_a_file_commands_or_left_out(name):
    assert [block for block in blocks_of(page(name)) if block.title is None and block.language != "console"] == []


def test_the_tutorial_shows_the_example_as_it_is():
    shown = {block.title: block.text for block in blocks_of(page("tutorial")) if block.title is not None}
    own = {name: text for name, text in shown.items() if name.startswith("obelisk-slow-log/") and name.endswith(".py")}
    assert {name.partition("/")[2] for name in own} == {
        "obelisk_slow_log/__init__.py", "obelisk_slow_log/exporter.py", "tests/test_conformance.py",
        "tests/test_slow_log.py",
    }  # fmt: skip
    for name, text in own.items():
        assert text == (EXAMPLE / name.partition("/")[2]).read_text(), name


def test_the_example_begins_as_what_is_written_for_a_new_plugin(tmp_path):
    author = Author(tmp_path, tmp_path)
    assert author.obelisk("plugins", "new", "slow-log", "--kind", "exporter", "--directory", "new").code == 0
    for name in ("pyproject.toml", "obelisk_slow_log/py.typed"):
        assert (tmp_path / "new" / name).read_text() == (EXAMPLE / name).read_text()


def test_the_style_of_the_example_is_that_of_its_own_configuration(tmp_path):
    author = Author(tmp_path, tmp_path)
    for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        ended = author.python("ruff", *command, ".", within=EXAMPLE)
        assert ended.code == 0, ended.printed


def test_the_tutorial_runs_the_tests_of_the_example_and_checks_its_types():
    typed = {line for block in blocks_of(page("tutorial")) for line in block.text.splitlines()}
    assert {"$ pytest -q", "17 passed in ...", "$ mypy", "$ obelisk plugins check slow_log"} <= typed


def test_links_of_the_pages_lead_somewhere():
    pages = sorted((ROOT / "docs/plugins").glob("*.md"))
    assert ROOT / "docs/plugins/tutorial.md" in pages
    for each in pages:
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", each.read_text())
        assert [link for link in links if not (each.parent / link).exists()] == [], each.name
