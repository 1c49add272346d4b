"""The blocks of a Markdown page, and what comments say about them.

A block is run according to its language (``walking.py``). Comments, which no reader sees, may stand in front of one:

* ``<!-- not run: WHY -->`` leaves the next block out.
* ``<!-- part of: FILE -->`` says that it is text of a file of the repository, which has tests.
* ``<!-- first: COMMANDS -->`` runs commands that the reader need not see, such as copying examples.

The text ``title="NAME"`` behind the language makes a block a file of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from markdown_it import MarkdownIt

COMMENT = re.compile(r"<!--\s*(not run|part of|first):\s*(.*?)\s*-->", re.DOTALL)
TITLE = re.compile(r'\btitle="([^"]+)"')


class Language(StrEnum):
    """What blocks may be written in."""

    CONSOLE = "console"
    SH = "sh"
    PYTHON = "python"
    TOML = "toml"
    WIT = "wit"
    WAT = "wat"
    JSON = "json"
    YAML = "yaml"
    JS = "js"
    TEXT = "text"


@dataclass(frozen=True)
class Fence:
    """A block of a page.

    ``line`` is where it begins, ``section`` the title above it, ``language`` what it says it is, ``title`` the file that it
    is, ``why_not`` why it is not run, ``part_of`` the file of the repository that it is taken from, and ``first`` the
    commands that are run before it.
    """

    page: Path
    line: int
    section: str
    language: str
    text: str
    title: str | None
    why_not: str | None
    part_of: str | None
    first: str | None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def fences_of(page: Path) -> Iterator[Fence]:
    """Yield the blocks of a page in their order; one that is only indented has no language."""
    said: dict[str, str] = {}
    section, in_title = "", False
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if in_title:
            section = token.content
        in_title = token.type == "heading_open"
        if token.type == "html_block":
            said.update(COMMENT.findall(token.content))
        if token.type not in ("fence", "code_block"):
            continue
        title = TITLE.search(token.info)
        yield Fence(
            page=page,
            line=(token.map or [0])[0] + 1,
            section=section,
            language=token.info.partition(" ")[0],
            text=token.content,
            title=title[1] if title else None,
            why_not=said.get("not run"),
            part_of=said.get("part of"),
            first=said.get("first"),
        )
        said = {}


def blocks_of(page: Path, language: Language) -> list[str]:
    """Return the texts of the blocks of a page in one language, in their order, also of those that are not run."""
    return [fence.text for fence in fences_of(page) if fence.language == language]


def codes_of(page: Path) -> Iterator[str]:
    """Yield what sentences of a page show as code."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        for part in token.children or ():
            if part.type == "code_inline":
                yield part.content


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a console block, and the lines that it is said to print."""
    command, printed, goes_on = "", list[str](), False
    for line in text.splitlines():
        if line.startswith("$ ") and not goes_on:
            if command:
                yield command, printed
            command, printed = line[2:], []
        elif goes_on:
            command += f"\n{line}"
        else:
            printed.append(line)
        goes_on = (line.startswith("$ ") or goes_on) and line.endswith("\\")
    if command:
        yield command, printed
