"""Starting another Python like this one."""

from __future__ import annotations

import subprocess
import sys

from obelisk.wasm.interpreter import interpreter_command


def test_the_command_starts_a_python_of_this_version():
    code = "import sys; print(sys.version)"
    shown = subprocess.run([*interpreter_command(), "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == sys.version


def test_without_a_loader_it_is_the_executable():
    assert interpreter_command() == [sys.executable]
