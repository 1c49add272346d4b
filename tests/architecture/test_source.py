"""Rules about the source that no linter checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MAX_LINES = 600
MAX_FUNCTION_LINES = 60
GENERATED = "obelisk/api/pb/"
ONLY_IMPORTED_BY = {
    "pluggy": ("obelisk/markers.py", "obelisk/plugins/"),
    "wasmtime": ("obelisk/wasm/",),
    "grpc": ("obelisk/api/", "obelisk/cli/"),
    "google": ("obelisk/api/", "obelisk/cli/"),
    "tomlkit": ("obelisk/config/edit.py",),
    "rich": ("obelisk/cli/",),
    "click": ("obelisk/cli/",),
    "sqlite3": (),
    "sqlite_utils": (),
}


@pytest.fixture(scope="module")
def sources(repository: Path) -> dict[str, ast.Module]:
    """The modules of the kernel and of the plugins, but the generated ones, by their path."""
    paths = [*repository.glob("obelisk/**/*.py"), *repository.glob("plugins/*/obelisk_*/**/*.py")]
    names = {str(path.relative_to(repository)): path for path in paths}
    return {name: ast.parse(path.read_text()) for name, path in names.items() if not name.startswith(GENERATED)}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def type_checking_imports(tree: ast.Module) -> set[ast.AST]:
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {node for block in blocks for node in ast.walk(block)}


def imported_packages(tree: ast.Module) -> set[str]:
    only_types = type_checking_imports(tree)
    names = set()
    for node in ast.walk(tree):
        if node in only_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def test_no_module_is_too_long(repository, sources):
    lengths = {name: len((repository / name).read_text().splitlines()) for name in sources}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_no_function_is_too_long(sources):
    long = {
        f"{name}:{node.name}": lines
        for name, tree in sources.items()
        for node in functions(tree)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


@pytest.mark.parametrize("package", ONLY_IMPORTED_BY)
def test_a_dependency_stays_where_it_belongs(sources, package):
    allowed = ONLY_IMPORTED_BY[package]
    importers = [
        name
        for name, tree in sources.items()
        if name.startswith("obelisk/") and package in imported_packages(tree) and not name.startswith(allowed or ("-",))
    ]
    assert importers == []


def test_every_module_postpones_annotations(sources):
    missing = [name for name, tree in sources.items() if tree.body and not future_annotations(tree)]
    assert missing == []


def future_annotations(tree: ast.Module) -> bool:
    only_docstring = all(isinstance(node, ast.Expr) for node in tree.body)
    return only_docstring or any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)


def test_every_class_says_what_it_is(sources):
    silent = [
        f"{name}:{node.name}"
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and not ast.get_docstring(node)
    ]
    assert silent == []


def test_data_are_frozen(sources):
    """Every Struct is frozen."""
    thawed = [
        f"{name}:{node.name}"
        for name, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and is_struct(node) and not is_frozen(node)
    ]
    assert thawed == []


def is_struct(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base) in ("Struct", "msgspec.Struct") for base in node.bases)


def is_frozen(node: ast.ClassDef) -> bool:
    return any(word.arg == "frozen" and ast.unparse(word.value) == "True" for word in node.keywords)


def test_the_built_in_list_is_complete(repository):
    from obelisk.plugins import BUILT_INS

    modules = {f"obelisk.builtin.{path.stem}" for path in (repository / "obelisk/builtin").glob("[!_]*.py")}
    implementing = {
        name for name in modules if "@hookimpl" in (repository / f"{name.replace('.', '/')}.py").read_text()
    }
    assert implementing == set(BUILT_INS)
