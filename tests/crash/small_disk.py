"""A disk that a test can fill: a tmpfs where a process may mount one for itself, else a limit on the size of files."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.process import Server

SIZE = 8 * 1024 * 1024
STEP = 4096
LIMIT = 256 * 1024
"""More than a server logs, less than it writes."""
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class SmallDisk:
    """What a server keeps in ``directory`` goes to a disk of ``SIZE`` bytes, when ``prefix`` runs it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True)
        self._is_mounted = _runs(_mounting(directory, ["true"]))

    @property
    def prefix(self) -> Sequence[str]:
        return _mounting(self._directory, []) if self._is_mounted else ()

    def fill(self, server: Server) -> None:
        """Leave no room on it."""
        if not self._is_mounted:
            limit_files(server, LIMIT)
            return
        with self._ballast(server).open("ab", buffering=0) as file:
            while _wrote(file.fileno()):
                continue

    def free(self, server: Server) -> None:
        """Undo ``fill``."""
        if self._is_mounted:
            self._ballast(server).unlink()
        else:
            resource.prlimit(server.pid, resource.RLIMIT_FSIZE, UNLIMITED)

    def _ballast(self, server: Server) -> Path:
        return Path(f"/proc/{server.pid}/root{self._directory}/ballast")


def limit_files(server: Server, size: int) -> None:
    """Have the system refuse whatever a server writes beyond the first ``size`` bytes of a file."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _mounting(directory: Path, command: Sequence[str]) -> list[str]:
    script = f'mount -t tmpfs -o size={SIZE} tmpfs "$0" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(directory), *command]


def _runs(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _wrote(descriptor: int) -> bool:
    try:
        return os.write(descriptor, b"x" * STEP) > 0
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return False
        raise
