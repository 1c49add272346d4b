"""Scratch directories: one for each run, removed after it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from obelisk.wasm.wasi.filesystem import operations
from obelisk.wasm.wasi.filesystem import scratch as scratch_module
from obelisk.wasm.wasi.filesystem.removal import remove_tree
from obelisk.wasm.wasi.filesystem.scratch import Scratch, sweep
from tests.wasi.filesystem.listing import names
from tests.wasi.filesystem.mounted import Mounted, open_mounted


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "scratch"


def entries(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


# --- seen by a guest --------------------------------------------------------------------------------------------------


@pytest.fixture
async def removed(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[bytes]:
    """The names of runs whose directory was removed, as that happens."""
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def remove(parent: int, name: bytes) -> None:
        remove_tree(parent, name)
        loop.call_soon_threadsafe(queue.put_nowait, name)

    monkeypatch.setattr(scratch_module, "remove_tree", remove)
    return queue


def runs(mounted: Mounted) -> list[Path]:
    """Return the scratch directories that are there."""
    return list(mounted.scratch.glob("*/*"))


async def test_each_run_has_an_empty_directory_of_its_own(mounted):
    script = 'before = listed(tmp)\nopened(tmp, "file", CREATE, WRITE)\nresult = [before, listed(tmp)]'
    assert await mounted.run(script) == [[], [["file", "regular-file"]]]
    assert await mounted.run(script) == [[], [["file", "regular-file"]]]


async def test_the_directory_is_removed_when_the_run_returns(mounted, removed):
    await mounted.run('os.makedirs("/tmp/a/b")\npathlib.Path("/tmp/a/b/file").touch()\nresult = None')
    await removed.get()
    assert runs(mounted) == []


async def test_the_directory_is_removed_when_the_run_traps(mounted, removed):
    failure = await mounted.probe.failure('open("/tmp/file", "w").close()\nrandom.get_random_bytes(2 ** 62)')
    assert "random" in failure.reason
    await removed.get()
    assert runs(mounted) == []


async def test_the_directory_is_removed_when_the_run_is_cancelled(mounted, removed, monkeypatch):
    began, loop, make = asyncio.Event(), asyncio.get_running_loop(), operations.make_directory

    def made(start: int, path: str) -> None:
        make(start, path)
        loop.call_soon_threadsafe(began.set)

    monkeypatch.setattr(operations, "make_directory", made)
    script = (
        'open("/tmp/file", "w").close()\nos.mkdir("/tmp/began")\nmonotonic_clock.subscribe_duration(10 ** 12).block()'
    )
    execution = await mounted.probe.submit(script)
    await began.wait()
    (directory,) = runs(mounted)
    assert names(directory) == ["began", "file"]
    await mounted.probe.engine.executions.cancel(execution)
    await removed.get()
    assert runs(mounted) == []


async def test_a_directory_that_cannot_be_made_ends_the_run_with_the_cause(mounted):
    mounted.scratch.touch()
    failure = await mounted.probe.failure("preopens.get_directories()")
    assert "the directory `/tmp` cannot be made: File exists" in failure.reason


async def test_a_stopped_engine_leaves_nothing(wasi_probe, tmp_path):
    async with open_mounted(wasi_probe, tmp_path) as mounted:
        await mounted.run('open("/tmp/file", "w").close()\nresult = None')
    assert entries(tmp_path / "cache" / "scratch") == []


async def test_a_run_that_does_not_ask_for_directories_makes_none(mounted):
    assert await mounted.probe.run("result = 1") == 1
    assert not mounted.scratch.exists()


# --- by itself --------------------------------------------------------------------------------------------------------


def test_a_directory_is_only_for_its_owner(root):
    scratch = Scratch(root, os.urandom)
    number = scratch.make("run")
    assert stat.S_IMODE(os.fstat(number).st_mode) == 0o700
    os.close(number)
    scratch.remove("run")
    scratch.close()


def test_closing_waits_until_all_is_removed_and_leaves_nothing(root):
    scratch = Scratch(root, os.urandom)
    for number in range(10):
        os.close(scratch.make(f"run-{number}"))
        scratch.remove(f"run-{number}")
    scratch.close()
    assert entries(root) == []


def test_what_was_never_made_is_not_missed(root):
    scratch = Scratch(root, os.urandom)
    scratch.remove("run")
    scratch.close()
    assert not root.exists()


def test_a_cache_that_was_deleted_meanwhile_is_made_again(root):
    scratch = Scratch(root, os.urandom)
    os.close(scratch.make("one"))
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    root.rmdir()
    os.close(scratch.make("two"))
    assert len(list(root.glob("*/two"))) == 1
    scratch.remove("two")
    scratch.close()


def test_what_is_in_use_by_another_is_not_swept(root):
    scratch = Scratch(root, os.urandom)
    os.close(scratch.make("run"))
    before = entries(root)
    sweep(root)
    assert entries(root) == before
    scratch.remove("run")
    scratch.close()


def test_what_a_killed_process_left_is_swept(root, repository):
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom obelisk.wasm.wasi.filesystem.scratch import Scratch\n"
        f"Scratch(Path({str(root)!r}), os.urandom).make('run')\nprint('made', flush=True)\nsys.stdin.read()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        sweep(root)
        assert len(list(root.glob("*/run"))) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    sweep(root)
    assert entries(root) == []


def test_sweeping_removes_only_what_has_a_lock_file_beside_it(root):
    (root / "other").mkdir(parents=True)
    (root / "dead" / "run").mkdir(parents=True)
    (root / "dead.lock").touch()
    (root / "alone.lock").touch()
    sweep(root)
    assert entries(root) == ["other"]


def test_what_cannot_be_swept_is_said_and_the_rest_is_swept(root, caplog):
    (root / "target").mkdir(parents=True)
    (root / "a").symlink_to("target")
    (root / "b").mkdir()
    for name in ("a.lock", "b.lock"):
        (root / name).touch()
    with caplog.at_level(logging.WARNING, logger="obelisk.scratch"):
        sweep(root)
    assert entries(root) == ["a", "a.lock", "target"]
    assert [record.getMessage() for record in caplog.records] == [
        f"the scratch directory {root}/a cannot be removed: [Errno 20] Not a directory: b'a'"
    ]
