"""Histories land once: none is changed, none goes, and a new one is recorded under a new name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.histories.history import MANIFEST, comparable, names, path_of, read
from tests.histories.recording import digests, landed, record

NEVER_EDITED = "histories are never edited: restore it, and record a new one with `python tools/record_history.py NAME`"
NAME = "execution-ids"


@pytest.mark.parametrize("name", names())
def test_a_history_is_as_it_landed(name: str):
    assert name in landed(), f"`{name}` was not recorded: use `python tools/record_history.py {name}`"
    assert digests()[name] == landed()[name], f"the history `{name}` was changed; {NEVER_EDITED}"


def test_no_history_that_landed_is_gone():
    assert sorted(landed().keys() - set(names())) == [], f"histories are gone; {NEVER_EDITED}"


async def test_a_recorded_history_is_in_the_manifest_and_is_what_landed(tmp_path: Path):
    directory = tmp_path / "histories"
    directory.mkdir()
    path = await record(NAME, tmp_path, directory)
    assert path == path_of(NAME, directory)
    assert landed(directory) == digests(directory)
    assert comparable(read(NAME, directory)) == comparable(read(NAME))


async def test_what_landed_before_stays_in_the_manifest(tmp_path: Path):
    (tmp_path / MANIFEST).write_text(json.dumps({"older": "0"}))
    await record(NAME, tmp_path, tmp_path)
    assert landed(tmp_path)["older"] == "0"
    assert landed(tmp_path).keys() == {"older", NAME}


async def test_a_history_is_not_recorded_twice(tmp_path: Path):
    path_of(NAME, tmp_path).write_text("{}")
    with pytest.raises(ValueError, match="has landed and is never written again"):
        await record(NAME, tmp_path, tmp_path)
    assert path_of(NAME, tmp_path).read_text() == "{}"


async def test_a_history_that_landed_and_is_gone_is_not_recorded_again(tmp_path: Path):
    (tmp_path / MANIFEST).write_text(json.dumps({NAME: "0"}))
    with pytest.raises(ValueError, match="has landed"):
        await record(NAME, tmp_path, tmp_path)


async def test_a_history_needs_a_recipe(tmp_path: Path):
    with pytest.raises(ValueError, match="there is no recipe `unheard-of`"):
        await record("unheard-of", tmp_path, tmp_path)


@pytest.mark.parametrize(("arguments", "code", "told"), [([], 2, "NAME"), ([NAME], 1, f"error: the history `{NAME}`")])
def test_the_command_tells_what_it_cannot_do(repository: Path, arguments: list[str], code: int, told: str):
    command = [sys.executable, "tools/record_history.py", *arguments]
    process = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert process.returncode == code
    assert told in process.stderr and "Traceback" not in process.stderr
