"""The languages in which projects of components can be written."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from obelisk.wit.wasi import WASI_VERSION


class Language(Struct, frozen=True, kw_only=True):
    """What texts of a project say about its language.

    * ``name``: what it is called on the command line, and where its templates are.
    * ``needs``: what has to be installed beforehand.
    * ``toolchain``: where the build puts what it needs.
    * ``bindings``: where the build puts the typed bindings.
    * ``workflow_keys``: further lines of the table of a workflow.
    * ``wasi_version``: the version of WASI that its toolchain can build for.
    """

    name: str
    title: str
    needs: str
    source: str
    toolchain: str
    bindings: str
    workflow_keys: str = ""
    wasi_version: str = WASI_VERSION


PYTHON: Final = Language(
    name="python",
    title="Python",
    needs="Python 3.11 or newer",
    source="app.py",
    toolchain=".toolchain",
    bindings="build/bindings",
    workflow_keys="stub_wasi = true # the interpreter imports WASI: it gets one that stands still\n",
)
JAVASCRIPT: Final = Language(
    name="js",
    title="JavaScript",
    needs="Node.js 20 or newer with npm",
    source="app.js",
    toolchain="node_modules",
    bindings="build/types",
    wasi_version="0.2.10",  # the only one for which StarlingMonkey's `fetch` events build
)
LANGUAGES: Final = {language.name: language for language in (PYTHON, JAVASCRIPT)}
