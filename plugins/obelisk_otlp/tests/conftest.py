"""Fixtures of the exporter's tests."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from plugins.obelisk_otlp.tests.opening import Lines
from tests.otlp_receiver import GRPC, HTTP, Receiver, receiver


@pytest.fixture
async def lines() -> AsyncIterator[Lines]:
    """What the exporter writes into the server's log."""
    log = logging.getLogger("obelisk.otlp")
    handler, level = Lines(), log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture(params=[GRPC, HTTP])
def protocol(request: pytest.FixtureRequest) -> str:
    """Each way to send signals."""
    return str(request.param)


@pytest.fixture
def collector(protocol: str) -> Iterator[Receiver]:
    """A collector that takes signals that way."""
    with receiver(protocol) as found:
        yield found
