"""What a process of the command line does until it has answered, counted: figures that are the same on every machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

PROGRAM = """
import gc, os
from obelisk.cli.main import main
def tell(phase, info):
    if phase == "start":
        os.write(2, b"collection: %d frozen\\n" % gc.get_freeze_count())
gc.callbacks.append(tell)
main()
"""
_MODULE = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)
_COLLECTION = re.compile(r"^collection: (\d+) frozen$", re.MULTILINE)


class Start(Struct, frozen=True):
    """What was imported, and how many objects each garbage collection left out because they were frozen."""

    modules: frozenset[str]
    frozen: tuple[int, ...]

    @property
    def own(self) -> frozenset[str]:
        """The modules of the kernel and of its plugins."""
        return frozenset(name for name in self.modules if name.partition(".")[0].startswith("obelisk"))


def command(*arguments: str, env: Mapping[str, str]) -> Start:
    """Return what a command did until its end."""
    done = subprocess.run(_program(arguments), env=os.environ | env, capture_output=True, text=True, check=False)
    return _start(done.stderr)


def server(directory: Path, *, env: Mapping[str, str]) -> Start:
    """Return what a server without components, whose files are in ``directory``, did until it was ready."""
    config, log = directory / "obelisk.toml", directory / "server.log"
    config.touch()
    arguments = _program(("server", "run", "--config", str(config)))
    with log.open("w") as errors:
        process = subprocess.Popen(arguments, env=os.environ | env, stdout=subprocess.PIPE, stderr=errors, text=True)
    with process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        until_ready = log.read_text()
        process.terminate()
    assert ready.startswith("obelisk ready"), until_ready
    return _start(until_ready)


def _program(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-X", "importtime", "-c", PROGRAM, *arguments]


def _start(errors: str) -> Start:
    return Start(frozenset(_MODULE.findall(errors)), tuple(map(int, _COLLECTION.findall(errors))))
