"""Makes histories: runs what a recipe says in a whole engine, under virtual time and with fixed ids."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from obelisk.ids import ExecutionId
from obelisk.names import Ffqn
from obelisk.testing.engine import engine_harness
from tests.histories.history import DIRECTORY, MANIFEST, ROOT, History, history_of, names, path_of, text_of
from tests.histories.recipes import ID, RECIPES, STUBS, TABLES, Recipe

LATE = "365d"


async def made(recipe: Recipe, directory: Path, *, code_cache: Path, storage: str = "memory") -> History:
    """Return the history of what a recipe makes; what it writes is kept in ``directory``."""
    toml = (
        f'[storage]\nuse = "{storage}"\n[timers_watcher]\ntick_sleep = "{LATE}"\n'
        f'[wasm.codegen_cache]\ndirectory = "{code_cache}"\n{STUBS}{_components(recipe)}'
    )
    async with engine_harness(toml, base=ROOT, directory=directory) as harness:
        execution = await harness.submit(Ffqn(recipe.function), *recipe.params, execution_id=ID)
        await recipe.happens(harness, execution)
        log = await harness.log(ExecutionId(execution + recipe.of))
    return history_of(recipe.about, recipe.component, log)


def _components(recipe: Recipe) -> str:
    tables = {location: _table(kind, location, extra) for kind, location, extra in TABLES}
    if recipe.component not in tables or recipe.settings:
        tables[recipe.component] = _table("workflow_wasm", recipe.component, recipe.settings)
    return "".join(tables.values())


def _table(kind: str, location: str, extra: str) -> str:
    # In virtual time, looking for other processes' work would be all that happens.
    name = Path(location).stem
    return f'[[{kind}]]\nname = "{name}"\nlocation = "{location}"\nexec.tick_sleep = "{LATE}"\n{extra}\n'


# --- files ----------------------------------------------------------------------------------------------------------------


def digests(directory: Path = DIRECTORY) -> dict[str, str]:
    """Return the SHA-256 of each history as it is."""
    return {name: hashlib.sha256(path_of(name, directory).read_bytes()).hexdigest() for name in names(directory)}


def landed(directory: Path = DIRECTORY) -> dict[str, str]:
    """Return the SHA-256 of each history as it landed."""
    path = directory / MANIFEST
    manifest: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return manifest


async def record(name: str, scratch: Path, directory: Path = DIRECTORY) -> Path:
    """Write the file of a new history and add it to the manifest.

    Raises ``ValueError`` for a name without a recipe and for one that has landed: a history is never made anew.
    """
    path = path_of(name, directory)
    if name in landed(directory) or path.exists():
        raise ValueError(f"the history `{name}` has landed and is never written again: choose another name")
    if name not in RECIPES:
        raise ValueError(f"there is no recipe `{name}`: write it in tests/histories/recipes.py first")
    history = await made(RECIPES[name], scratch, code_cache=scratch / "code")
    path.write_text(text_of(history), encoding="utf-8")
    manifest = landed(directory) | {name: digests(directory)[name]}
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    return path
