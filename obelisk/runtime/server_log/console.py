"""A standard stream that lines are written to."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Mapping

from obelisk.config.log_settings import LogWriter

_DESCRIPTORS = {LogWriter.STDERR: 2, LogWriter.STDOUT: 1}


class Console:
    """Standard output or standard error of this process, past Python's buffers."""

    def __init__(self, descriptor: int) -> None:
        self.name = "the console"
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Write lines; it may take for ever. Raises ``OSError``."""
        write_all(self._descriptor, data)

    def close(self) -> None:
        """Do nothing: the stream is not ours."""


def console_of(writer: LogWriter) -> Console | None:
    """Return the stream, ``None`` when the process was started without it: its number may be that of anything now."""
    stream = sys.__stderr__ if writer is LogWriter.STDERR else sys.__stdout__
    return None if stream is None else Console(_DESCRIPTORS[writer])


def shows_colours(writer: LogWriter, environ: Mapping[str, str]) -> bool:
    """Tell whether the stream is a terminal that shows colours, and nobody asked for none (https://no-color.org)."""
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb" and os.isatty(_DESCRIPTORS[writer])


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, also to what does not block. Raises ``OSError``."""
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
