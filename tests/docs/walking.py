"""Does what a page shows, from its top to its end, as a reader would.

Files are written, configurations loaded, WIT and data parsed, programs run, and commands typed into one shell. Addresses
that pages use are replaced by free ones. A second TOML block with the title of an earlier one adds to that file.

What a command is said to print has to be among what it prints, in that order: ``...`` stands for anything, an execution id
for any other, and spaces for any number of them. A command whose output begins with ``error:`` has to fail.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import yaml

from obelisk.config.load import config_from_text
from obelisk.plugins import Plugins
from obelisk.wit.lexer import Source
from obelisk.wit.parser import parse_packages
from tests.docs.fences import Fence, Language, commands_of, fences_of
from tests.docs.shell import Shell, ShellError
from tests.free_addresses import free_addresses

ROOT = Path(__file__).resolve().parents[2]
API = "127.0.0.1:5005"
ADDRESSES = (API, "127.0.0.1:9090", "127.0.0.1:9464")
EXECUTION = re.compile(r"\bE_[0-9A-Z]{2,}")
PROGRAM_SECONDS = 60
VARIABLES = {"HOME": "/home/me", "OTLP_KEY": "key"}
"""What configurations that are shown may use of the environment."""


class Walk:
    """Somebody who does what a page says, in a directory that is empty at first.

    ``plugins`` are those that configurations are read with; without any these are only written, and commands of the page
    read them.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str], *, plugins: Plugins | None) -> None:
        addresses = dict(zip(ADDRESSES, free_addresses(len(ADDRESSES)), strict=True))
        self._directory = directory
        self._environ = {
            **environ,
            "OBELISK_DATA_DIR": str(directory / ".data"),
            "OBELISK__API__LISTENING_ADDR": addresses[API],
            "OBELISK_API_URL": f"http://{addresses[API]}",
            "OBELISK_REPOSITORY": str(ROOT),
            "NO_COLOR": "1",
        }
        self._places = {**addresses, "/var/backups": str(directory / ".backups")}
        self._shell: Shell | None = None
        self._plugins = plugins

    def close(self) -> None:
        """End what was started."""
        if self._shell is not None:
            self._shell.close()

    def take(self, fence: Fence) -> None:
        """Do what a block shows; ``AssertionError`` or another exception says what is wrong with it."""
        for commands in re.split(r"(?<=&)\n", fence.first or ""):  # what is in the background is awaited
            self._in_shell(commands)
        if fence.why_not is not None:
            return
        if fence.part_of is not None:
            assert fence.text in (ROOT / fence.part_of).read_text(encoding="utf-8"), f"{fence.part_of} reads otherwise"
            return
        text = self._moved(fence.text)
        if fence.title is not None:
            text = self._write(fence.title, text, more=fence.language == Language.TOML)
        match fence.language:
            case Language.CONSOLE:
                self._type(text)
            case Language.TOML if self._plugins is not None:
                config_from_text(text, plugins=self._plugins, base=self._directory, environ=VARIABLES)
            case Language.PYTHON if fence.title is None:
                self._program(text)
            case Language.PYTHON:
                compile(text, fence.title, "exec")
            case Language.WIT:
                parse_packages(Source(text, str(fence)))
            case Language.JSON:
                json.loads(text)
            case Language.YAML:
                yaml.safe_load(text)

    def _write(self, name: str, text: str, *, more: bool) -> str:
        """Write a file, or add to it; return what it holds then."""
        path = self._directory / name
        if more and path.is_file():
            text = f"{path.read_text(encoding='utf-8')}\n{text}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return text

    def _type(self, text: str) -> None:
        for command, said in commands_of(text):
            fails = bool(said) and said[0].startswith("error:")
            printed = self._in_shell(command, fails=fails)
            missing = first_missing(said, printed)
            if missing is not None:
                shown = "\n".join(printed)
                raise ShellError(f"`{command}` is said to print\n{missing}\nand printed\n{shown}")

    def _in_shell(self, command: str, *, fails: bool = False) -> list[str]:
        if not command:
            return []
        if self._shell is None:
            self._shell = Shell(self._directory, self._environ)
        return self._shell.run(self._moved(command), fails=fails)

    def _program(self, text: str) -> None:
        subprocess.run(
            [sys.executable, "-W", "error", "-c", text],
            cwd=self._directory,
            env=self._environ,
            timeout=PROGRAM_SECONDS,
            check=True,
        )

    def _moved(self, text: str) -> str:
        for shown, free in self._places.items():
            text = text.replace(shown, free)
        return text


def walk_page(
    page: Path, directory: Path, environ: Mapping[str, str], *, plugins: Plugins | None, without: str | None = None
) -> None:
    """Do everything that a page shows but what a section shows. Raises ``AssertionError`` at what does not work."""
    with closing(Walk(directory, environ, plugins=plugins)) as reader:
        for fence in fences_of(page):
            if without is None or fence.section != without:
                reader.take(fence)


def first_missing(said: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first line that was said to be printed, and was not; ``None`` when all were."""
    lines = iter([_plain(line) for line in printed])
    for wanted in said:
        parts = re.split(r"\.\.\.|…", _plain(wanted))
        pattern = re.compile(".*".join(map(re.escape, parts)))
        if wanted.strip() and not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def _plain(line: str) -> str:
    return EXECUTION.sub("E_", " ".join(line.split()))
