"""Installs peers: a virtual environment each, and an npm prefix in it; nothing outside of their directory is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.peer import PeerError
from benchmarks.peers.environment import Environment

SECONDS: Final = 1_800
LAST_LINES: Final = 15
SILENT: Final = {"DO_NOT_TRACK": "1", "SCARF_ANALYTICS": "false", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
"""Packages and package managers are to tell nobody that they were installed."""
OF_THIS_PYTHON: Final = ("PYTHONPATH", "PYTHONHOME")
"""What lies there would count as installed."""
NPM: Final = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def install(environment: Environment, directory: Path, say: Callable[[str], None]) -> None:
    """Install into a directory what is not there yet; what another version left is replaced.

    Raises ``PeerError`` when it cannot be installed; then nothing counts as installed.
    """
    if environment.is_installed(directory):
        say(f"{environment.name}: already installed")
        return
    npm = _npm() if environment.npm else ""
    place = environment.place(directory)
    shutil.rmtree(place, ignore_errors=True)
    say(f"{environment.name}: installing {', '.join((*environment.pip, *environment.npm))}")
    _run([sys.executable, "-m", "venv", str(place)])
    _run([str(environment.executable("python", directory)), "-m", "pip", "install", "--quiet", *environment.pip])
    if environment.npm:
        _run([npm, *NPM, "--prefix", str(place), *environment.npm])
    try:
        environment.stamp(directory).write_bytes(msgspec.json.encode(environment))
    except OSError as error:
        raise PeerError(f"{environment.stamp(directory)} could not be written: {error.strerror}") from error


def _npm() -> str:
    found = shutil.which("npm")
    if found is None:
        raise PeerError("npm is not on the PATH; install Node.js 20 or newer with npm")
    return found


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command,
            env={name: value for name, value in os.environ.items() if name not in OF_THIS_PYTHON} | SILENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(f"`{' '.join(command)}` did not run: {error}") from error
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-LAST_LINES:])
        raise PeerError(f"`{' '.join(command)}` ended with {done.returncode}:\n{said}")
