"""Where a run has its databases while it goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError


@contextmanager
def working_directory(cache: Path, prefix: str) -> Iterator[Path]:
    """Make a directory in ``cache``, which is made too, and delete it at the end; raises ``BenchmarkError``."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=prefix, dir=cache.absolute(), ignore_cleanup_errors=True)
    except OSError as error:
        raise BenchmarkError(
            f"nothing can be kept in {cache}: {error.strerror}; `--cache` names another directory"
        ) from error
    with made as directory:
        yield Path(directory)
