"""A webhook that misbehaves in every way that its guest knows, in a real server, while another one is served.

Clients get the answers that the guide of webhooks names, and the log says why.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.e2e.process import Server
from tests.e2e.world import WAT, World
from tests.hostile.table import GUESTS
from tests.hostile.test_server import MEBIBYTE, peak_memory

MOST_MEMORY = 350 * MEBIBYTE
"""16 MiB for the memory of each of 24 requests would be more than this; few take all of theirs at the same moment."""
SECONDS = 20.0
LISTENS = re.compile(r"HTTP server `external` listens at \S+:(\d+)")
HOOK = GUESTS / "webhooks" / "misbehaving.wat"
CONFIG = f"""
storage.use = "memory"

[[http_server]]
name = "external"
listening_addr = "127.0.0.1:0"

[[webhook_endpoint_wasm]]
name = "misbehaving"
location = "{HOOK}"
routes = ["/*"]
request_timeout = "2s"
memory = "16MiB"

[[webhook_endpoint_wasm]]
name = "hello"
location = "{WAT / "hello_webhook.wat"}"
routes = ["/hello"]
"""
WHOLE, BROKEN = True, False
BROKEN_OFF = "its response was broken off: "
DROPPED = BROKEN_OFF + "the guest dropped the body before it finished it"
LATE = "the request took longer than `request_timeout`"
SILENT = "the handler returned without a response"
WRONG_HANDLE = "used with the wrong type"


@dataclass(frozen=True)
class Ended:
    """How a request ended: with a status, with the whole of its response or not."""

    status: int
    is_whole: bool


CASES = {
    "a": (Ended(200, BROKEN), BROKEN_OFF + LATE),
    "b": (Ended(200, BROKEN), DROPPED),
    "c": (Ended(200, WHOLE), ""),
    "d": (Ended(500, WHOLE), "webhook trap: the guest's messages hold"),
    "e": (Ended(500, WHOLE), "webhook trap: a `fields` would take 131100 bytes, expected at most 131072"),
    "f": (Ended(200, WHOLE), ""),
    "g": (Ended(500, WHOLE), "webhook trap: the memory limit of 16777216 bytes is used up"),
    "h": (Ended(200, WHOLE), ""),
    "i": (Ended(200, WHOLE), ""),
    "j": (Ended(200, BROKEN), DROPPED),
    "k": (Ended(500, WHOLE), SILENT),
    "l": (Ended(500, WHOLE), "webhook trap: string pointer/length out of bounds of memory"),
    "m": (Ended(500, WHOLE), "webhook trap: the guest holds 10000 resources, no more are possible"),
    "n": (Ended(408, WHOLE), LATE),
    "o": (Ended(500, WHOLE), SILENT),
    "p": (Ended(500, WHOLE), WRONG_HANDLE),
    "q": (Ended(408, WHOLE), LATE),
    "r": (Ended(500, WHOLE), "webhook trap: unknown handle index"),
    "s": (Ended(500, WHOLE), WRONG_HANDLE),
    "t": (Ended(200, BROKEN), DROPPED),
    "u": (Ended(500, WHOLE), "webhook trap: call stack exhausted"),
    "v": (Ended(500, WHOLE), "webhook trap: the bodies of this run hold"),
    "w": (Ended(200, WHOLE), ""),
    "x": (Ended(500, WHOLE), "webhook trap: the guest's messages hold"),
}
MAY_BE_LATE = frozenset("mvx")
"""Those that take up to a bound, which takes a slow machine longer than the request may last."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    world = World(tmp_path_factory.mktemp("webhooks"), tmp_path_factory.mktemp("cache"), CONFIG)
    yield world.start()
    world.close()


def ask(server: Server, path: str) -> tuple[Ended, str]:
    """Send a request; return how it ended, and the id of its execution."""
    port = int(LISTENS.findall(server.log)[0])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        try:
            answer.read()
            is_whole = WHOLE
        except (http.client.IncompleteRead, ConnectionError):
            is_whole = BROKEN
        return Ended(answer.status, is_whole), answer.headers["x-obelisk-execution-id"]
    finally:
        connection.close()


def reason(server: Server, execution: str) -> str:
    """Return what the log says of an execution."""
    return "".join(line for line in server.log.splitlines() if f"execution `{execution}`: " in line)


def expected(letter: str, found: Ended) -> tuple[Ended, str]:
    """Return how a request should have ended, and a part of what is logged."""
    if letter in MAY_BE_LATE and found.status == http.client.REQUEST_TIMEOUT:
        return Ended(408, WHOLE), LATE
    return CASES[letter]


def test_all_at_once_end_as_documented_while_others_are_served(server: Server) -> None:
    with ThreadPoolExecutor(len(CASES)) as clients:
        asked = {letter: clients.submit(ask, server, f"/{letter}") for letter in CASES}
        while not all(each.done() for each in asked.values()):
            assert ask(server, "/hello")[0] == Ended(200, WHOLE)
    for letter, each in asked.items():
        found, execution = each.result()
        wanted, text = expected(letter, found)
        until = time.monotonic() + SECONDS
        while text not in reason(server, execution) and time.monotonic() < until:
            ask(server, "/hello")  # the log is written by a thread of its own
        assert (letter, found) == (letter, wanted), reason(server, execution)
        assert text in reason(server, execution), letter
        assert text or not reason(server, execution), letter
    assert peak_memory(server) < MOST_MEMORY
    assert "Traceback" not in server.log


def test_every_letter_of_the_guest_has_its_case() -> None:
    assert re.findall(r"^;; - ([a-z]): ", HOOK.read_text(encoding="utf-8"), re.MULTILINE) == list(CASES)
