"""A real registry process, Debian's ``docker-registry``, on a free loopback port."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.debian_programs import program, program_environment

READY_SECONDS = 30
USER, PASSWORD = "someone", "s3cret-pass"
HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuV7fpPozvyqJfnY19y0802WTlXUm6Rjy\n"
"""The bcrypt of PASSWORD, at the lowest cost."""
_LISTENING = re.compile(r"listening on ([0-9.]+:[0-9]+)")


class Registry:
    """A running registry. ``scheme`` is how it answers."""

    def __init__(self, directory: Path, *, auth: Mapping[str, Any] | None, tls: Mapping[str, Any] | None) -> None:
        self.storage = directory / "storage"
        self.scheme = "https" if tls else "http"
        self._config = directory / "config.json"
        self._auth, self._tls = auth, tls
        self._address = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def host(self) -> str:
        return self._address

    def start(self) -> None:
        """Start it, on the port that it had before if it was stopped."""
        http: dict[str, Any] = {"addr": self._address, "secret": "s"}
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "info", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self.storage)}, "delete": {"enabled": True}},
            "http": http | ({"tls": dict(self._tls)} if self._tls else {}),
        }
        if self._auth:
            config["auth"] = dict(self._auth)
        self._config.write_text(json.dumps(config))
        self._process = subprocess.Popen(
            [*program("docker-registry"), "serve", str(self._config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=program_environment(),
        )  # fmt: skip
        self._address = self._first_address(self._process)

    def _first_address(self, process: subprocess.Popen[str]) -> str:
        assert process.stderr is not None
        timer = threading.Timer(READY_SECONDS, process.kill)
        timer.start()
        said = ""
        try:
            for line in process.stderr:
                said += line
                if found := _LISTENING.search(line):
                    threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
                    return found[1]
        finally:
            timer.cancel()
        raise AssertionError(f"the registry did not start:\n{said}")

    def stop(self) -> None:
        """End it; idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _drain(stream: Any) -> None:
    with stream, contextlib.suppress(ValueError):
        for _ in stream:
            pass


StartRegistry = Callable[..., Registry]


@contextlib.contextmanager
def registries(make_directory: Callable[[], Path]) -> Iterator[StartRegistry]:
    """Start registries, and end them with the block."""
    started: list[Registry] = []

    def start(*, auth: Mapping[str, Any] | None = None, tls: Mapping[str, Any] | None = None) -> Registry:
        started.append(Registry(make_directory(), auth=auth, tls=tls))
        return started[-1]

    try:
        yield start
    finally:
        for registry in started:
            registry.stop()
