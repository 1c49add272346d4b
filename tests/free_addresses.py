"""Addresses for servers that have to be told theirs before they start."""

from __future__ import annotations

import socket
from contextlib import ExitStack


def free_addresses(count: int) -> list[str]:
    """Return so many addresses ``127.0.0.1:PORT`` at which nobody listens; somebody may, before one is used."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return ["{}:{}".format(*each.getsockname()) for each in sockets]
