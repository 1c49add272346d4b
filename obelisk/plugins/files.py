"""Plugins that are one file, named by ``[plugins] files``.

A file is run once for each content that it had: as with modules, whoever loads it again gets the same classes.
"""

from __future__ import annotations

import hashlib
import sys
from importlib.util import decode_source, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from obelisk.errors import PluginError
from obelisk.plugins.candidate import Candidate, Origin

MAX_SIZE = 1024 * 1024
SUFFIX = ".py"


def file_plugin(path: Path) -> Candidate:
    """Return the plugin in the file at ``path``, which is called as the file is without ``.py``. Nothing is read yet."""
    return Candidate(path.stem, str(path), "", Origin.FILE, lambda: _load(path), path)


def _load(path: Path) -> ModuleType:
    content = _read(path)
    digest = hashlib.sha256(bytes(path) + b"\0" + content).hexdigest()[:16]
    name = f"obelisk_plugin_file_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    code = compile(decode_source(content), str(path), "exec")
    spec = spec_from_file_location(name, path)
    assert spec is not None  # the name of the file ends as one of Python does
    module = module_from_spec(spec)
    sys.modules[name] = module  # msgspec looks up there what annotations of Structs mean
    try:
        exec(code, module.__dict__)  # noqa: S102 - whoever writes the configuration decides what is run
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _read(path: Path) -> bytes:
    if path.suffix != SUFFIX:
        raise PluginError(f"expected a file of Python such as `my_plugin.py`, found the name `{path.name}`")
    if not path.is_file():
        found = "a directory" if path.is_dir() else "nothing" if not path.exists() else "no regular file"
        raise PluginError(f"expected a file of Python at {path}, found {found}")
    with path.open("rb") as file:
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise PluginError(f"expected at most {MAX_SIZE} bytes, found more in {path}")
    return content
