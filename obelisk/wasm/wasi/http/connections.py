"""Connections to servers, plain and over TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.failures import connection_failure
from obelisk.wasm.wasi.http.resolver import Address, Resolver
from obelisk.wasm.wasi.http.target import Target

READ: Final = 64 * 1024
"""How many bytes are read at once. Twice as many wait at most before the peer is not read from any more."""
HTTPS: Final = "https"
ALPN: Final = ["http/1.1"]


class Connection:
    """One connection. ``abort`` it at the end, whatever happened."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return the next bytes, nothing when the peer sends no more. Raises ``HttpFailedError``."""
        try:
            return await self._reader.read(READ)
        except OSError as error:
            raise connection_failure(error, default=ErrorCase.CONNECTION_TERMINATED) from error

    async def write(self, content: bytes) -> None:
        """Send bytes; return when few enough of them are waiting. Raises ``HttpFailedError``."""
        try:
            self._writer.write(content)
            await self._writer.drain()
        except OSError as error:
            raise connection_failure(error, default=ErrorCase.CONNECTION_TERMINATED) from error

    def abort(self) -> None:
        """Close at once; the peer sees it now, not when the loop has its next turn. Idempotent."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        try:
            transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the peer was faster
        transport.abort()


class Connector:
    """Opens connections. The runs of a component share one."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or Resolver()
        self._tls: ssl.SSLContext | None = None

    async def find(self, target: Target) -> list[Address]:
        """Return the addresses of a target. Raises ``HttpFailedError``."""
        return await self._resolver.find(target.host, target.port)

    async def connect(self, target: Target, addresses: list[Address]) -> Connection:
        """Return a connection to the first address that accepts one. Raises the last address's ``HttpFailedError``."""
        failure = HttpFailedError(f"`{target.host}` has no address", ErrorCase.DESTINATION_NOT_FOUND)
        for address in addresses:
            try:
                return await self._open(target, await _connected(address))
            except OSError as error:
                failure = connection_failure(error, default=ErrorCase.DESTINATION_UNAVAILABLE)
        raise failure

    async def _open(self, target: Target, connected: socket.socket) -> Connection:
        try:
            tls = await self._context() if target.scheme == HTTPS else None
            name = target.host if tls is not None else None
            reader, writer = await asyncio.open_connection(sock=connected, limit=READ, ssl=tls, server_hostname=name)
        except BaseException:
            connected.close()
            raise
        return Connection(reader, writer)

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading the system's authorities takes tens of milliseconds.
            self._tls = await asyncio.to_thread(_new_context)
        return self._tls


async def _connected(address: Address) -> socket.socket:
    plain = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(plain, address.address)
    except BaseException:
        plain.close()
        raise
    return plain


def _new_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(ALPN)
    return context


def check_addresses(addresses: list[Address], check: Callable[[str], None]) -> None:
    """Call ``check`` with the text of each address; all have to pass, for a name is as trustworthy as its worst one."""
    for address in addresses:
        check(address.ip)
