"""Programs of Debian that tests run against; ``tools/install_test_programs.sh`` unpacks those that the machine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNPACKED = ROOT / ".cache" / "debian"


def program(name: str) -> list[str]:
    """Return the command of a program, unpacked first if the machine has it nowhere."""
    if shutil.which(name) is None and not (UNPACKED / "usr/bin" / name).is_file():
        subprocess.run([ROOT / "tools" / "install_test_programs.sh"], check=True, capture_output=True)
    unpacked = UNPACKED / "usr/bin" / name
    return [str(unpacked)] if unpacked.is_file() else [name]


def program_environment() -> dict[str, str]:
    """Return the environment in which unpacked programs find their libraries."""
    libraries = [str(path) for path in (UNPACKED / "usr/lib").glob("*-linux-gnu*")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}
