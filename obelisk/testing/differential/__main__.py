"""``python -m obelisk.testing.differential``: a long comparison of a storage with the memory storage."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from obelisk.clock import SystemClock
from obelisk.config.load import config_from_text
from obelisk.errors import ObeliskError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import Storage
from obelisk.plugins import Plugins
from obelisk.testing.differential.machine import Opens
from obelisk.testing.differential.running import compare_with_memory
from obelisk.testing.engine import environment_in

COMMAND = "python -m obelisk.testing.differential"


def main() -> int:
    """Run, and return the exit code: 1 when the storages differ, 2 when the arguments are wrong."""
    options = _parser().parse_args()
    opens = _opens(options.storage, options.toml, Plugins.load(environ={}))
    last = options.seed

    def progress(seed_number: int, steps: int) -> None:
        nonlocal last
        last = seed_number
        _say(f"seed {seed_number}: {steps} operations so far")

    try:
        steps = compare_with_memory(opens, operations=options.operations, seed_number=options.seed, progress=progress)
    except ObeliskError as error:
        _say(f"error: {error}")
        return 2
    except AssertionError as error:
        _say(f"{error}\n{chr(10).join(getattr(error, '__notes__', ()))}")
        _say(f"again: {COMMAND} --storage {options.storage} --seed {last} --operations {options.operations}")
        return 1
    _say(f"{steps} operations, every answer and every state was the same")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=COMMAND, description="Compare a storage with the memory storage.")
    parser.add_argument("--storage", default="sqlite", help="the name that `[storage] use` has")
    parser.add_argument("--operations", type=int, default=200_000, help="how many, about")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; one makes some thousand operations")
    parser.add_argument("--toml", default="", help="further configuration, such as a table of the storage")
    return parser


def _opens(name: str, toml: str, plugins: Plugins) -> Opens:
    @asynccontextmanager
    async def opens(directory: Path) -> AsyncIterator[Storage]:
        environ = environment_in(directory, {})
        config = config_from_text(f'storage.use = "{name}"\n{toml}', plugins=plugins, base=directory, environ=environ)
        host = Host(SystemClock(), os.urandom, directory, directory, logging.getLogger("obelisk.differential"), environ)
        async with config.store.provider.open(config.store.settings, host) as storage:
            yield storage

    return opens


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
