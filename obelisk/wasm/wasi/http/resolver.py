"""Finding the addresses of a name.

Theory of operation
    The system's resolver blocks, for half a minute when name servers are away, and cannot be interrupted. So each look-up
    has a thread of its own that nobody waits for: not the cancelled run, not the loop that stops, not the process that
    exits. Their number is bounded; what comes on top waits its turn.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Final

from msgspec import Struct

from obelisk.wasm.wasi.http.failures import lookup_failure

LOOKUPS: Final = 32
"""How many look-ups run at a time."""

SocketAddress = tuple[Any, ...]
"""What ``socket.connect`` takes; the first part is the address as text."""


class Address(Struct, frozen=True):
    """One address: ``family`` and what a socket of it connects to."""

    family: int
    address: SocketAddress

    @property
    def ip(self) -> str:
        """The address as text, without a zone."""
        return str(self.address[0]).partition("%")[0]


class Resolver:
    """See the module's theory of operation."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(LOOKUPS)

    async def find(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host in the order in which to try them. Raises ``HttpFailedError``."""
        try:
            # An address needs no name server.
            return _addresses(host, port, socket.AI_NUMERICHOST)
        except (OSError, UnicodeError):
            pass
        try:
            return await self._look_up(host, port)
        except (OSError, UnicodeError) as error:
            raise lookup_failure(host, error) from error

    async def _look_up(self, host: str, port: int) -> list[Address]:
        await self._turns.acquire()
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Address]] = loop.create_future()
        found.add_done_callback(lambda _: None)

        def work() -> None:
            result: list[Address] | BaseException
            try:
                result = _addresses(host, port, 0)
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to who waits for it
                result = error
            try:
                loop.call_soon_threadsafe(done, result)
            except RuntimeError:
                pass  # the loop was closed meanwhile

        def done(result: list[Address] | BaseException) -> None:
            self._turns.release()
            if found.cancelled():
                return
            if isinstance(result, BaseException):
                found.set_exception(result)
            else:
                found.set_result(result)

        threading.Thread(target=work, name="obelisk-lookup", daemon=True).start()
        return await found


def _addresses(host: str, port: int, flags: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags | socket.AI_NUMERICSERV)
    return [Address(int(family), address) for family, _, _, _, address in found]
