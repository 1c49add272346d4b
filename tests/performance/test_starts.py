"""What a call and a start take, counted: a regression shows on any machine, however fast or busy it is.

Nearly all of their time goes into imports. Each module costs about a third of a millisecond, whoever has written it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.performance.starts import Start, command, server

MAX_OF_A_CALL = 40
"""Of modules of ours; a call has 36. What else there is belongs to Python, gRPC, protobuf, click and msgspec."""
MAX_OF_A_START = 325
"""Of modules of ours; a start with the plugins of this repository has 307."""
NEEDLESS = frozenset({"encodings.idna", "grpc_reflection.v1alpha", "http.client", "urllib.request", "xml.sax"})
"""Modules that nothing needs that a server does before it is ready, and that bring others or are large."""
NEEDLESS_FOR_A_CALL = NEEDLESS | {"email", "importlib.metadata", "pluggy", "sqlite3", "wasmtime", "zipfile"}


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """A call to a server that is not there: it imports what a call that is answered does."""
    arguments = ("client", "execution", "get", "E_01J9Z3N5T8C4V6B7X2K1M0QRSW", "--api-url", "http://127.0.0.1:1")
    return command(*arguments, env=places(tmp_path_factory.mktemp("call")))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """The second start of a server in the same place: the first makes the database."""
    directory = tmp_path_factory.mktemp("server")
    server(directory, env=places(directory))
    return server(directory, env=places(directory))


def places(directory: Path) -> dict[str, str]:
    return {
        "OBELISK_DATA_DIR": str(directory / "data"),
        "OBELISK_CACHE_DIR": str(directory / "cache"),
        "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
    }


def test_a_call_imports_few_modules(call: Start):
    assert "obelisk.cli.running" in call.own
    assert len(call.own) <= MAX_OF_A_CALL, sorted(call.own)


def test_a_call_imports_nothing_large_that_it_does_not_need(call: Start):
    assert "grpc" in call.modules
    assert call.modules.isdisjoint(NEEDLESS_FOR_A_CALL)


def test_a_call_has_answered_before_garbage_is_looked_for(call: Start):
    assert call.frozen == ()


def test_a_start_imports_few_modules(start: Start):
    assert "obelisk.runtime.engine" in start.own
    assert len(start.own) <= MAX_OF_A_START, sorted(start.own)


def test_a_start_imports_nothing_large_that_it_does_not_need(start: Start):
    assert "wasmtime" in start.modules
    assert start.modules.isdisjoint(NEEDLESS)


def test_a_start_looks_for_garbage_once_and_not_among_what_imports_made(start: Start):
    (frozen,) = start.frozen
    assert frozen > 0
