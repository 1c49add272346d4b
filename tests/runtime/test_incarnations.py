"""Which executors of a machine are alive."""

from __future__ import annotations

from pathlib import Path

from obelisk.ids import ExecutorId
from obelisk.runtime.incarnations import Incarnation, forget, gone


def test_a_record_that_nobody_locks_is_of_an_executor_that_is_gone(tmp_path: Path):
    executor = ExecutorId("Exr_00000000000000000000000000")
    alive = Incarnation(tmp_path, executor)
    assert gone(tmp_path) == []
    alive.close()
    (tmp_path / "executors" / executor).touch()
    assert gone(tmp_path) == [executor]
    forget(tmp_path, executor)
    assert gone(tmp_path) == []


def test_a_directory_without_records_has_nobody_who_is_gone(tmp_path: Path):
    assert gone(tmp_path) == []


def test_the_record_of_an_executor_that_left_is_that_of_one_that_is_gone(tmp_path: Path):
    executor = ExecutorId("Exr_00000000000000000000000000")
    left = Incarnation(tmp_path, executor)
    left.leave()
    left.close()
    assert gone(tmp_path) == [executor]
