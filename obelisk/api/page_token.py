"""Tokens that say where a page of lines begins.

A token is what the server made of a place, and means nothing to a client. It holds everything that a request does not
repeat: which way to go, the cursor, and the time that lines have to be younger than. A client that wants to begin at a
time sends that time, as RFC 3339 writes it, in place of a token.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from msgspec import Struct

from obelisk.clock import FAR_FUTURE, from_microseconds, to_microseconds, zoned_time
from obelisk.errors import InputError
from obelisk.interfaces.storage import Order

MAX_LENGTH = 100
MAX_CURSOR = 2**62
_LATEST = to_microseconds(FAR_FUTURE)
_PLACE = re.compile(r"([no])([0-9]{1,19})(?:@([0-9]{1,18}))?")
_ORDERS = {"n": Order.NEWER, "o": Order.OLDER}
_LETTERS = {order: letter for letter, order in _ORDERS.items()}


class Place(Struct, frozen=True):
    """Where a page begins: after the cursor, or before it, among the lines that were logged after ``after``."""

    order: Order = Order.NEWER
    cursor: int | None = None
    after: datetime | None = None


def token_of(place: Place) -> str:
    """Write a place."""
    since = "" if place.after is None else f"@{to_microseconds(place.after)}"
    text = f"{_LETTERS[place.order]}{place.cursor or 0}{since}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(token: str) -> Place:
    """Read a place; nothing is the beginning. Raises ``InputError`` for what is neither a token nor a time."""
    if not token:
        return Place()
    place = None if len(token) > MAX_LENGTH else _decoded(token) or _time(token)
    if place is None:
        raise InputError(
            f"argument `page_token` is `{token[:MAX_LENGTH]}`, expected a token from an earlier answer, or a time such as "
            "`2026-01-31T12:00:00Z`"
        )
    return place


def _decoded(token: str) -> Place | None:
    try:
        text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    found = _PLACE.fullmatch(text)
    if found is None or int(found[2]) > MAX_CURSOR or int(found[3] or 0) > _LATEST:
        return None
    after = None if found[3] is None else from_microseconds(int(found[3]))
    place = Place(_ORDERS[found[1]], int(found[2]), after)
    return place if token_of(place) == token else None


def _time(token: str) -> Place | None:
    when = zoned_time(token)
    return None if when is None else Place(after=when)
