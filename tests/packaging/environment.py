"""A virtual environment that holds what a person would install, and nothing of the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.process import Ended, Server
from tests.packaging.wheels import offline

PIP_SECONDS = 240
COMMAND_SECONDS = 60


def clean_environ(**variables: str) -> dict[str, str]:
    """Return the variables of the machine without those that would lead to the checkout or change a server."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("OBELISK", "PYTHON", "VIRTUAL_ENV"))
    }
    return {**kept, **variables}


class Environment:
    """An empty environment, until something is installed into it from ``folders``, by a pip from without."""

    def __init__(self, directory: Path, *folders: Path) -> None:
        self.directory = directory
        self._folders = folders
        command = [sys.executable, "-m", "venv", "--without-pip", str(directory)]
        subprocess.run(command, check=True, capture_output=True, timeout=PIP_SECONDS, env=clean_environ())

    @property
    def python(self) -> str:
        return str(self.directory / "bin" / "python")

    @property
    def obelisk(self) -> str:
        """The command that a person types."""
        return str(self.directory / "bin" / "obelisk")

    def pip(self, *arguments: str) -> str:
        """Run pip, which has to succeed; return what it printed."""
        command = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", *arguments]
        ended = subprocess.run(
            command,
            cwd=self.directory,
            env=clean_environ(**offline(*self._folders)),
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def install(self, *arguments: str) -> list[dict[str, Any]]:
        """Install something; return what pip reports of each distribution that it installed."""
        report = self.directory / "report.json"
        self.pip("install", "--quiet", "--no-compile", "--report", str(report), *arguments)
        installed: list[dict[str, Any]] = json.loads(report.read_text())["install"]
        return installed

    def run(self, command: Sequence[str], directory: Path, **variables: str) -> Ended:
        """Run a command in ``directory``, where it also keeps its data."""
        ended = subprocess.run(
            command, cwd=directory, env=clean_environ(**self._places(directory), **variables),
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def start(self, directory: Path) -> Server:
        """Start a server with the configuration of ``directory``; return once it serves."""
        log = directory / "server.log"
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [self.obelisk, "server", "run"], cwd=directory, env=clean_environ(**self._places(directory)),
                stdout=subprocess.PIPE, stderr=stderr,
            )  # fmt: skip
        return Server(process, log)

    @staticmethod
    def _places(directory: Path) -> dict[str, str]:
        return {
            "OBELISK_DATA_DIR": str(directory / "data"),
            "OBELISK_CACHE_DIR": str(directory / "cache"),
            "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
        }
