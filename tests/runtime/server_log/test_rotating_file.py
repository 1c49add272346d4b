"""When a log begins a new file, and which files are kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from obelisk.config.log_settings import LogRotation
from obelisk.runtime.server_log.rotating_file import RotatingFile


class Files:
    """A directory of log files and the time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "logs" / "of" / "today"
        self.now = datetime(2026, 1, 31, 23, 58, 30, tzinfo=UTC)

    def open(self, **settings: Any) -> RotatingFile:
        return RotatingFile(self.directory, "log", now=lambda: self.now, **settings)

    def held(self) -> dict[str, str]:
        """Return what each file holds."""
        return {path.name: path.read_text() for path in sorted(self.directory.iterdir())}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_without_rotation_there_is_one_file(files: Files):
    file = files.open()
    file.write(b"a\n")
    files.now += timedelta(days=400)
    file.write(b"b\n")
    file.close()
    files.open().write(b"c\n")
    assert files.held() == {"log": "a\nb\nc\n"}


@pytest.mark.parametrize(
    ("rotation", "step", "first", "second"),
    [
        (LogRotation.MINUTELY, timedelta(minutes=1), "log.2026-01-31-23-58", "log.2026-01-31-23-59"),
        (LogRotation.HOURLY, timedelta(hours=1), "log.2026-01-31-23", "log.2026-02-01-00"),
        (LogRotation.DAILY, timedelta(days=1), "log.2026-01-31", "log.2026-02-01"),
    ],
)
def test_each_period_has_its_file(files: Files, rotation: LogRotation, step: timedelta, first: str, second: str):
    file = files.open(rotation=rotation)
    file.write(b"a\n")
    files.now += timedelta(seconds=29)
    file.write(b"b\n")
    files.now += step
    file.write(b"c\n")
    assert files.held() == {first: "a\nb\n", second: "c\n"}


def test_a_full_file_is_followed_by_another(files: Files):
    file = files.open(max_size=6)
    for line in (b"aaa\n", b"b\n", b"c\n", b"long line\n", b"d\n"):
        file.write(line)
    assert files.held() == {"log": "aaa\nb\n", "log.1": "c\n", "log.2": "long line\n", "log.3": "d\n"}


def test_a_start_goes_on_with_the_newest_file(files: Files):
    settings: dict[str, Any] = {"rotation": LogRotation.DAILY, "max_size": 4}
    file = files.open(**settings)
    for _ in range(12):
        file.write(b"aa\n")
    file.close()
    again = files.open(**settings)
    again.write(b"\n")
    assert again.path.name == "log.2026-01-31.11"
    assert again.path.read_text() == "aa\n\n"


def test_the_oldest_files_are_deleted_and_no_others(files: Files):
    files.directory.mkdir(parents=True)
    for name in ("log.old", "logs", "log.2026-01-31x", "log.1.gz"):
        (files.directory / name).write_text("mine")
    file = files.open(rotation=LogRotation.MINUTELY, max_files=2, max_size=3)
    for _ in range(3):
        for _ in range(11):
            file.write(b"aa\n")
        files.now += timedelta(minutes=1)
    ours = [name for name, text in files.held().items() if text != "mine"]
    assert ours == ["log.2026-02-01-00-00.10", "log.2026-02-01-00-00.9"]
    assert len(files.held()) == 6


def test_a_file_that_was_moved_away_is_begun_again(files: Files):
    file = files.open()
    file.write(b"a\n")
    file.path.rename(files.directory / "log.old")
    file.write(b"b\n")
    file.path.unlink()
    file.write(b"c\n")
    assert files.held() == {"log": "c\n", "log.old": "a\n"}


def test_two_servers_may_share_a_file(files: Files):
    first, second = files.open(), files.open()
    for text in (b"a\n", b"b\n"):
        first.write(text)
        second.write(text)
    assert files.held() == {"log": "a\na\nb\nb\n"}


def test_others_on_the_machine_cannot_read_a_file(files: Files):
    assert files.open().path.stat().st_mode & 0o007 == 0


def test_a_full_disk_is_told(tmp_path: Path):
    file = RotatingFile(Path("/dev"), "full", now=lambda: datetime(2026, 1, 31, tzinfo=UTC))
    with pytest.raises(OSError, match="No space left on device"):
        file.write(b"a\n")


def test_after_half_a_line_the_next_one_begins_on_its_own(files: Files, monkeypatch: pytest.MonkeyPatch):
    file, write = files.open(), os.write

    def half_of(descriptor: int, data: bytes) -> int:
        if len(data) < 4:
            raise OSError(28, "No space left on device")
        return write(descriptor, bytes(data)[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half_of)
        with pytest.raises(OSError, match="No space"):
            file.write(b"lost\n")
    file.write(b"whole\n")
    file.write(b"again\n")
    assert files.held() == {"log": "lo\nwhole\nagain\n"}


@pytest.mark.parametrize("name", ["file", "pipe"])
def test_what_is_no_directory_or_no_file_is_refused_at_once(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    directory, prefix = (tmp_path / "file", "log") if name == "file" else (tmp_path, "pipe")
    with pytest.raises(OSError, match=r"File exists|Not a directory|No such device"):
        RotatingFile(directory, prefix, now=lambda: datetime(2026, 1, 31, tzinfo=UTC))
