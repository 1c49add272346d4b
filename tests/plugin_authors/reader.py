"""A reader of a page, with an environment to install into, who does what the page shows.

A block of the language ``python`` or ``toml`` with ``title="FILE"`` is a file. In a block of ``console`` each line after
``$ `` is typed into one shell; what is said to be printed has to be among what is printed, in that order, ``...`` standing
for anything. A comment ``<!-- not run: WHY -->`` leaves the block behind it out.

The environment of the reader has what that of the tests has, so that nothing is fetched from an index; what the reader
installs goes into the reader's own.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_QUIET": "1"}
"""Told by a variable, the option to build without isolation has the opposite sense."""
PROGRAMS = ("obelisk", "pip", "pytest", "ruff", "mypy")
ENDED = "::ended::"
SECONDS = 110
READY = "obelisk ready"
_FENCE = re.compile(r"(<!-- not run: .*? -->\n)?```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", re.DOTALL)
_SERVER = f"""obelisk server run > server.log 2>&1 & SERVER=$!
until grep -q '{READY}' server.log; do kill -0 $SERVER || exit 1; sleep 0.05; done"""


class Block(Struct, frozen=True):
    """A block of a page that is acted upon."""

    language: str
    title: str | None
    text: str


class Typed(Struct, frozen=True):
    """A command, and the lines that it is said to print."""

    command: str
    said: tuple[str, ...]


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page that are not left out."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(language, title or None, text) for left_out, language, title, text in found if not left_out]


def walk(page: Path, directory: Path, environ: dict[str, str]) -> None:
    """Do everything that a page shows, from its top to its end. Raises ``AssertionError`` at what does not work."""
    steps = []
    for number, block in enumerate(blocks_of(page)):
        if block.title is not None:
            kept = directory.parent / f"{directory.name}-file-{number}"
            kept.write_text(block.text, encoding="utf-8")
            place = f'"$HERE/{block.title}"'
            steps.append(Typed(f"mkdir -p $(dirname {place}) && cp {kept} {place}", ()))
        elif block.language == "console":
            steps += _typed(block.text)
    lines = ["set -e", f"HERE={directory}", *(f"{_run(step.command)}\necho '{ENDED}'" for step in steps)]
    script = "\n".join([*lines, 'if [ -n "$SERVER" ]; then kill $SERVER; wait $SERVER; fi\n'])
    ended = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}"],
        cwd=directory,
        env=environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    printed = ended.stdout.split(f"{ENDED}\n")
    assert ended.returncode == 0, f"{page.name}: `{steps[len(printed) - 1].command}`:\n{printed[-1]}"
    for step, text in zip(steps, printed, strict=False):
        missing = _missing(step.said, text.splitlines())
        assert missing is None, f"{page.name}: `{step.command}` is said to print\n{missing}\nand printed\n{text}"


def environment(directory: Path) -> dict[str, str]:
    """Make an environment, and return the variables of somebody who uses it."""
    prefix, home = directory / "environment", directory / "home"
    venv.create(prefix)
    home.mkdir()
    python = prefix / "bin/python"
    paths = {"base": str(prefix), "platbase": str(prefix)}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site / "tests.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for name in PROGRAMS:
        program = prefix / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {python} -m {name} "$@"\n')
        program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = "{}:{}".format(*free.getsockname())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OBELISK")}
    return {
        **kept, **OFFLINE, "HOME": str(home), "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(prefix), "OBELISK_DATA_DIR": str(home / "data"), "OBELISK_CACHE_DIR": str(home / "cache"),
        "OBELISK__API__LISTENING_ADDR": address, "OBELISK_API_URL": f"http://{address}", "COLUMNS": "200",
        "PYTHONWARNINGS": "error", "PYTHON": sys.executable, "RUFF_NO_CACHE": "1", "MYPY_CACHE_DIR": str(home / "mypy"),
    }  # fmt: skip


def _run(command: str) -> str:
    return _SERVER if command == "obelisk server run &" else command


def _typed(text: str) -> Iterator[Typed]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *said = part.rstrip().splitlines()
        while command.endswith("\\"):
            command = f"{command}\n{said.pop(0)}"
        yield Typed(command, tuple(said))


def _missing(said: Sequence[str], printed: Sequence[str]) -> str | None:
    """Return the first line that was said to be printed, and was not."""
    lines = iter([" ".join(line.split()) for line in printed])
    for wanted in said:
        pattern = re.compile(".*".join(map(re.escape, " ".join(wanted.split()).split("..."))))
        if wanted.strip() and not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None
