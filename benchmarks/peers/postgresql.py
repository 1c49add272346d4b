"""A PostgreSQL server with a new database, at a free port of the loopback interface.

PostgreSQL refuses to run as root. A benchmark that does runs it as the user that the Debian package made for it.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.peer import PeerError
from benchmarks.peers.processes import START_SECONDS, Account, Running, free_ports, started

DEBIAN: Final = Path("/usr/lib/postgresql")
USER: Final = "postgres"
SETTINGS: Final = ("fsync=on", "synchronous_commit=on", "listen_addresses=127.0.0.1", "unix_socket_directories=")
ENTER: Final = stat.S_IXGRP | stat.S_IXOTH


class Server(Struct, frozen=True, kw_only=True):
    """A server that accepts connections."""

    port: int
    password: str
    running: Running

    def url(self, database: str) -> str:
        """Return the address of a database in it, which need not exist."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"


def missing() -> str | None:
    """Return why no server can be run here, ``None`` when one can."""
    if _programs() is None:
        return "PostgreSQL is not installed; Debian's package `postgresql` brings it (apt-get install postgresql)"
    if os.geteuid() == 0 and _account() is None:
        return f"PostgreSQL does not run as root, and there is no user `{USER}`; Debian's package `postgresql` makes it"
    return None


@asynccontextmanager
async def serving(directory: Path) -> AsyncIterator[Server]:
    """Make a database in a directory, and serve it until this is left; raises ``PeerError``."""
    programs = _programs()
    assert programs is not None, missing()
    account = _account() if os.geteuid() == 0 else None
    port, password = free_ports(1)[0], secrets.token_hex(16)
    place = _place(directory, account)
    await _init(programs, place, password, account)
    options = [part for setting in (*SETTINGS, f"port={port}") for part in ("-c", setting)]
    command = [str(programs / "postgres"), "-D", str(place / "data"), *options]
    async with started("postgresql", command, place, account=account, stop=signal.SIGINT) as running:
        await running.until(lambda: _is_ready(programs, port))
        yield Server(port=port, password=password, running=running)


async def _init(programs: Path, place: Path, password: str, account: Account | None) -> None:
    path = place / "password"
    path.write_text(password)
    command = [str(programs / "initdb"), "--pgdata", str(place / "data"), "--username", USER, "--pwfile", str(path)]
    command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"]
    async with started("initdb", command, place, account=account) as running:
        try:
            code = await asyncio.wait_for(running.process.wait(), START_SECONDS)
        except TimeoutError:
            raise running.error(f"did not end within {START_SECONDS:g} s") from None
        if code:
            raise running.error(f"ended with {code}")


async def _is_ready(programs: Path, port: int) -> bool:
    command = (str(programs / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port))
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


def _place(directory: Path, account: Account | None) -> Path:
    """Return a directory of the account's own, to which it can come."""
    place = directory / "postgresql"
    place.mkdir(mode=0o700)
    if account is not None:
        _let_in(directory)
        os.chown(place, account.user, account.group)
    return place


def _let_in(directory: Path) -> None:
    """Let others pass through the directory and the one above, which were made for this run; those above have to already."""
    for above in (directory, directory.parent):
        above.chmod(above.stat().st_mode | ENTER)
    for above in directory.parents:
        if not above.stat().st_mode & stat.S_IXOTH:
            raise PeerError(f"PostgreSQL runs as the user `{USER}`, who may not enter {above}; choose another --cache")


def _account() -> Account | None:
    try:
        found = pwd.getpwnam(USER)
    except KeyError:
        return None
    return Account(found.pw_uid, found.pw_gid)


def _programs() -> Path | None:
    """Return the directory with the programs of the newest version; Debian keeps them off the PATH."""
    versions = [path for path in DEBIAN.glob("*/bin") if (path / "initdb").exists() and (path / "postgres").exists()]
    if versions:
        return max(versions, key=_version)
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(programs: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", programs.parent.name)))
