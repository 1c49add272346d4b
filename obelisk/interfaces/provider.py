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
R = TypeVar("R", contravariant=True)


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


class Restore(Protocol[R]):
    """Puts what ``Provider.backup`` wrote into ``source`` where the settings say.

    Raises ``StorageError``, and changes nothing, when it is not whole, when a process uses what is there, and when something
    is there and ``replace`` is false.
    """

    def __call__(self, settings: R, source: Path, /, *, replace: bool) -> None:
        """Restore, durably."""


class Provider(Struct, Generic[S, T], frozen=True):
    """Something that the configuration can pick by ``name``.

    ``settings`` is the Struct of the TOML table of that name: unknown keys and wrong types in it are reported with their
    path before anything is opened. ``open`` is entered once; what it yields is used until the engine closes it. Heavy
    imports belong in ``open``, so that listing plugins stays quick. What ``open`` raises ends the start: a storage raises
    ``StorageError``, and whatever else is wrong is told best by another ``ObeliskError``. ``summary`` is one line for
    people. ``wipe``, if it is not ``None``, deletes for good what lies behind ``settings``; it is called only while
    nothing is open, and raises ``StorageError`` when it cannot.

    ``backup``, if it is not ``None``, writes into an empty directory all that lies behind ``settings``, as it is at one
    moment. Other processes may use it meanwhile, and do not wait for that. Who calls it sees to it that what was cut short
    is not taken for whole. ``restore`` puts it back; see ``Restore``. Both raise ``StorageError`` when they cannot.
    """

    name: str
    summary: str
    settings: type[S]
    open: Callable[[S, Host], AbstractAsyncContextManager[T]]
    wipe: Callable[[S], None] | None = None
    backup: Callable[[S, Path], None] | None = None
    restore: Restore[S] | None = None
