"""Starting another Python like this one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from obelisk.wasm.interpreter import interpreter_command


def test_the_command_starts_a_python_of_this_version():
    code = "import sys; print(sys.version)"
    shown = subprocess.run([*interpreter_command(), "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == sys.version


def test_the_command_ends_with_the_executable_behind_a_loader_or_without_one():
    assert interpreter_command()[-1] == sys.executable


def test_an_interpreter_inside_another_program_is_started_by_its_executable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "orig_argv", ["another-program"])
    assert interpreter_command() == [sys.executable]
