"""``wasi:random``: random, insecure, insecure-seed."""

from __future__ import annotations

from typing import Final

from obelisk.errors import GuestTrapError
from obelisk.wasm.wasi.calls import Handlers
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.streams import CHUNK

MAX_BYTES: Final = CHUNK


def _bytes(sandbox: Sandbox, count: int) -> bytes:
    if count > MAX_BYTES:
        text = f"{count} random bytes were asked for, expected at most {MAX_BYTES} in one call; call more than once"
        raise GuestTrapError(text)
    return sandbox.random(count)


def _u64(sandbox: Sandbox) -> int:
    return int.from_bytes(sandbox.random(8), "little")


def _seed(sandbox: Sandbox) -> list[int]:
    return [_u64(sandbox), _u64(sandbox)]


FUNCTIONS: Final[Handlers] = {
    "wasi:random/random.get-random-bytes": _bytes,
    "wasi:random/random.get-random-u64": _u64,
    "wasi:random/insecure.get-insecure-random-bytes": _bytes,
    "wasi:random/insecure.get-insecure-random-u64": _u64,
    "wasi:random/insecure-seed.insecure-seed": _seed,
}
