"""The file that a report is written to, each time that it has grown."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkError
from benchmarks.results import Report

UNFINISHED: Final = ".unfinished"


class ReportFile:
    """Keeps the newest report, in a file too unless ``path`` is ``None``.

    What was in the file stays until the new report is whole. ``is_behind`` tells that the newest could not be written; that
    ends no run, since what it measured is still shown.
    """

    def __init__(self, path: Path | None, say: Callable[[str], None]) -> None:
        self.report: Report | None = None
        self.is_behind = False
        self._path = path
        self._say = say

    def check(self) -> None:
        """Raise ``BenchmarkError`` when nothing could be written, before anything is measured."""
        if self._path is None:
            return
        path = self._path.parent if self._is_replaced(self._path) else self._path
        if not path.exists():
            raise BenchmarkError(f"the report cannot be written to {self._path}: there is no directory {path}")
        if not os.access(path, os.W_OK):
            raise BenchmarkError(f"the report cannot be written to {self._path}: {path} is not writable")

    def take(self, report: Report) -> None:
        """Keep a report."""
        self.report = report
        if self._path is None:
            return
        try:
            self._write(report, self._path)
        except OSError as error:
            self.is_behind = True
            self._say(f"the report could not be written to {self._path}: {error.strerror or error}")
        else:
            self.is_behind = False

    def _write(self, report: Report, path: Path) -> None:
        if not self._is_replaced(path):
            report.write(path)
            return
        path = path.resolve()
        unfinished = path.with_name(path.name + UNFINISHED)
        try:
            report.write(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def _is_replaced(self, path: Path) -> bool:
        """Tell whether it is a file, or will be; a device or a pipe is written to as it is."""
        return path.is_file() or not path.exists()
