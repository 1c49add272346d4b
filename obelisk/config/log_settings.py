"""``[log]``: where the server's log goes, what it holds, and how it looks."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Literal, Self

from msgspec import Struct

from obelisk.interfaces.log_filter import DEFAULT_FILTER, LogFilter
from obelisk.interfaces.settings import Size

LEAST_SIZE = 4096


def _check_level(text: str) -> None:
    try:
        LogFilter.parse(text)
    except ValueError as error:
        raise ValueError(f"`level`: {error}") from error


class LogStyle(Enum):
    """How a line looks; ``plain_compact`` is another name of ``compact``."""

    PLAIN = "plain"
    COMPACT = "compact"
    JSON = "json"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("compact") if value == "plain_compact" else None


class LogSpan(Enum):
    """What a line of text tells of the trace that it belongs to."""

    NONE = "none"
    IDS = "ids"


class LogWriter(Enum):
    """A standard stream of the server, however its name is written."""

    STDERR = "stderr"
    STDOUT = "stdout"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next((each for each in cls if isinstance(value, str) and value.lower() == each.value), None)


class LogRotation(Enum):
    """When a new file is begun, in UTC."""

    NEVER = "never"
    MINUTELY = "minutely"
    HOURLY = "hourly"
    DAILY = "daily"


class ConsoleLogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's log on a standard stream.

    * ``enabled``: whether it is written.
    * ``level``: which lines: a level (``trace``, ``debug``, ``info``, ``warn``, ``error``, ``off``), and others for targets
      such as ``app``, which is what components log, or ``obelisk.timers``. It can be changed while the server runs.
    * ``style``: ``compact``, ``plain`` with every id, or ``json``, an object per line.
    * ``span``: whether lines of text have the ``ids`` of their trace and span; ``json`` always has them.
    * ``target``: whether lines of text have their target; ``json`` always has it.
    * ``writer``: ``stderr`` or ``stdout``. The ready line is on standard output whatever this says.
    """

    enabled: bool = True
    level: str = DEFAULT_FILTER
    style: LogStyle = LogStyle.COMPACT
    span: LogSpan = LogSpan.NONE
    target: bool = True
    writer: LogWriter = LogWriter.STDERR

    def __post_init__(self) -> None:
        _check_level(self.level)


class FileLogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server's log in files; this table switches it on.

    * ``enabled``: whether it is written.
    * ``directory``: where the files are; it is made when it is missing.
    * ``prefix``: how their names begin; the time at which a file begins follows, and a number when there are several.
    * ``rotation``: when a new file is begun: ``never``, ``minutely``, ``hourly`` or ``daily``, in UTC.
    * ``max_size``: a file that would be larger than this is followed by another one; at least 4 KiB.
    * ``max_files``: how many files are kept; the oldest are deleted.
    * ``level``: which lines, as in ``[log.console]``.
    * ``style``: as in ``[log.console]``.
    * ``span``: as in ``[log.console]``.
    * ``target``: as in ``[log.console]``.
    """

    directory: Path
    enabled: bool = True
    prefix: str = "obelisk.log"
    rotation: LogRotation = LogRotation.NEVER
    max_size: Size | Literal["unlimited"] = "unlimited"
    max_files: int | Literal["unlimited"] = "unlimited"
    level: str = DEFAULT_FILTER
    style: LogStyle = LogStyle.PLAIN
    span: LogSpan = LogSpan.NONE
    target: bool = True

    def __post_init__(self) -> None:
        _check_level(self.level)
        if not self.prefix or self.prefix in (".", "..") or "/" in self.prefix or "\0" in self.prefix:
            raise ValueError(f"`prefix`: expected the beginning of a file's name, found `{self.prefix}`")
        if self.max_size != "unlimited" and self.max_size < LEAST_SIZE:
            raise ValueError(f"`max_size`: expected at least {LEAST_SIZE} bytes, found {int(self.max_size)}")
        if self.max_files != "unlimited" and self.max_files < 1:
            raise ValueError(f"`max_files`: expected at least 1, found {self.max_files}")


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The server's own log.

    * ``file``: the log in files.
    """

    console: ConsoleLogSettings = ConsoleLogSettings()
    file: FileLogSettings | None = None
