"""The files that ``obelisk server generate-config`` writes: a configuration, and beside it the schema that it names."""

from __future__ import annotations

from pathlib import Path

from obelisk.cli.output import FAILED, fail
from obelisk.config.document import FILE_NAME
from obelisk.config.sample import sample_config
from obelisk.config.schema import FILE_NAME as SCHEMA_NAME
from obelisk.config.schema import schema_text
from obelisk.registry import Catalog


def write_config_files(directory: Path, plugins: Catalog) -> tuple[str, ...]:
    """Write both into ``directory``; return the names of those that were written: a schema that is there is kept.

    Ends the command when there is a configuration already, or when a file cannot be written; then none is left behind.
    """
    texts = {FILE_NAME: sample_config(plugins), SCHEMA_NAME: schema_text(plugins)}
    written: list[str] = []
    for name, text in texts.items():
        try:
            _write_new(directory / name, text)
        except FileExistsError:
            if name == FILE_NAME:
                fail(f"file already exists: {name}", FAILED)
            continue
        except OSError as error:
            for each in written:
                (directory / each).unlink(missing_ok=True)
            fail(f"cannot write {name}: {error.strerror or error}; nothing was written", FAILED)
        written.append(name)
    return tuple(written)


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, as a whole or not at all."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise
