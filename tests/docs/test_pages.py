"""Everything that the README and the pages of ``docs/`` show is run, or says why it is not."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from obelisk.cli.main import cli
from obelisk.plugins import Plugins
from tests.docs.fences import Fence, Language, codes_of, commands_of, fences_of
from tests.docs.walking import first_missing, walk_page

ROOT = Path(__file__).resolve().parents[2]
HELD_ELSEWHERE: Mapping[str, str] = {
    "docs/explanation/performance.md": "tests/benchmarks/test_benchmarks.py",
    "docs/explanation/guarantees.md": "tests/docs/test_guarantees.py",
    "docs/how-to/javascript-guests.md": "tests/docs/test_guest_guides.py",
    "docs/how-to/python-guests.md": "tests/docs/test_guest_guides.py",
    "docs/how-to/test-workflows.md": "tests/testing/test_pytest_plugin.py",
    "docs/how-to/write-a-configuration.md": "tests/docs/test_how_to.py",
    "docs/plugins/": "tests/docs/test_plugin_guide.py",
}
"""Pages, or beginnings of their names, whose blocks a test of their own runs: they need more than a page's directory."""
TUTORIAL = "docs/tutorial/first-workflow.md"
"""Walked by ``test_tutorial.py``, which installs first."""
RUN = frozenset(Language) - {Language.SH, Language.WAT, Language.JS, Language.TEXT}
"""Languages of blocks that are run or read as they stand; others are files with a title, or output."""


NOT_PAGES = frozenset({"docs/contents.md"})
"""What Sphinx reads, and nobody else."""


def pages() -> Iterator[Path]:
    """Every page for users."""
    yield ROOT / "README.md"
    yield from sorted(
        path for path in ROOT.glob("docs/**/*.md") if path.parent.name != "adr" and name_of(path) not in NOT_PAGES
    )
    yield from sorted(ROOT.glob("plugins/*/README.md"))


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


OWN = [page for page in pages() if not name_of(page).startswith(tuple(HELD_ELSEWHERE))]
WITH_FENCES = [page for page in OWN if any(fences_of(page))]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a reader, who has ``obelisk`` and ``pytest`` at hand, and compiles a component once."""
    programs = str(Path(sys.executable).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBELISK", "TRACE"))}
    cache = str(tmp_path_factory.mktemp("cache"))
    return {**kept, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "OBELISK_CACHE_DIR": cache}


@pytest.mark.parametrize("page", [page for page in WITH_FENCES if name_of(page) != TUTORIAL], ids=name_of)
def test_what_a_page_shows_works(page: Path, tmp_path: Path, environ: dict[str, str]):
    walk_page(page, tmp_path, environ, plugins=Plugins.load(environ={}))


def is_accounted_for(fence: Fence) -> bool:
    """Tell whether a block is run, is a file that another one uses, is output, or says why it is none of these."""
    if fence.why_not is not None or fence.part_of is not None:
        return True
    if fence.language == Language.TEXT:
        return not re.search(r"^\$ ", fence.text, re.MULTILINE)
    return fence.language in RUN or (fence.language in frozenset(Language) and fence.title is not None)


@pytest.mark.parametrize("page", WITH_FENCES, ids=name_of)
def test_every_block_is_run_or_says_why_not(page: Path):
    assert [str(fence) for fence in fences_of(page) if not is_accounted_for(fence)] == []


@pytest.mark.parametrize("page", WITH_FENCES, ids=name_of)
def test_a_reason_is_a_sentence(page: Path):
    reasons = [fence.why_not for fence in fences_of(page) if fence.why_not is not None]
    assert [why for why in reasons if len(why.split()) < 3] == []


def commands_that_are_not_run() -> Iterator[tuple[str, str]]:
    """Yield where each command of Obelisk stands that is shown and not run, and the command."""
    for page in pages():
        for fence in fences_of(page):
            if fence.why_not is not None or page not in OWN:
                lines = [command for command, _ in commands_of(fence.text)]
                yield from ((str(fence), line) for line in lines if line.startswith("obelisk "))


def command_of(words: list[str]) -> tuple[click.Command, click.Context] | None:
    """Take the names of a command from the beginning of ``words``, and return it; ``None`` when there is none."""
    command: click.Command = cli
    context = click.Context(cli, **cli.context_settings)
    while isinstance(command, click.Group) and words and words[0] != "..." and not words[0].startswith(("-", "[")):
        found = command.get_command(context, words.pop(0))
        if found is None:
            return None
        command = found
    return command, context


@pytest.mark.parametrize(("place", "line"), list(commands_that_are_not_run()))
def test_a_command_that_is_not_run_exists_and_has_these_options(place: str, line: str):
    words = shlex.split(re.split(r" [|>&]", line)[0], comments=True)[1:]
    found = command_of(words)
    assert found is not None, f"{place}: `{line}` names no command"
    command, context = found
    try:
        command.make_context("obelisk", words, parent=context)
    except click.BadParameter as error:
        assert not isinstance(error, click.MissingParameter), f"{place}: {error.format_message()}"


@pytest.mark.parametrize("page", list(pages()), ids=name_of)
def test_a_command_in_a_sentence_exists_and_has_these_options(page: Path):
    said = [code for code in codes_of(page) if re.match(r"obelisk (?!ready)", code)]
    assert [code for code in said if not is_known(code)] == []


def is_known(code: str) -> bool:
    """Tell whether there is a command of this name, with these options."""
    words = re.split(r"[\s=]+", code)[1:]
    found = command_of(words)
    if found is None:
        return False
    options = {name for param in found[0].params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    return {word for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("code", ["obelisk server walk", "obelisk server run --confg F"])
def test_a_command_that_does_not_exist_is_not_known(code: str):
    assert not is_known(code)


@pytest.mark.parametrize("held", sorted(HELD_ELSEWHERE.items()))
def test_a_page_that_is_held_elsewhere_is_known_there(held: tuple[str, str]):
    page, test = held
    assert (ROOT / page).exists()
    assert (ROOT / test).is_file()


def test_output_that_is_not_printed_is_found_missing():
    assert first_missing(["a ... c", "E_01ABCDEF"], ["a b c", "between", "E_01M8CC68AA0B6JWFFHXC0SETEX"]) is None
    assert first_missing(["second", "first"], ["first", "second"]) == "first"
    assert first_missing(["ok", "ok"], ["ok"]) == "ok"


def test_a_block_without_a_language_is_not_accounted_for(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "```\n$ obelisk\n```\n\n    indented\n\n<!-- not run: it needs a collector -->\n```sh\nls\n```\n\n```sh\nls\n```\n"
    )
    assert [is_accounted_for(fence) for fence in fences_of(page)] == [False, False, True, False]
