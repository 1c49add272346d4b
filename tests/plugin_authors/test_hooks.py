"""The reference of hooks says what the hooks are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from obelisk import hookspecs
from obelisk.cli.plugin_check import KINDS

HOOKS: dict[str, Callable[..., Any]] = {
    name: function
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction)
    if name.startswith("obelisk_")
}


@pytest.fixture(scope="module")
def rows(repository: Path) -> dict[str, tuple[str, str]]:
    """The parameters of each hook, and what it returns, as the reference has them."""
    page = (repository / "docs/reference/hooks.md").read_text()
    found = re.findall(r"^\| `(obelisk_\w+)\((.*?)\)` \| (.*?) \|", page, re.MULTILINE)
    return {name: (parameters, returned) for name, parameters, returned in found}


def test_every_hook_is_there_and_no_other(rows):
    assert set(rows) == set(HOOKS)
    assert len(HOOKS) == 8


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_its_parameters(rows, hook):
    assert rows[hook][0] == ", ".join(inspect.signature(HOOKS[hook]).parameters)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_returns_what_is_said(rows, hook):
    annotation = str(inspect.signature(HOOKS[hook]).return_annotation)
    returned = re.fullmatch(r"Sequence\[(\w+).*\]", annotation)
    expected = "nothing;" if returned is None else f"`{returned[1]}"
    assert rows[hook][1].startswith(expected)


def test_every_hook_that_returns_something_is_checked():
    returning = {name for name in HOOKS if inspect.signature(HOOKS[name]).return_annotation != "None"}
    assert returning == set(KINDS)


@pytest.mark.parametrize("hook", KINDS)
def test_what_is_checked_is_what_a_hook_returns(hook):
    assert f"[{KINDS[hook].__name__}" in str(inspect.signature(HOOKS[hook]).return_annotation)


def test_modules_that_stay_are_those_that_the_plugins_of_the_repository_import(repository):
    page = (repository / "docs/plugins/stability.md").read_text()
    stays = set(re.findall(r"`(obelisk(?:\.[\w.]+)?)`", page.split("## What you may import")[1].split("\n## ")[0]))
    sources = [path.read_text() for path in repository.glob("plugins/*/obelisk_*/**/*.py")]
    imported = {name for text in sources for name in re.findall(r"^\s*from (obelisk(?:\.[\w.]+)?) import", text, re.M)}
    assert len(imported) > 10
    assert [name for name in imported if name not in stays and not name.startswith("obelisk.interfaces.")] == []
