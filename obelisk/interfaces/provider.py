"""How a thing that a plugin offers is named, configured and opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from obelisk.clock import Clock

S = TypeVar("S", bound=Struct)
T = TypeVar("T")


class RandomSource(Protocol):
    """Where random bytes come from; a test brings its own."""

    def __call__(self, count: int, /) -> bytes:
        """Return ``count`` random bytes."""


class Host(Struct, frozen=True):
    """What the engine hands to everything that it opens.

    ``data_dir`` keeps what has to outlive the process, ``cache_dir`` what may be deleted at any time; both exist.
    ``environ`` is the environment that variables are forwarded from.
    """

    clock: Clock
    random: RandomSource
    data_dir: Path
    cache_dir: Path
    log: logging.Logger
    environ: Mapping[str, str] = {}


class Provider(Struct, Generic[S, T], frozen=True):
    """Something that the configuration can pick by ``name``.

    ``settings`` is the Struct of the TOML table of that name: unknown keys and wrong types in it are reported with their
    path before anything is opened. ``open`` is entered once; what it yields is used until the engine closes it. Heavy
    imports belong in ``open``, so that listing plugins stays quick. ``summary`` is one line for people. ``wipe``, if it is
    not ``None``, deletes for good what lies behind ``settings``; it is called only while nothing is open, and raises
    ``StorageError`` when it cannot.
    """

    name: str
    summary: str
    settings: type[S]
    open: Callable[[S, Host], AbstractAsyncContextManager[T]]
    wipe: Callable[[S], None] | None = None
