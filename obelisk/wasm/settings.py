"""The settings of a wasmtime engine, equal in the server and in the process that compiles for it."""

from __future__ import annotations

import contextlib
import faulthandler
import sys

from msgspec import Struct
from wasmtime import Config, Engine

from obelisk.errors import ConfigError
from obelisk.wasm import binding

MIN_HOST_STACK = 1024 * 1024


class EngineSettings(Struct, frozen=True):
    """What an engine is made with; code compiled with one set of values does not load with another.

    * ``fuel``: whether guests count the instructions that they run.
    * ``epoch``: whether guests look at the epoch, so that they can be interrupted.
    * ``max_wasm_stack``: how many bytes of a fiber's stack a guest may use.
    * ``async_stack_size``: the size of a fiber's stack; what a guest may not use of it is for host functions.
    * ``concurrency``: whether a store may run several calls at once, which components with asynchronous functions need.
      With it, wasmtime 50 refuses a call of the host with two borrowed handles, such as ``poll``.
    * ``deterministic_floats``: whether NaN has one bit pattern and relaxed SIMD one meaning on every machine, which
      replaying a workflow on another machine relies on.
    """

    fuel: bool
    epoch: bool = True
    max_wasm_stack: int = 512 * 1024
    async_stack_size: int = 2 * 1024 * 1024
    concurrency: bool = False
    deterministic_floats: bool = True


def wasmtime_config(settings: EngineSettings) -> Config:
    """Return a new wasmtime configuration; raise ``ConfigError`` when the stack sizes do not fit together.

    wasmtime itself would end the process for that.
    """
    _check_stacks(settings)
    config = Config()
    config.consume_fuel = settings.fuel
    config.epoch_interruption = settings.epoch
    config.max_wasm_stack = settings.max_wasm_stack
    binding.set_async_stack_size(config, settings.async_stack_size)
    binding.set_concurrency(config, enabled=settings.concurrency)
    config.cranelift_nan_canonicalization = settings.deterministic_floats
    config.wasm_relaxed_simd_deterministic = settings.deterministic_floats
    return config


def new_engine(settings: EngineSettings) -> Engine:
    """Return a new engine. Enables faulthandler first: enabled after an engine was made it turns traps into crashes."""
    enable_faulthandler()
    return Engine(wasmtime_config(settings))


def enable_faulthandler() -> None:
    """Enable faulthandler unless it is, or there is no standard error to write to."""
    if not faulthandler.is_enabled() and sys.__stderr__ is not None:
        with contextlib.suppress(OSError, ValueError):
            faulthandler.enable(sys.__stderr__)


def _check_stacks(settings: EngineSettings) -> None:
    if settings.max_wasm_stack <= 0:
        raise ConfigError(f"max_wasm_stack is {settings.max_wasm_stack} bytes, expected a positive size")
    if settings.async_stack_size < settings.max_wasm_stack + MIN_HOST_STACK:
        raise ConfigError(
            f"async_stack_size is {settings.async_stack_size} bytes, expected at least "
            f"{settings.max_wasm_stack + MIN_HOST_STACK}: max_wasm_stack ({settings.max_wasm_stack}) "
            f"and {MIN_HOST_STACK} bytes for host functions"
        )
