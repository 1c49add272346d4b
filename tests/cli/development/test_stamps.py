"""Files that are looked at again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from obelisk.cli.development.stamps import MOST_LOOKS, Stamp, Stamps, changed, next_change, stamps_of

FILE = Path("app.py")


def stamps(size: int) -> Stamps:
    return {FILE: Stamp(1, size, 1)}


def looks(*sizes: int) -> Callable[[], Stamps]:
    """Return what sees the sizes one after the other, and the last one for ever."""
    left = list(sizes)
    return lambda: stamps(left.pop(0) if len(left) > 1 else left[0])


async def no_time(_seconds: float) -> None:
    """Take no time."""


async def seen(before: int, sizes: Sequence[int]) -> Stamps:
    return await next_change(looks(*sizes), stamps(before), sleep=no_time)


async def test_a_change_is_seen() -> None:
    assert await seen(1, [1, 1, 2]) == stamps(2)


async def test_a_file_that_grows_is_seen_once_it_stands_still() -> None:
    assert await seen(1, [2, 3, 4, 4, 5]) == stamps(4)


async def test_a_file_that_never_stands_still_is_seen_all_the_same() -> None:
    assert await seen(1, range(2, 2 * MOST_LOOKS)) == stamps(MOST_LOOKS + 2)


def test_what_was_written_has_come_or_has_gone_has_changed(tmp_path: Path) -> None:
    written, gone, came, same = (tmp_path / name for name in ("written", "gone", "came", "same"))
    for path in (written, gone, same):
        path.write_text("a")
    before = stamps_of([tmp_path])
    written.write_text("ab")
    gone.unlink()
    came.touch()
    assert changed(before, stamps_of([tmp_path])) == (came, gone, written)


def test_a_file_that_was_replaced_has_changed_though_size_and_time_are_the_same(tmp_path: Path) -> None:
    path, other = tmp_path / "app.py", tmp_path / "other"
    path.write_text("a")
    before = stamps_of([path])
    other.write_text("b")
    os.utime(other, ns=(before[path].modified, before[path].modified))
    other.replace(path)
    assert changed(before, stamps_of([path])) == (path,)


def test_what_tools_leave_beside_sources_does_not_count(tmp_path: Path) -> None:
    for place in (".git", "__pycache__", "node_modules/jco", "src"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "file").touch()
    (tmp_path / ".hidden").touch()
    assert [*stamps_of([tmp_path])] == [tmp_path / "src" / "file"]


def test_what_is_not_there_has_no_stamp(tmp_path: Path) -> None:
    assert stamps_of([tmp_path / "missing"]) == {}
