"""Files of a log: a new one for each period, or when one is full.

A file is named ``PREFIX``, ``PREFIX.2026-01-31``, ``PREFIX.2026-01-31-12`` or ``PREFIX.2026-01-31-12-05``, after the period
that it begins with; further files of one period have ``.1``, ``.2`` behind that. Nothing is renamed, and lines are only
appended, so that two servers may share a file, and so that whoever follows a file never sees it change under them. A file
that somebody else moved away or deleted is begun again.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from obelisk.config.log_settings import LogRotation

_FORMATS = {
    LogRotation.NEVER: "",
    LogRotation.MINUTELY: ".%Y-%m-%d-%H-%M",
    LogRotation.HOURLY: ".%Y-%m-%d-%H",
    LogRotation.DAILY: ".%Y-%m-%d",
}
# A pipe that nobody reads must not hold up the start.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_MODE = 0o640
_log = logging.getLogger("obelisk.log")


class RotatingFile:
    """See the module's documentation. ``max_size`` is in bytes; ``now`` returns the time in UTC."""

    def __init__(
        self,
        directory: Path,
        prefix: str,
        *,
        now: Callable[[], datetime],
        rotation: LogRotation = LogRotation.NEVER,
        max_size: int | None = None,
        max_files: int | None = None,
    ) -> None:
        """Make the directory and open the file of now. Raises ``OSError``."""
        self.name = f"the log file in {directory}"
        self._directory = directory
        self._prefix = prefix
        self._now = now
        self._format = _FORMATS[rotation]
        self._max_size = max_size
        self._max_files = max_files
        self._pattern = re.compile(re.escape(prefix) + r"(?P<period>\.\d{4}(?:-\d\d){2,4})?(?:\.(?P<number>\d+))?")
        self._descriptor: int | None = None
        self._period = ""
        self._number = 0
        self._is_torn = False
        directory.mkdir(parents=True, exist_ok=True)
        self._open(*self._place(0))

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._path(self._period, self._number)

    def write(self, data: bytes) -> None:
        """Append whole lines to the file of now. Raises ``OSError``."""
        place = self._place(len(data))
        if self._descriptor is None or place != (self._period, self._number) or self._is_replaced(self._descriptor):
            self._open(*place)
        assert self._descriptor is not None  # else it could not be opened
        self._append(self._descriptor, b"\n" + data if self._is_torn else data)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        except OSError:
            self._is_torn = self._is_torn or len(rest) < len(data)
            raise
        self._is_torn = False

    def _place(self, size: int) -> tuple[str, int]:
        """Return the period and the number of the file that ``size`` further bytes belong into."""
        period = self._now().strftime(self._format)
        is_known = self._descriptor is not None and period == self._period
        number = self._number if is_known else self._newest(period)
        while (
            self._max_size is not None and (held := _size(self._path(period, number))) and held + size > self._max_size
        ):
            number += 1  # another server may have filled the next one too
        return period, number

    def _newest(self, period: str) -> int:
        return max((number for found, number, _ in self._files() if found == period), default=0)

    def _open(self, period: str, number: int) -> None:
        descriptor = os.open(self._path(period, number), _FLAGS, _MODE)
        self.close()
        self._descriptor, self._period, self._number = descriptor, period, number
        self._delete_old()

    def _is_replaced(self, descriptor: int) -> bool:
        try:
            return not os.path.samestat(self.path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return True

    def _delete_old(self) -> None:
        if self._max_files is None:
            return
        others = sorted(file for file in self._files() if file[2] != self.path)
        for _, _, path in others[: max(len(others) + 1 - self._max_files, 0)]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("the old log file %s cannot be deleted: %s", path, error.strerror or error)

    def _files(self) -> list[tuple[str, int, Path]]:
        found = []
        for path in self._directory.iterdir():
            match = self._pattern.fullmatch(path.name)
            if match is not None:
                found.append((match["period"] or "", int(match["number"] or 0), path))
        return found

    def _path(self, period: str, number: int) -> Path:
        return self._directory / f"{self._prefix}{period}{f'.{number}' if number else ''}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
