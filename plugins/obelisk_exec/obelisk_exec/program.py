"""The program behind a component: what is run, its digest, and where it lies.

A deployment is a snapshot: the file is read once, at the start, its digest is taken, and a copy of exactly these bytes is
run from the cache directory. A file that changes under a running server changes nothing before the next start.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
from msgspec import Struct

from obelisk.errors import ComponentError
from obelisk.interfaces.sandbox import EnvVar
from obelisk.interfaces.signature import Signature
from obelisk_exec.settings import ExecActivitySettings

FORMAT = 1
"""Part of each digest: it changes when the same settings begin to run something else."""
MAX_SHEBANG = 255
"""Bytes of a script's first line that Linux reads; see execve(2)."""
EXECUTABLE_MODE = 0o700
_SHEBANG = b"#!"
_BINARIES = (
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",  # Mach-O, 64 bits
    b"\xca\xfe\xba\xbe",  # Mach-O for several machines
)


class _Digested(Struct, frozen=True, array_like=True):
    """What makes two components the same: not how often they are tried, or how much they may write."""

    format: int
    program: str
    signature: str
    environment: tuple[str | EnvVar, ...]
    params_via_stdin: bool
    secrets: tuple[str, ...]


class Program(Struct, frozen=True):
    """The bytes of a program and the path that they are run from."""

    content: bytes
    path: Path

    def install(self) -> None:
        """Write the program to its path, unless it is there: caches may be deleted at any time. Raises ``OSError``."""
        if self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Renamed once it is closed: a file that anybody has open for writing cannot be run.
        with NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
            file.write(self.content)
        Path(file.name).chmod(EXECUTABLE_MODE)
        Path(file.name).replace(self.path)


def make_program(content: bytes, *, origin: str, path: Path) -> Program:
    """Return a program that came from ``origin`` and is run from ``path``.

    Raises ``ComponentError`` for what cannot be run on this machine: neither a script whose interpreter is there nor a
    binary.
    """
    if content.startswith(_SHEBANG):
        _check_interpreter(content, origin)
    elif not content.startswith(_BINARIES):
        found = "nothing" if not content else "neither"
        raise ComponentError(f"expected a script that begins with `#!`, or an executable, at {origin}, found {found}")
    return Program(content, path)


def component_digest(program: Program, signature: Signature, settings: ExecActivitySettings) -> str:
    """Return the digest of what is run: the program, its function, and the settings that reach the program.

    Of a variable that is forwarded only the name counts, of one that is set the value too.
    """
    digested = _Digested(
        FORMAT,
        sha256(program.content),
        signature.text,
        settings.env_vars,
        settings.params_via_stdin,
        settings.secrets,
    )
    return f"sha256:{sha256(msgspec.json.encode(digested, order='deterministic'))}"


def sha256(content: bytes) -> str:
    """Return the hexadecimal digest of bytes."""
    return hashlib.sha256(content).hexdigest()


def _check_interpreter(content: bytes, origin: str) -> None:
    line = content.split(b"\n", 1)[0]
    words = line[len(_SHEBANG) :].split(None, 1)
    interpreter = os.fsdecode(words[0]) if words else ""
    if line.endswith(b"\r"):
        raise ComponentError(f"the first line of {origin} ends with CR LF, expected LF alone, as in all of a script")
    if len(line) > MAX_SHEBANG:
        raise ComponentError(f"the first line of {origin} is {len(line)} bytes long, expected at most {MAX_SHEBANG}")
    if not Path(interpreter).is_absolute():
        raise ComponentError(
            f"the first line of {origin} names the interpreter `{interpreter}`, expected an absolute path"
        )
    if not os.access(interpreter, os.X_OK) or Path(interpreter).is_dir():
        found = "one that is not executable" if Path(interpreter).exists() else "no such file"
        raise ComponentError(f"the first line of {origin} names the interpreter `{interpreter}`, found {found}")
