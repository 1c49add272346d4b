"""The storage that a new plugin begins with: a copy of the memory storage under another name.

A storage is worth nothing before it does all that one owes, so there is no small one. The copy passes the suite as it
stands, and its author replaces what it keeps in memory, method by method. It is made from the kernel's own source, so that
it never falls behind the interface.
"""

from __future__ import annotations

import ast
from pathlib import Path, PurePosixPath

import obelisk
from obelisk.scaffold.writing import ProjectFile

BUILT_IN = Path(obelisk.__file__).parent / "builtin"
_LEFT_OUT = ("MemorySettings", "obelisk_register_storage", "open_memory")
_LAST_IMPORT = "from obelisk.names import Ffqn, parse_interface, split_ffqn\n"
_TEXTS = (
    ("from msgspec import Struct\nfrom msgspec.structs import replace\n\n", "from msgspec.structs import replace\n"),
    ("from obelisk import hookimpl\n", ""),
    ("from obelisk.interfaces.provider import Host, Provider\n", ""),
    ("from contextlib import asynccontextmanager\n", ""),
    ("import AsyncIterator, Callable", "import Callable"),
    ("from obelisk.builtin.memory_lines import MemoryLines\n", ""),
    ("    Storage,\n", ""),
    ("the memory storage was closed", "the storage was closed"),
)
"""What only the parts that are left out need, and what a copy says in other words."""


def storage_files(package: str, name: str) -> list[ProjectFile]:
    """Return the modules ``storage`` and ``lines`` of a package, whose class is called ``{name}Storage``."""
    storage = _without((BUILT_IN / "memory_storage.py").read_text("utf-8"), _LEFT_OUT)
    for text, other in (*_TEXTS, (_LAST_IMPORT, f"{_LAST_IMPORT}\nfrom {package}.lines import MemoryLines\n")):
        assert text in storage, f"expected {text!r} in the memory storage"
        storage = storage.replace(text, other)
    lines = (BUILT_IN / "memory_lines.py").read_text("utf-8")
    return [
        ProjectFile(PurePosixPath(package, f"{module}.py"), _renamed(text, name))
        for module, text in (("storage", storage), ("lines", lines))
    ]


def _without(source: str, names: tuple[str, ...]) -> str:
    """Return a module without some of its classes and functions."""
    lines = source.splitlines(keepends=True)
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
            while not lines[first - 1].strip():
                first -= 1
            del lines[first : node.end_lineno]
    return "".join(lines)


def _renamed(source: str, name: str) -> str:
    return source.replace("MemoryStorage", f"{name}Storage").replace("MemoryLines", f"{name}Lines")
