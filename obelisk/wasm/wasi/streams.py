"""Streams of bytes between a guest and the host, and how they end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from obelisk.errors import GuestError
from obelisk.wasm.wasi.pollables import Signal, Unsubscribe

TAIL: Final = 20
"""How many of the last lines of a stream are kept for the message of a run that crashed."""
TAIL_LINE: Final = 500
CHUNK: Final = 64 * 1024
"""How many bytes a stream moves in one call at most; a byte takes 32 while it crosses the boundary."""
LINES_AT_ONCE: Final = 200
"""How many lines a standard stream hands over before others have their turn."""


class StreamEndedError(GuestError):
    """The stream has no more bytes, or takes none."""


class StreamFailedError(GuestError):
    """An operation on the stream failed; the message is for people, ``code`` for ``http-error-code`` and its like.

    ``code`` has the form of the error code of the package that the stream belongs to.
    """

    def __init__(self, message: str, *, code: Any = None) -> None:
        super().__init__(message)
        self.code = code


class InputStream:
    """A stream that the guest reads. A subclass writes ``read`` and ``is_ready``, and fires ``changed``."""

    def __init__(self) -> None:
        self.changed = Signal()

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes that are here now, nothing when there are none yet.

        Raises ``StreamEndedError`` after the last one, ``StreamFailedError`` once when reading failed.
        """
        raise NotImplementedError

    def prepare(self, size: int) -> None:
        """The guest is about to wait for up to ``size`` bytes: a stream that fetches them only when asked begins now."""

    def is_ready(self) -> bool:
        """Tell whether ``read`` would return something or raise."""
        raise NotImplementedError

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """See ``Pollable``."""
        return self.changed.subscribe(wake)

    def close(self) -> None:
        """The guest reads no more. Gives back at once what the stream holds."""


class OutputStream:
    """A stream that the guest writes. A subclass writes all but ``subscribe`` and ``close``, and fires ``changed``."""

    def __init__(self) -> None:
        self.changed = Signal()

    def check_write(self) -> int:
        """Return how many bytes ``write`` takes now, 0 when it has to be waited for.

        Raises ``StreamEndedError`` when it takes none any more, ``StreamFailedError`` once when writing failed.
        """
        raise NotImplementedError

    def write(self, content: bytes) -> None:
        """Take bytes, no more than ``check_write`` said. Raises as ``check_write`` does."""
        raise NotImplementedError

    def flush(self) -> None:
        """Ask that all bytes go where they are to go; ``check_write`` returns 0 until they are there."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether ``check_write`` would return more than 0 or raise."""
        raise NotImplementedError

    def subscribe(self, wake: Callable[[], None]) -> Unsubscribe:
        """See ``Pollable``."""
        return self.changed.subscribe(wake)

    def close(self) -> None:
        """The guest writes no more. What was written still goes where it is to go, as far as that takes no waiting."""


class EmptyInput(InputStream):
    """A stream without a byte."""

    def read(self, size: int) -> bytes:
        """Raise ``StreamEndedError``."""
        raise StreamEndedError("the stream has no more bytes")

    def is_ready(self) -> bool:
        """Return true: the end is known."""
        return True


class LineOutput(OutputStream):
    """A stream whose lines are handed over one by one, without their ends.

    A line longer than ``max_line`` bytes is handed over in pieces. ``mask`` hides in a line what nobody is to read, and
    nothing that it hides is longer than ``overlap`` bytes.

    Lines may be as short as nothing, and each is some work: after ``LINES_AT_ONCE`` of one write the writer waits until the
    loop has called ``soon``'s argument. Without ``soon`` nobody can wait, and the rest of such a write is one line.
    """

    def __init__(
        self, emit: Callable[[bytes], None], *, max_line: int = CHUNK, mask: Callable[[bytes], bytes] = bytes,
        overlap: int = 0, soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._emit = emit
        self._mask = mask
        self._max_line = max_line
        self._overlap = overlap
        self._soon = soon
        self._rest = b""
        self._is_behind = False
        self._tail: deque[bytes] = deque(maxlen=TAIL)

    def check_write(self) -> int:
        """Return a chunk's size, 0 while there are lines to hand over."""
        return 0 if self._is_behind else CHUNK

    def write(self, content: bytes) -> None:
        """Hand over the lines that are complete, and keep the rest."""
        self._rest += content
        if not self._is_behind:
            self._hand_over_lines()

    def flush(self) -> None:
        """Do nothing: a line that is not complete waits for its end."""

    def is_ready(self) -> bool:
        """Tell whether all complete lines were handed over."""
        return not self._is_behind

    def finish(self) -> None:
        """Hand over what is left when the run is over; lines that still wait are one then. Idempotent."""
        rest, self._rest = self._rest, b""
        if rest:
            self._hand_over(rest)

    def tail(self) -> str:
        """Return the last lines, shortened, as text."""
        return "\n".join(line[:TAIL_LINE].decode(errors="replace") for line in self._tail)

    def _hand_over_lines(self) -> None:
        *lines, self._rest = self._rest.split(b"\n", LINES_AT_ONCE)
        for line in lines:
            self._hand_over(line.removesuffix(b"\r"))
        end = self._rest.rfind(b"\n")
        self._is_behind = end >= 0 and self._soon is not None
        if self._is_behind and self._soon is not None:
            self._soon(self._go_on)
            return
        if end >= 0:
            self._hand_over(self._rest[:end])
            self._rest = self._rest[end + 1 :]
        self._hand_over_long()

    def _go_on(self) -> None:
        self._hand_over_lines()
        if not self._is_behind:
            self.changed.fire()

    def _hand_over_long(self) -> None:
        """Hand over what is beyond a line's length, but for bytes that may begin something to hide."""
        while len(self._rest) > self._max_line + self._overlap:
            self._rest = self._mask(self._rest)
            piece, self._rest = self._rest[: self._max_line], self._rest[self._max_line :]
            self._hand_over(piece)

    def _hand_over(self, line: bytes) -> None:
        line = self._mask(line)
        self._tail.append(line[:TAIL_LINE])
        for start in range(0, max(len(line), 1), self._max_line):
            self._emit(line[start : start + self._max_line])
