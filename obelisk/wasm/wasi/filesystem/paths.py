"""From a guest's path to a name in an open directory.

Theory of operation
    A walk keeps a trail of the directories that it went down, each opened from the one above by one name, without
    following a link (``O_NOFOLLOW``). A link is read and its target put in front of the names that are left. ``..`` takes
    the last directory off the trail; at the start of the trail that is an error, and so are absolute paths and targets.
    Thus every directory of the trail was, when it was opened, an entry of the one above, and the start is the guest's own.

    What a walk returns is a directory and a name in it. The name is used by calls that do not follow links either; who puts
    a link there meanwhile gets an error (``loop``), not a way out.

    The trail keeps ``MAX_HELD`` directories open at most. When ``..`` goes up to one that was let go, the walk goes down to
    it again from the start by the names of the trail; when they lead elsewhere now, that is still below the start.

The rules are those of the WIT of ``wasi:filesystem``, the rest is as in POSIX (XBD 4.16, pathname resolution).
"""

from __future__ import annotations

import errno
import os
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from obelisk.wasm.wasi.filesystem.error_codes import failure

MAX_PATH: Final = 4096
"""Bytes of a path, as Linux has it."""
MAX_LINKS: Final = 40
"""Links in one walk, as Linux has it."""
MAX_STEPS: Final = 100_000
"""Directories opened in one walk."""
MAX_HELD: Final = 32
HERE: Final = b"."
UP: Final = b".."
DIRECTORY_FLAGS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Place(Struct, frozen=True):
    """A name in an open directory; ``.`` is the directory itself. It is valid inside of the walk.

    ``as_directory``: the path says that it is a directory, by a slash at its end.
    """

    directory: int
    name: bytes
    as_directory: bool = False

    def stat(self) -> os.stat_result:
        """Return the status of what is there, without following a link. Raises ``OSError``."""
        return os.stat(self.name, dir_fd=self.directory, follow_symlinks=False)


def encoded(path: str) -> bytes:
    """Return a path or the target of a link as bytes. Raises ``OSError`` for what can be none."""
    content = path.encode()
    if not content:
        raise failure(errno.ENOENT)
    if b"\0" in content:
        raise failure(errno.EINVAL)
    if len(content) >= MAX_PATH:
        raise failure(errno.ENAMETOOLONG)
    return content


def is_absolute(path: bytes) -> bool:
    """Tell whether a path starts at a root."""
    return path.startswith(b"/")


class Walk:
    """A walk from the directory ``start``, which stays open. Used in a ``with`` block, for one path."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._names: list[bytes] = []
        self._held: list[int | None] = []
        self._links = 0
        self._steps = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for directory in self._held:
            if directory is not None:
                os.close(directory)
        self._held.clear()

    def object(self, path: str, *, follow: bool) -> Place:
        """Return the place of an object, which need not exist. With ``follow`` it is no link, unless it just became one."""
        names = _names(encoded(path))
        while names:
            name = names.pop()
            if name == HERE:
                continue
            if name == UP:
                self._up()
                continue
            if names:
                target = self._down(name)
            elif not follow or (target := self._target(name)) is None:
                return Place(self._top(), name)
            if target is not None:
                names += self._names_of_link(target)
        return Place(self._top(), HERE)

    def entry(self, path: str) -> Place:
        """Return the place of a directory's entry that is to be made, renamed or removed: the last name is left alone."""
        content = encoded(path)
        front, slash, last = content.rstrip(b"/").rpartition(b"/")
        if is_absolute(content) or last in (HERE, UP):
            return self.object(path, follow=True)
        if slash:
            self.object((front + b"/").decode(), follow=True)
        return Place(self._top(), last, content.endswith(b"/"))

    def _down(self, name: bytes) -> bytes | None:
        """Go into a directory; return the target instead when the name is a link."""
        try:
            self._descend(name)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP) and (target := self._target(name)) is not None:
                return target
            raise
        return None

    def _descend(self, name: bytes) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise failure(errno.ENAMETOOLONG)
        self._held.append(os.open(name, DIRECTORY_FLAGS, dir_fd=self._top()))
        self._names.append(name)
        oldest = len(self._held) - MAX_HELD - 1
        if oldest >= 0 and (directory := self._held[oldest]) is not None:
            self._held[oldest] = None
            os.close(directory)

    def _target(self, name: bytes) -> bytes | None:
        """Return where a link leads, ``None`` for what is no link or not there."""
        try:
            return os.readlink(name, dir_fd=self._top())
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT):
                return None
            raise

    def _names_of_link(self, target: bytes) -> list[bytes]:
        self._links += 1
        if self._links > MAX_LINKS:
            raise failure(errno.ELOOP)
        return _names(target)

    def _up(self) -> None:
        if not self._held:
            raise failure(errno.EPERM)
        self._names.pop()
        directory = self._held.pop()
        if directory is not None:
            os.close(directory)
        if self._held and self._held[-1] is None:  # then so are all before it
            names, self._names, self._held = self._names, [], []
            for name in names:
                self._descend(name)

    def _top(self) -> int:
        top = self._held[-1] if self._held else self._start
        assert top is not None  # ``_up`` opens it again
        return top


def _names(path: bytes) -> list[bytes]:
    """Return the names of a path, the last one first; a slash at its end is a ``.``."""
    if is_absolute(path):
        raise failure(errno.EPERM)
    names = [name for name in path.split(b"/") if name]
    return [*([HERE] if path.endswith(b"/") else []), *reversed(names)]
