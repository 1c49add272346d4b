"""The pytest plugin: the fixture ``obelisk``, with which workflows are tested; see ``docs/how-to/test-workflows.md``.

pytest loads this module wherever Obelisk is installed, so it imports nothing of the engine before a test asks for it.

Theory of operation
    The fixture is no coroutine, and its engine opens on whatever loop the test's coroutine runs on: that of
    pytest-asyncio in any of its modes, that of anyio, or one of our own when nobody else runs the test. It has to be
    closed on that loop too, so the plugin puts the closing around the test's function for the time of its call. A stub is
    held against the components when these are opened, or at the end of a test that opened none: a stub of no function never
    goes unseen.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from obelisk.testing.workflow_bench import WorkflowBench

FIXTURE = "obelisk"
MARKER = "obelisk"
OPTION = "obelisk_config"
CONFIG_NAME = "obelisk.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``obelisk_config``."""
    parser.addini(OPTION, "the obelisk.toml whose components the fixture `obelisk` has", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    line = f"{MARKER}(config): the obelisk.toml whose components the fixture `{FIXTURE}` has, from the test's directory"
    config.addinivalue_line("markers", line)


@pytest.fixture
def obelisk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WorkflowBench:
    """An engine on storage in memory and a virtual clock, for tests of workflows: `await obelisk.submit(...)`."""
    from obelisk.testing.workflow_bench import Places, WorkflowBench

    places = Places(
        config=_config_of(request),
        base=request.path.parent,
        data=tmp_path_factory.mktemp("obelisk"),
        cache=_cache(request.config, tmp_path_factory),
    )
    return WorkflowBench(places, environ=os.environ)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Have the stubs checked, and the engine closed on the loop of the test's coroutine."""
    if not _has_bench(item):
        return (yield)
    assert isinstance(item, pytest.Function)
    if not inspect.iscoroutinefunction(item.obj):
        result = yield
        _check_stubs(item.funcargs[FIXTURE])
        return result
    function = item.obj
    item.obj = _closing(function, item.funcargs[FIXTURE])
    try:
        return (yield)
    finally:
        item.obj = function


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine that nobody else runs."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or not _has_bench(pyfuncitem):
        return None
    if pyfuncitem.get_closest_marker("anyio") is not None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def _has_bench(item: pytest.Item) -> bool:
    """Tell whether a test uses the fixture."""
    if not isinstance(item, pytest.Function) or FIXTURE not in item.fixturenames:
        return False
    from obelisk.testing.workflow_bench import WorkflowBench

    return isinstance(item.funcargs.get(FIXTURE), WorkflowBench)  # it may be somebody else's of the same name


def _closing(function: Callable[..., Coroutine[Any, Any, Any]], bench: Any) -> Callable[..., Coroutine[Any, Any, Any]]:
    @functools.wraps(function)
    async def closing(*args: Any, **kwargs: Any) -> None:
        try:
            await function(*args, **kwargs)
            await bench.check_stubs()
        finally:
            await bench.close()
        bench.raise_problem()

    return closing


def _check_stubs(bench: Any) -> None:
    """Check the stubs of a test that is no coroutine, on a loop of its own."""

    async def checked() -> None:
        try:
            await bench.check_stubs()
        finally:
            await bench.close()

    if bench.has_unchecked_stubs:
        asyncio.run(checked())


def _config_of(request: pytest.FixtureRequest) -> Path | None:
    """Return the configuration that the marker names, else the option, else the nearest one."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is not None:
        if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str | Path):
            raise pytest.UsageError(f'`@pytest.mark.{MARKER}` expects one path, such as `("obelisk.toml")`')
        return request.path.parent / marker.args[0]
    root = request.config.rootpath
    chosen = request.config.getini(OPTION)
    if chosen:
        start = request.config.inipath.parent if request.config.inipath is not None else root
        return Path(start / chosen)
    return _nearest(request.path.parent, root)


def _nearest(directory: Path, root: Path) -> Path | None:
    """Return the configuration in a directory, or in the nearest one above it up to ``root``."""
    for place in (directory, *directory.parents):
        if (place / CONFIG_NAME).is_file():
            return place / CONFIG_NAME
        if place == root:
            break
    return None


def _cache(config: pytest.Config, factory: pytest.TempPathFactory) -> Path:
    """Return where compiled code is kept: for the next run too, unless pytest keeps nothing."""
    cache: pytest.Cache | None = getattr(config, "cache", None)  # not there with `-p no:cacheprovider`
    return cache.mkdir(FIXTURE) if cache is not None else factory.getbasetemp() / "obelisk-cache"
