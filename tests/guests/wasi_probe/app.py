"""A guest that runs Python source, so that a test of a WASI function is a few lines of text.

The source sees the generated bindings under the names of the WIT interfaces (``streams``, ``monotonic_clock``, ...;
``filesystem`` and ``http`` for the two interfaces that are called ``types``), ``Ok``, ``Err``, ``Some``, and some modules of
the standard library. It leaves what the test is to see in ``result``. Only what is imported here can be imported there: the
component is a snapshot of an interpreter that has no files.
"""

import asyncio
import dataclasses
import datetime
import enum
import io
import json
import os
import pathlib
import random as python_random
import sys
import time
import traceback

from componentize_py_types import Err, Ok, Some
from wit_world import exports
from wit_world.imports import (
    environment,
    error,
    exit,
    insecure,
    insecure_seed,
    instance_network,
    ip_name_lookup,
    monotonic_clock,
    network,
    outgoing_handler,
    poll,
    preopens,
    random,
    stderr,
    stdin,
    stdout,
    streams,
    tcp,
    tcp_create_socket,
    terminal_input,
    terminal_output,
    terminal_stderr,
    terminal_stdin,
    terminal_stdout,
    udp,
    udp_create_socket,
    wall_clock,
)
from wit_world.imports import wasi_filesystem_types as filesystem
from wit_world.imports import wasi_http_types as http

INTERFACES = (
    environment, error, exit, insecure, insecure_seed, instance_network, ip_name_lookup, monotonic_clock, network,
    outgoing_handler, poll, preopens, random, stderr, stdin, stdout, streams, tcp, tcp_create_socket, terminal_input,
    terminal_output, terminal_stderr, terminal_stdin, terminal_stdout, udp, udp_create_socket, wall_clock,
)  # fmt: skip
LIBRARY = (asyncio, dataclasses, datetime, enum, io, json, os, pathlib, python_random, sys, time, traceback)


class Probe(exports.Probe):
    """The exported interface."""

    def run(self, script: str) -> str:
        """Run a script; an exception becomes the err: its class and text, for ``Err`` the value that the host gave."""
        names = namespace()
        try:
            exec(script, names)
            return json.dumps(plain(names["result"]))
        except Err as failure:
            raise Err(f"Err: {json.dumps(plain(failure.value))}") from None
        except Exception as failure:  # noqa: BLE001 - whatever a script raises is its answer
            raise Err(f"{type(failure).__name__}: {failure}") from None


def namespace() -> dict[str, object]:
    """Return what a script sees."""
    modules = {module.__name__.rpartition(".")[2]: module for module in (*LIBRARY, *INTERFACES)}
    return {**modules, "python_random": python_random, "random": random, "filesystem": filesystem, "http": http,
            "Err": Err, "Ok": Ok, "Some": Some}  # fmt: skip


def plain(value: object) -> object:
    """Return a value as JSON has it: bytes as Latin-1 text, enums as WIT names, records and cases as objects."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case enum.Flag():
            return [kebab(str(flag.name)) for flag in type(value) if flag in value]
        case enum.Enum():
            return kebab(value.name)
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode("latin-1")
        case list() | tuple() | set():
            return [plain(item) for item in value]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        case = type(value).__name__
        fields = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"case": case, **fields}
    return repr(value)


def kebab(name: str) -> str:
    """Return a name of the bindings as WIT spells it."""
    return name.lower().replace("_", "-")
