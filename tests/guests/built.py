"""Guests that are built from source by the project's own command, once for each content, and so is their machine code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from wasmtime import Engine
from wasmtime.component import Component

from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob
from obelisk.wasm.settings import EngineSettings

ROOT = Path(__file__).resolve().parents[2]
MAX_SIZE = 64 * 1024 * 1024


def built(*guests: str) -> list[Path]:
    """Return the components of guests, directories of the repository; every process gets the same files."""
    command = [sys.executable, str(ROOT / "tools" / "build_guest.py"), *guests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


def code_directory() -> Path:
    """Return the directory of the guests' machine code; a server that uses it as its cache need not compile them."""
    chosen = os.environ.get("OBELISK_GUEST_CACHE")
    return ROOT / (chosen or ".cache/guests") / "code"


async def compiled(path: Path, engine: Engine, settings: EngineSettings) -> Component:
    """Return a component, compiled when its code is not kept yet; ``settings`` are those that ``engine`` has."""
    job = _job(path)
    return (await CodeCache(code_directory(), settings).components(engine, [job]))[job.digest]


def _job(path: Path) -> CompileJob:
    binary = binary_of(path.read_bytes(), origin=str(path), max_size=MAX_SIZE)
    return CompileJob(digest_of(binary), binary, path.name)
