"""The sandbox of one guest: all of the world that it can reach through WASI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from obelisk.wasm.wasi.filesystem.preopens import Preopens
from obelisk.wasm.wasi.http.access import HttpAccess
from obelisk.wasm.wasi.pollables import Pollable
from obelisk.wasm.wasi.resources import Closable, Resources
from obelisk.wasm.wasi.streams import InputStream, LineOutput, OutputStream
from obelisk.wasm.wasi.unsent import UnsentBytes

if TYPE_CHECKING:
    from obelisk.wasm.wasi.http.client import HttpClient


class Clocks(Protocol):
    """What time is for a guest."""

    def wall(self) -> tuple[int, int]:
        """Return seconds and nanoseconds since the Unix epoch."""

    def monotonic(self) -> int:
        """Return nanoseconds since some moment of the past."""

    def until(self, instant: int) -> Pollable:
        """Return what is ready once ``monotonic`` has reached ``instant``."""


class Held(Struct, frozen=True):
    """The resource ``pollable``. Dropping it leaves alone what is waited for."""

    pollable: Pollable


class Sandbox:
    """See the module's documentation. Used on the loop; ``close`` it once, when the guest is dropped.

    ``random`` returns random bytes, ``environment`` are names and values. ``stdout`` and ``stderr`` get the lines.
    ``preopens`` are closed with the sandbox.
    ``access`` is what the guest has for HTTP requests; without it it sends none and has no secrets.
    ``caller`` is what host functions beside WASI know the guest by; WASI never looks at it.
    """

    def __init__(
        self,
        *,
        clocks: Clocks,
        random: Callable[[int], bytes],
        stdout: LineOutput,
        stderr: LineOutput,
        stdin: InputStream,
        environment: Sequence[tuple[str, str]] = (),
        preopens: Preopens | None = None,
        http: HttpClient | None = None,
        access: HttpAccess | None = None,
        caller: object = None,
    ) -> None:
        self.clocks = clocks
        self.random = random
        self.stdout = stdout
        self.stderr = stderr
        self.stdin = stdin
        self.environment = environment
        self.preopens = preopens
        self.http = http
        self.unsent = UnsentBytes()
        self.resources = Resources()
        self.access = access
        self.caller = caller
        self._closing: list[Closable] = [part for part in (preopens, access, http) if part is not None]

    def mask(self, text: str) -> str:
        """Return a text about the run without the values of secrets."""
        return text if self.access is None else self.access.secrets.mask(text)

    def hold(self, pollable: Pollable) -> int:
        """Return the number of a new ``pollable``."""
        return self.resources.add(Held(pollable))

    def drop(self, numbers: Sequence[int]) -> None:
        """Close what the guest dropped."""
        for number in numbers:
            self.resources.drop(number)

    def last_words(self) -> str:
        """Return the last lines of standard error, shortened, also one that has no end yet."""
        self.stderr.finish()
        return self.stderr.tail()

    def close(self) -> None:
        """Close all that the guest held, at once. What it wrote to a standard stream is handed over before."""
        self.stdout.finish()
        self.stderr.finish()
        self.resources.close()
        for part in reversed(self._closing):
            part.close()
        self._closing.clear()


class StandardOutput(OutputStream):
    """A guest's handle of a standard stream: it may be dropped and taken again, the stream goes on."""

    def __init__(self, stream: LineOutput) -> None:
        super().__init__()
        self._stream = stream
        self.changed = stream.changed

    def check_write(self) -> int:
        """See ``OutputStream``."""
        return self._stream.check_write()

    def write(self, content: bytes) -> None:
        """See ``OutputStream``."""
        self._stream.write(content)

    def flush(self) -> None:
        """See ``OutputStream``."""
        self._stream.flush()

    def is_ready(self) -> bool:
        """See ``OutputStream``."""
        return self._stream.is_ready()
