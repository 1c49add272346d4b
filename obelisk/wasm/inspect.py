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
    if cache is None:
        with tempfile.TemporaryDirectory(prefix="obelisk-") as directory:
            return await inspect_file(path, settings=settings, cache=Path(directory), limits=limits)
    settings = settings or EngineSettings(fuel=False)
    job = await asyncio.to_thread(_job, path)
    engine = new_engine(settings)
    components = await CodeCache(cache, settings).components(engine, [job], limits)
    return world_of(components[job.digest], engine)


def _job(path: Path) -> CompileJob:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        raise ComponentError(f"cannot read the component {path}: {error.strerror}") from error
    binary = binary_of(content, origin=str(path), max_size=MAX_FILE_SIZE)
    return CompileJob(digest_of(binary), binary, str(path))
