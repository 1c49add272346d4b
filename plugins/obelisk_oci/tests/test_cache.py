"""What was pulled, on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from obelisk_oci.cache import Cache, clean
from obelisk_oci.manifest import digest_of

from obelisk.errors import ComponentError

CONTENT = b"some component"
DIGEST = digest_of(CONTENT)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "wasm")


def path_of(tmp_path: Path) -> Path:
    return tmp_path / "wasm" / f"{DIGEST.replace(':', '_')}.wasm"


def test_what_was_kept_is_found(cache: Cache) -> None:
    cache.keep_component(DIGEST, CONTENT)
    cache.keep_manifest(DIGEST, CONTENT)
    assert cache.component(DIGEST, max_size=100) == CONTENT
    assert cache.manifest(DIGEST) == CONTENT


def test_what_was_kept_can_be_read_by_other_users(cache: Cache, tmp_path: Path) -> None:
    cache.keep_component(DIGEST, CONTENT)
    assert path_of(tmp_path).stat().st_mode & 0o777 == 0o644


def test_what_was_not_kept_is_not_found(cache: Cache) -> None:
    assert cache.component(DIGEST, max_size=100) is None
    assert cache.manifest(DIGEST) is None


def test_a_damaged_file_is_removed_and_not_used(cache: Cache, tmp_path: Path) -> None:
    cache.keep_component(DIGEST, CONTENT)
    path_of(tmp_path).write_bytes(b"other")
    assert cache.component(DIGEST, max_size=100) is None
    assert not path_of(tmp_path).exists()


def test_a_file_above_the_limit_is_not_used(cache: Cache) -> None:
    cache.keep_component(DIGEST, CONTENT)
    assert cache.component(DIGEST, max_size=3) is None
    assert cache.component(DIGEST, max_size=100) == CONTENT


def test_cleaning_leaves_files_of_others_alone(cache: Cache, tmp_path: Path) -> None:
    cache.keep_component(DIGEST, CONTENT)
    cache.keep_manifest(DIGEST, CONTENT)
    (tmp_path / "wasm" / "mine.wasm").write_bytes(b"mine")
    clean(tmp_path / "wasm")
    assert [path.name for path in (tmp_path / "wasm").rglob("*") if path.is_file()] == ["mine.wasm"]


def test_cleaning_what_is_not_there_is_no_problem(tmp_path: Path) -> None:
    clean(tmp_path / "nothing")


def test_what_a_killed_process_left_is_removed_after_a_day(cache: Cache, tmp_path: Path) -> None:
    cache.keep_component(DIGEST, CONTENT)
    old, new = tmp_path / "wasm" / ".part-old", tmp_path / "wasm" / ".part-new"
    old.write_bytes(b"")
    new.write_bytes(b"")
    os.utime(old, (1000, 1000))
    os.utime(new, (100_000, 100_000))
    cache.remove_stale(now=150_000)
    assert (old.exists(), new.exists(), path_of(tmp_path).exists()) == (False, True, True)


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ComponentError, match="cannot keep a pulled component"):
        Cache(tmp_path / "file" / "wasm").keep_component(DIGEST, CONTENT)


WRITER = """
import sys
from pathlib import Path
from obelisk_oci.cache import Cache
from obelisk_oci.manifest import digest_of
content = b"x" * 200_000
cache = Cache(Path(sys.argv[1]))
for _ in range(40):
    cache.keep_component(digest_of(content), content)
    assert cache.component(digest_of(content), max_size=300_000) == content
"""


def test_processes_that_write_at_once_never_see_a_part(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert ended == [(b"", 0)] * 3
    assert len(list(tmp_path.iterdir())) == 1
