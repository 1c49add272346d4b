"""Pages of logs: as many entries as were asked for, as long as a client with default limits can take them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from google.protobuf.message import Message

PAGE_BYTES = 3 * 1024 * 1024
"""A page ends before it is larger than this, which clients take by default; its first entry is always sent."""

CHUNK = 100

E = TypeVar("E")
M = TypeVar("M", bound=Message)


async def fetch_page(
    fetch: Callable[[int, int], Awaitable[Sequence[E]]],
    write: Callable[[E], M],
    *,
    start: int,
    length: int,
    room: int = PAGE_BYTES,
    first_fits: bool = True,
) -> list[M]:
    """Return messages of up to ``length`` entries from ``start`` on, that are not larger than ``room`` together.

    ``first_fits`` sends the first entry whatever its size. Entries are fetched in chunks, so that neither a large page nor
    large entries are held in memory twice.
    """
    page: list[M] = []
    size = 0
    while len(page) < length:
        wanted = min(CHUNK, length - len(page))
        entries = await fetch(start + len(page), wanted)
        for message in map(write, entries):
            size += message.ByteSize()
            if size > room and (page or not first_fits):
                return page
            page.append(message)
        if len(entries) < wanted:
            break
    return page
