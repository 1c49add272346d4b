"""The log of a server process: set up, changed while it runs, ended.

Theory of operation
    Each output has a handler at the root logger with a filter of its own. So that a line that nobody wants costs next to
    nothing, the loggers themselves get the least level that any output or exporter wants of them: the root logger, and each
    one that a filter names. What the loggers had before comes back at the end. Programs that embed the engine do none of
    this: how they log is theirs. An error within logging itself is not printed, since that could take for ever.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from obelisk.clock import Clock
from obelisk.config.log_settings import ConsoleLogSettings, FileLogSettings, LogSettings, LogSpan
from obelisk.core.lines import readable
from obelisk.errors import InputError, ServerError
from obelisk.interfaces.log_filter import LogFilter
from obelisk.runtime.server_log.console import console_of, shows_colours
from obelisk.runtime.server_log.handler import SinkHandler
from obelisk.runtime.server_log.levels import LEAST_NUMBERS, NOTHING
from obelisk.runtime.server_log.rotating_file import RotatingFile
from obelisk.runtime.server_log.styles import style_format

CONSOLE = "console"
FILE = "file"
EXPORTED = "obelisk"
"""The logger whose lines exporters get; see ``runtime.exports``."""

END_SECONDS = 2.0
"""How long the end of the process waits for what is not written yet, all outputs together."""

MAX_SHOWN = 40
_log = logging.getLogger("obelisk.log")


class SinkLevel(Struct, frozen=True):
    """Which lines go to an output: ``console`` or ``file``."""

    sink: str
    wanted: LogFilter


class ServerLogs:
    """The outputs of the log that are on, by name; none in a program that embeds the engine."""

    def __init__(self, handlers: Mapping[str, SinkHandler] | None = None) -> None:
        self._handlers = dict(handlers or {})
        # Without any, the standard library would print warnings itself.
        self._installed: list[logging.Handler] = [*self._handlers.values()] or [logging.NullHandler()]
        self._levels: dict[str, int] = {}
        self._exported: tuple[LogFilter, ...] = ()

    def levels(self) -> tuple[SinkLevel, ...]:
        """Return the filters of now."""
        return tuple(SinkLevel(name, handler.wanted) for name, handler in self._handlers.items())

    def set_level(self, text: str, sink: str | None = None) -> None:
        """Change the filter of an output, or of each that is on, until the process ends.

        Raises ``InputError`` for a text that is no filter, and for an output that is not on.
        """
        try:
            wanted = LogFilter.parse(text)
        except ValueError as error:
            raise InputError(f"`{readable(text[:MAX_SHOWN])}` is no filter of a log: {error}") from error
        for name in self._chosen(sink):
            self._handlers[name].wanted = wanted
            _log.info("lines of the %s are now those of `%s`", name, wanted)
        self._set_loggers()

    def start(self) -> None:
        """Take over the root logger."""
        for handler in self._installed:
            logging.getLogger().addHandler(handler)
        self._set_loggers()

    def also_wanted(self, exported: tuple[LogFilter, ...]) -> None:
        """Let the loggers below ``obelisk`` hand on what exporters want of them too."""
        self._exported = exported
        self._set_loggers()

    def flush(self) -> None:
        """Wait until what was logged is written, for a second at most."""
        for handler in self._handlers.values():
            handler.flush()

    def end(self) -> None:
        """Give back the root logger, and write what is queued unless that takes ``END_SECONDS``."""
        for handler in self._installed:
            logging.getLogger().removeHandler(handler)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        until = time.monotonic() + END_SECONDS
        for sink in self._handlers.values():
            sink.end(max(until - time.monotonic(), 0))

    def _chosen(self, sink: str | None) -> list[str]:
        if sink is None and self._handlers:
            return [*self._handlers]
        if sink in self._handlers:
            return [sink]
        found = "this server writes no log" if sink is None else f"`{readable(sink[:MAX_SHOWN])}` is no log that is on"
        known = " or ".join(f"`{name}`" for name in self._handlers)
        raise InputError(
            f"{found}, expected {known}" if known else f"{found}; switch on `[log.console]` or `[log.file]`"
        )

    def _set_loggers(self) -> None:
        """Set the level of each logger that a filter names, or named before, to the least that is wanted of it."""
        named = {target for each in (*self._filters(), *self._exported) for target, _ in each.targets}
        levels = {name: self._least(name) for name in ("", EXPORTED, *named)}
        # The logger of all loggers has a name too.
        levels[""] = min(levels[""], levels.pop("root", NOTHING))
        for name in {*levels, *self._levels}:
            logger = logging.getLogger(name)
            self._levels.setdefault(name, logger.level)
            logger.setLevel(levels.get(name, self._levels[name]))

    def _least(self, target: str) -> int:
        is_exported = target == EXPORTED or target.startswith(f"{EXPORTED}.")
        filters = (*self._filters(), *self._exported) if is_exported else self._filters()
        return min((LEAST_NUMBERS[each.level_of(target)] for each in filters), default=NOTHING)

    def _filters(self) -> list[LogFilter]:
        return [handler.wanted for handler in self._handlers.values()]


@contextmanager
def server_logs(settings: LogSettings, *, clock: Clock) -> Iterator[ServerLogs]:
    """Log as ``settings`` say until the end of the ``with``; everything is written then, unless it hangs.

    Raises ``ServerError`` when the directory of the files cannot be made or written.
    """
    handlers: dict[str, SinkHandler] = {}
    if settings.file is not None and settings.file.enabled:
        handlers[FILE] = _file_handler(settings.file, clock)
    console = _console_handler(settings.console, clock) if settings.console.enabled else None
    logs = ServerLogs(handlers if console is None else {CONSOLE: console, **handlers})
    shows_errors, logging.raiseExceptions = logging.raiseExceptions, False
    logs.start()
    try:
        yield logs
    finally:
        logs.end()
        logging.raiseExceptions = shows_errors


def _console_handler(settings: ConsoleLogSettings, clock: Clock) -> SinkHandler | None:
    console = console_of(settings.writer)
    if console is None:
        return None
    colours = shows_colours(settings.writer, os.environ)
    style = style_format(settings.style, span=settings.span is LogSpan.IDS, target=settings.target, colours=colours)
    return SinkHandler(console, style, LogFilter.parse(settings.level), clock=clock)


def _file_handler(settings: FileLogSettings, clock: Clock) -> SinkHandler:
    try:
        file = RotatingFile(
            settings.directory,
            settings.prefix,
            now=clock.now,
            rotation=settings.rotation,
            max_size=None if settings.max_size == "unlimited" else int(settings.max_size),
            max_files=None if settings.max_files == "unlimited" else settings.max_files,
        )
    except OSError as error:
        place = error.filename or settings.directory
        raise ServerError(f"`log.file.directory`: cannot write {place}: {error.strerror or error}") from error
    style = style_format(settings.style, span=settings.span is LogSpan.IDS, target=settings.target, colours=False)
    return SinkHandler(file, style, LogFilter.parse(settings.level), clock=clock)
