"""Projects that ``obelisk new`` wrote, built with the toolchains and into the cache of ``tools/build_guest.py``.

What a component is built into is kept under the hash of its sources. Three projects have the same activity, which is built
only once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from obelisk.scaffold.components.project import ProjectKind
from tests.e2e.process import OBELISK
from tests.guests.built import code_directory
from tools.build_guest import cache, install, javascript_toolchain, locked, python_toolchain

NAME = "my-shop"
GENERATED = {"python": "bindings", "js": "types"}
BUILD_SECONDS = 280


def written_project(kind: ProjectKind, language: str, directory: Path) -> Path:
    """Write a project, and give it the toolchain that its build would install."""
    project = directory / f"{language}-{kind.value}"
    command = [*OBELISK, "new", kind.value, NAME, "--lang", language, "--directory", str(project)]
    subprocess.run(command, check=True, capture_output=True)
    toolchain = python_toolchain() if language == "python" else javascript_toolchain()
    install(toolchain)
    if language == "python":
        (project / ".toolchain").symlink_to(toolchain.place)
    else:
        (project / "node_modules").symlink_to(toolchain.place / "node_modules")
    return project


def build(project: Path, kind: ProjectKind, language: str) -> None:
    """Build the components by the project's own command, unless they were built from the same sources before."""
    for component in kind.components:
        kept = cache() / "scaffolds" / f"{component}-{_hash(project, component)}"
        with locked(kept.with_suffix(".lock")):
            if not kept.exists():
                _run_build(project, component)
                _keep(project / "build", component, GENERATED[language], kept)
        _place(kept, component, GENERATED[language], project / "build")


def environment() -> dict[str, str]:
    """Return the variables for servers and commands of a project; machine code is shared by all."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OBELISK")}
    return {
        **own,
        "OBELISK_CACHE_DIR": str(code_directory().parent),
        "OBELISK__API__LISTENING_ADDR": "127.0.0.1:0",
        "OBELISK__WASM__CODEGEN_CACHE__DIRECTORY": str(code_directory()),
    }


def _run_build(project: Path, component: str) -> None:
    done = subprocess.run(
        ["./build.sh", component], cwd=project, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _hash(project: Path, component: str) -> str:
    whole = hashlib.sha256()
    own = (path for path in sorted((project / component).rglob("*")) if path.is_file())
    common = [path for name in ("requirements.txt", "package.json") if (path := project / name).exists()]
    for path in (*own, *common):
        whole.update(str(path.relative_to(project)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    script = (project / "build.sh").read_text().splitlines()
    whole.update("\n".join(line for line in script if "set --" not in line).encode())  # which components there are
    return whole.hexdigest()[:32]


def _keep(built: Path, component: str, generated: str, kept: Path) -> None:
    unfinished = kept.with_name(f".{kept.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(built / generated / component, unfinished / generated)
    shutil.copyfile(built / f"{component}.wasm", unfinished / "component.wasm")
    unfinished.rename(kept)


def _place(kept: Path, component: str, generated: str, build_directory: Path) -> None:
    build_directory.mkdir(exist_ok=True)
    shutil.copyfile(kept / "component.wasm", build_directory / f"{component}.wasm")
    shutil.copytree(kept / generated, build_directory / generated / component, dirs_exist_ok=True)
