"""A Dockerfile whose steps are run in a directory that stands for the root of an image, by whoever runs the tests.

Paths of the image become paths below that directory, which each stage finds empty. What an earlier stage made is moved
aside, so that paths that were written into files, such as those of a virtual environment, hold in the next one too. The base
image is the machine with the interpreter that runs the tests, and the index that its pip asks is a folder. Users and volumes
are not made.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.packaging.wheels import offline

RUN_SECONDS = 240
TOP = re.compile(r"(?<![\w./:-])(?=/(?:opt|src|wheels|empty|etc|var)\b)")
"""Where a path of the image begins."""
NOTED = {"ARG", "LABEL", "EXPOSE", "USER", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@dataclass(frozen=True)
class Instruction:
    """One instruction: ``COPY --from=build /a /b`` has the option ``from`` and the text ``/a /b``."""

    name: str
    options: Mapping[str, str]
    text: str


def parse(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile in their order."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    logical = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [_instruction(line) for line in logical]


def _instruction(line: str) -> Instruction:
    name, _, rest = line.partition(" ")
    options = {}
    while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
        options[match[1]] = match[2]
        rest = rest[match.end() :]
    return Instruction(name, options, rest)


@dataclass
class Image:
    """What the instructions made: the directory that is its root, and what it says of itself.

    ``wheels`` has what an index would.
    """

    context: Path
    directory: Path
    wheels: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    notes: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Path] = field(default_factory=dict)
    _stage: str = ""

    @property
    def root(self) -> Path:
        return self.directory / "root"

    def inside(self, text: str) -> str:
        """Return a text with the paths of the image as they are on this machine."""
        return TOP.sub(str(self.root), text)

    def build(self, instructions: list[Instruction]) -> None:
        """Do what every instruction says. One that is not understood is an error."""
        for instruction in instructions:
            if instruction.name in NOTED:
                self.notes[instruction.name] = instruction.text
            else:
                getattr(self, f"_{instruction.name.lower()}")(instruction)

    def environ(self, **variables: str) -> dict[str, str]:
        """Return the variables of a process in the image."""
        kept = {name: value for name, value in os.environ.items() if name.startswith("LANG")}
        return {**kept, **offline(self.wheels), "HOME": str(self.directory), **self.env, **variables}

    def shell(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the image by a shell."""
        return subprocess.run(
            ["/bin/sh", "-c", self.inside(command)], cwd=self.inside(self.workdir), env=self.environ(**variables),
            capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
        )  # fmt: skip

    @property
    def command(self) -> list[str]:
        """What a container runs."""
        return [self.inside(word) for note in ("ENTRYPOINT", "CMD") for word in json.loads(self.notes[note])]

    @property
    def healthcheck(self) -> str:
        """The command, for a shell, that tells whether a container is well."""
        return self.notes["HEALTHCHECK"].removeprefix("CMD ")

    def _from(self, instruction: Instruction) -> None:
        if self._stage:
            self.stages[self._stage] = self.root.rename(self.directory / self._stage)
        self._stage = instruction.text.partition(" AS ")[2]
        self.root.mkdir(parents=True)
        self.env, self.workdir = {"PATH": f"{self._base()}:/usr/bin:/bin"}, "/opt"
        Path(self.inside(self.workdir)).mkdir()

    def _base(self) -> Path:
        """Return a directory with the interpreter of the base image, and nothing else."""
        base = self.directory / "base"
        if not base.exists():
            base.mkdir()
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            (base / "python").symlink_to(Path(sys.base_prefix) / "bin" / version)
        return base

    def _workdir(self, instruction: Instruction) -> None:
        self.workdir = instruction.text
        Path(self.inside(self.workdir)).mkdir(parents=True, exist_ok=True)

    def _env(self, instruction: Instruction) -> None:
        for pair in shlex.split(instruction.text):
            name, _, value = pair.partition("=")
            self.env[name] = self.inside(value).replace("$PATH", self.env["PATH"])

    def _run(self, instruction: Instruction) -> None:
        ended = self.shell(instruction.text)
        assert ended.returncode == 0, f"{instruction.text}\n{ended.stdout}\n{ended.stderr}"

    def _copy(self, instruction: Instruction) -> None:
        *sources, target = instruction.text.split()
        into = Path(self.inside(self.workdir), self.inside(target))
        for source in sources:
            if "from" in instruction.options:
                shutil.copytree(self.stages[instruction.options["from"]] / source.lstrip("/"), into, symlinks=True)
            else:
                self._copy_from_context(source, into)

    def _copy_from_context(self, source: str, into: Path) -> None:
        patterns, start = ignore_patterns(self.context), self.context / source
        for path in [start] if start.is_file() else start.rglob("*"):
            if path.is_file() and not is_ignored(str(path.relative_to(self.context)), patterns):
                to = into / (path.name if path == start else path.relative_to(start))
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)


def ignore_patterns(context: Path) -> list[str]:
    """Return the patterns of ``.dockerignore``."""
    lines = (context / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Tell whether a file stays out of the context: the last pattern that names it or a directory above it decides."""
    names = [path, *(str(parent) for parent in Path(path).parents if parent.name)]
    ignored = False
    for pattern in patterns:
        expression = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(expression, name) for name in names):
            ignored = not pattern.startswith("!")
    return ignored
