"""Backups as directories: they are whole or not there, and replace nothing that nobody asked for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from obelisk.config.load import config_from_text
from obelisk.config.model import Config
from obelisk.core.events import Created, Locked, Unlocked
from obelisk.errors import ConfigError, StorageError
from obelisk.plugins import Plugins
from obelisk.runtime.backups import MANIFEST, back_up, restore
from obelisk.testing.clock import ManualClock
from obelisk.testing.engine import environment_in
from tests import scripts
from tests.runtime.conftest import FIBO, FIBO_WORKFLOW, Open
from tests.runtime.scripting import SPIN_FOREVER, TABLES, TEXT, child, kinds, reaches, start, trace_of
from tests.runtime.test_deletion import FIBOA

CLOCK = ManualClock()
KILLED = """
import sys, time
from pathlib import Path
from tests.runtime.test_backups import CLOCK, back_up, configured, with_backup

def for_ever(settings, directory):
    whole = configured(Path(sys.argv[1])).store
    whole.provider.backup(whole.settings, directory)
    print("half", flush=True)
    time.sleep(600)

back_up(with_backup(configured(Path(sys.argv[1])), for_ever), Path(sys.argv[2]), clock=CLOCK)
"""


def configured(tmp_path: Path, storage: str = "sqlite") -> Config:
    """Return the configuration of the engines of a test."""
    toml = f'[storage]\nuse = "{storage}"\n'
    return config_from_text(toml, plugins=Plugins.load(environ={}), base=tmp_path, environ=environment_in(tmp_path, {}))


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


@pytest.fixture
def storage() -> str:
    return "sqlite"


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    """A directory for backups."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
async def config(open_engine: Open, tmp_path: Path) -> Config:
    """The configuration of a storage that holds an execution with children."""
    async with open_engine(FIBO, FIBO_WORKFLOW) as harness:
        await harness.call(FIBOA, 10, 3)
    return configured(tmp_path)


def backed_up(config: Config, path: Path, **options: Any) -> Path:
    return back_up(config, path, clock=CLOCK, **options).path


def with_backup(config: Config, backup: Any) -> Config:
    return replace(config, store=replace(config.store, provider=replace(config.store.provider, backup=backup)))


def test_a_backup_says_what_it_is(config: Config, backups: Path):
    made = back_up(config, backups / "one", clock=CLOCK)
    manifest = msgspec.json.decode((backups / "one" / MANIFEST).read_bytes())
    assert (manifest["storage"], manifest["created_at"]) == ("sqlite", "2026-01-01T00:00:00Z")
    assert made.size == sum(file.stat().st_size for file in made.path.iterdir())


def test_what_exists_is_not_overwritten(config: Config, backups: Path):
    path = backed_up(config, backups / "one")
    with pytest.raises(StorageError, match=f"`{path}` exists already.*`--force`"):
        backed_up(config, path)
    before = (path / MANIFEST).stat().st_ino
    backed_up(config, path, force=True)
    assert (path / MANIFEST).stat().st_ino != before
    assert names(backups) == {"one"}


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_is_no_backup_is_never_replaced(config: Config, backups: Path, kind: str):
    path = backups / "precious"
    match kind:
        case "file":
            path.write_text("my novel")
        case "directory":
            path.mkdir()
            (path / "novel").write_text("my novel")
        case _:
            path.symlink_to(backups / "nothing")
    with pytest.raises(StorageError, match="only a backup is, and this is none"):
        backed_up(config, path, force=True)
    assert names(backups) == {"precious"}


def test_a_directory_that_is_missing_is_named(config: Config, backups: Path):
    with pytest.raises(StorageError, match=f"there is no directory `{backups / 'x'}`"):
        backed_up(config, backups / "x" / "one")


@pytest.mark.parametrize("error", [StorageError("the disk is gone"), OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("force", [False, True])
def test_a_backup_that_is_cut_short_leaves_what_was_there(
    config: Config, backups: Path, error: BaseException, *, force: bool
):
    path = backed_up(config, backups / "one") if force else backups / "one"

    def failing(_: Any, directory: Path) -> None:
        (directory / "obelisk.sqlite").write_text("half of it")
        raise error

    with pytest.raises((StorageError, KeyboardInterrupt)):
        backed_up(with_backup(config, failing), path, force=force)
    assert names(backups) == ({"one"} if force else set())
    if force:
        restore(config, path, clock=CLOCK, force=True)


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(config: Config, backups: Path, tmp_path: Path):
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(backups / "one")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
    (left,) = names(backups)
    assert (left[0], left.rpartition(".")[2]) == (".", "partial")
    with pytest.raises(StorageError, match="is no backup"):
        restore(config, backups / left, clock=CLOCK, force=True)


def test_a_storage_without_backups_says_so(tmp_path: Path):
    config = configured(tmp_path, "memory")
    with pytest.raises(ConfigError, match="`memory` has nothing that could be backed up"):
        backed_up(config, tmp_path / "one")
    with pytest.raises(ConfigError, match="`memory` has no backups"):
        restore(config, tmp_path / "one", clock=CLOCK)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "its `backup.json` cannot be read: No such file"),
        (b"{", "its `backup.json` is none"),
        (b'{"format":1,"storage":"other","created_at":"2026-01-01T00:00:00Z","obelisk":"1"}', "of the storage `other`"),
        (b'{"format":2,"storage":"sqlite","created_at":"2026-01-01T00:00:00Z","obelisk":"9"}', "of Obelisk 9"),
    ],
)
def test_what_is_no_backup_of_this_storage_is_not_restored(
    config: Config, backups: Path, manifest: bytes | None, message: str
):
    path = backed_up(config, backups / "one")
    (path / MANIFEST).unlink()
    if manifest is not None:
        (path / MANIFEST).write_bytes(manifest)
    with pytest.raises(StorageError, match=message):
        restore(config, path, clock=CLOCK, force=True)
    with pytest.raises(StorageError, match=f"there is no backup at `{backups / 'two'}`"):
        restore(config, backups / "two", clock=CLOCK, force=True)


async def test_what_ran_when_the_backup_was_made_goes_on_at_once_and_uses_no_retry(
    open_engine: Open, tmp_path: Path, backups: Path
):
    clock, config = ManualClock(), configured(tmp_path)
    async with open_engine(TABLES, clock=clock) as harness:
        waiting = await start(harness, scripts.call(TEXT, "x"))
        running = await harness.submit(SPIN_FOREVER)
        await reaches(lambda: harness.engine._kernel and running in harness.engine._kernel.activities)
        path = (await asyncio.to_thread(back_up, config, backups / "one", clock=clock)).path
    await asyncio.to_thread(restore, config, path, clock=clock, force=True)
    async with open_engine(TABLES, clock=clock) as harness:
        await reaches(lambda: harness.engine._kernel and running in harness.engine._kernel.activities)
        assert await kinds(harness, running) == [Created, Locked, Unlocked, Locked]
        await harness.engine.executions.cancel(running)
        await harness.engine.executions.stub(child(waiting, join_set="o:1-text"), {"ok": "y"})
        assert await trace_of(harness, waiting) == [["ok", '"y"']]
