"""Looking at a component file without running it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from obelisk.errors import ComponentError
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings, new_engine
from obelisk.wit.model import World

MAX_FILE_SIZE = 256 * 1024 * 1024


async def inspect_file(
    path: Path,
    *,
    settings: EngineSettings | None = None,
    cache: Path | None = None,
    limits: CompileLimits | None = None,
) -> World:
    """Return what the component in ``path``, a binary or text, imports and exports.

    It is compiled in a bounded child process; with ``cache``, a directory, its code is kept and found there, which helps
    when ``settings`` are those of the server.

    Raises ``ComponentError`` when the file cannot be read, is no component, or goes over a limit.
    """
    return await _world(await asyncio.to_thread(_file_job, path), settings, cache, limits)


async def inspect_content(content: bytes, *, origin: str, max_size: int = MAX_FILE_SIZE) -> tuple[CompileJob, World]:
    """Return the binary in ``content``, a component as binary or text, with its digest, and what it imports and exports.

    Raises ``ComponentError`` that names ``origin`` when it is larger than ``max_size``, no component, or goes over a limit.
    """
    job = await asyncio.to_thread(_job, content, origin, max_size)
    return job, await _world(job, None, None, None)


async def _world(
    job: CompileJob, settings: EngineSettings | None, cache: Path | None, limits: CompileLimits | None
) -> World:
    if cache is None:
        with tempfile.TemporaryDirectory(prefix="obelisk-") as directory:
            return await _world(job, settings, Path(directory), limits)
    settings = settings or EngineSettings(fuel=False)
    engine = new_engine(settings)
    components = await CodeCache(cache, settings).components(engine, [job], limits)
    return world_of(components[job.digest], engine)


def _file_job(path: Path) -> CompileJob:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        raise ComponentError(f"cannot read the component {path}: {error.strerror}") from error
    return _job(content, str(path), MAX_FILE_SIZE)


def _job(content: bytes, origin: str, max_size: int) -> CompileJob:
    binary = binary_of(content, origin=origin, max_size=max_size)
    return CompileJob(digest_of(binary), binary, origin)
