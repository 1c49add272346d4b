"""Suites of clauses, and the guard that sees to it that all of them are run.

Theory of operation
    A suite is a class whose methods called ``test_...`` are its clauses. A plugin subclasses it in its tests. Whatever keeps
    a clause from being run makes the plugin's tests fail, so that a suite that passes says what it seems to say:

    * A clause that is replaced or removed is a ``TypeError`` when the class is made.
    * ``pytest_generate_tests``, which pytest calls on the class for each test that it collects, registers ``Guard`` as a
      pytest plugin. When all is collected the guard compares what there is with what there has to be; a clause that was not
      collected, or that something deselected, for some of its parameters or all, or marks as skipped, fails every test of
      the class.
    * A clause that skips itself while it runs, its fixtures included, has failed.

    The one way to leave a clause out is to override it with ``@pytest.mark.xfail(reason=...)``, without a condition.
    Choosing tests on the command line (``-k``, ``-m``, ``--deselect``, ``--lf``, names of tests) is no concern of the guard;
    doing so in a configuration file is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, ClassVar

import pytest

CLAUSE = "test_"
GUARD = "obelisk-conformance-guard"
_HOOK = "pytest_generate_tests"
_CHOICES = ("--lf", "--last-failed", "--sw", "--stepwise", "--sw-skip", "--stepwise-skip")


class Conformance:
    """The base of all suites. A subclass of a suite, whose name begins with ``Test``, is run by pytest."""

    _whole: ClassVar[dict[str, object]] = {}
    """The clauses of a suite as they were when it was made, whatever somebody does to its classes afterwards."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._whole = {**_defined(cls), **_inherited(cls)}
        problems = [*_replaced(cls), *_hidden(cls)]
        if problems:
            raise TypeError("\n".join(problems))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Tell the guard that a test was collected."""
        manager = metafunc.config.pluginmanager
        guard = manager.get_plugin(GUARD)
        if guard is None:
            guard = Guard()
            manager.register(guard, GUARD)
        guard.collected(type(self), metafunc.function.__name__)


def clauses(suite: type) -> list[str]:
    """Return the names of the clauses of a suite, or of a plugin's subclass of one."""
    return sorted({*getattr(suite, "_whole", ()), *_defined(suite)} - {_HOOK})


class Guard:
    """A pytest plugin: see the module's theory of operation."""

    def __init__(self) -> None:
        self._collected: dict[type, set[str]] = {}
        self._items: dict[type, dict[str, str]] = {}
        self._problems: dict[type, str] = {}

    def collected(self, suite: type, name: str) -> None:
        """Take note that pytest collects a test."""
        self._collected.setdefault(suite, set()).add(name)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Take note of one of the items that a test becomes, one for each set of its parameters."""
        if isinstance(item, pytest.Function) and _is_clause(item):
            self._items.setdefault(item.cls, {})[item.nodeid] = item.name
            if item.get_closest_marker("asyncio") is not None:
                item.add_marker(pytest.mark.asyncio(loop_scope=_loop_of_fixtures(item.config)), append=False)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Find what keeps clauses from being run."""
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        for suite, names in self._collected.items():
            mine = [item for item in items if item.cls is suite]
            problems = [*_replaced(suite), *_uncollected(suite, names), *_marked(mine)]
            if not _chooses(session.config):
                problems += self._left_out(suite, {item.nodeid for item in mine})
            if problems:
                self._problems[suite] = "\n".join(problems)
            if problems and not mine:
                raise pytest.UsageError(self._problems[suite])

    def _left_out(self, suite: type, there: set[str]) -> Iterator[str]:
        for nodeid, name in self._items.get(suite, {}).items():
            if nodeid not in there:
                yield f"the clause `{name}` of {suite.__name__} was collected and then left out"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail every test of a class whose suite is not whole."""
        problem = self._problems.get(getattr(item, "cls", None) or type(None))
        if problem is not None:
            pytest.fail(problem, pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let a clause that was skipped fail."""
        report = yield
        if report.skipped and _is_clause(item) and not _may_fail(item):
            report.outcome = "failed"
            report.longrepr = (
                f"a clause was skipped: {_reason(report)}; override it with @pytest.mark.xfail(reason=...) to say why it "
                "does not hold"
            )
        return report


def _defined(suite: type) -> dict[str, object]:
    """Return the clauses that the classes of a suite have now, and the hook that tells of them."""
    names = {name for base in suite.__mro__ for name in vars(base) if name.startswith(CLAUSE)}
    return {name: _found(suite, name) for name in (*names, _HOOK)}


def _inherited(suite: type) -> dict[str, object]:
    """Return the clauses that the suites had from which a suite is made. The oldest say what a clause is."""
    whole: dict[str, object] = {}
    for base in suite.__mro__[1:]:
        whole.update(vars(base).get("_whole", {}))
    # A class that is no suite has clauses too: one may come beside a suite's own.
    for base in reversed(suite.__mro__[1:]):
        if not issubclass(base, Conformance):
            whole = {**{name: vars(base)[name] for name in vars(base) if name.startswith(CLAUSE)}, **whole}
    return whole


def _found(suite: type, name: str) -> object:
    return next((vars(base)[name] for base in suite.__mro__ if name in vars(base)), None)


def _replaced(suite: type) -> Iterator[str]:
    """Tell of each clause that is not what the suite has it to be."""
    for name, original in sorted(suite._whole.items()):  # type: ignore[attr-defined] # it is a suite
        found = _found(suite, name)
        if found is not original and not _has_reason(found):
            owner = getattr(original, "__qualname__", "").rpartition(".")[0] or suite.__name__
            yield (
                f"{suite.__name__} replaces the clause `{name}` of {owner}; "
                "override it with @pytest.mark.xfail(reason=...) to say why it does not hold"
            )


def _hidden(suite: type) -> Iterator[str]:
    if suite.__name__.startswith("Test") and vars(suite).get("__test__") is False:
        yield f"{suite.__name__} is hidden from pytest by `__test__`; a base of suites needs a name without `Test`"


def _uncollected(suite: type, names: set[str]) -> Iterator[str]:
    for name in clauses(suite):
        if name not in names:
            yield f"the clause `{name}` of {suite.__name__} was not collected"


def _marked(items: Sequence[pytest.Function]) -> Iterator[str]:
    for item in items:
        found = [mark.name for mark in item.iter_markers() if mark.name in ("skip", "skipif")]
        found += [
            mark.name for node, mark in item.iter_markers_with_node("xfail") if not _is_reasoned(mark, node, item)
        ]
        for name in found:
            yield (
                f"the clause `{item.name}` of {item.cls.__name__ if item.cls else ''} is marked with `{name}`, expected "
                "no such mark but @pytest.mark.xfail(reason=...) at the clause itself"
            )


def _is_reasoned(mark: pytest.Mark, node: object, item: pytest.Item) -> bool:
    return node is item and any(mark == own and _says_why(own) for own in _marks(getattr(item, "function", None)))


def _has_reason(found: object) -> bool:
    return callable(found) and any(_says_why(mark) for mark in _marks(found))


def _marks(found: object) -> Sequence[pytest.Mark]:
    return getattr(found, "pytestmark", ())


def _says_why(mark: pytest.Mark) -> bool:
    """Tell whether a mark is an ``xfail`` with a reason that holds always: with a condition it might not fail at all."""
    is_bare = not mark.args and "condition" not in mark.kwargs
    return mark.name == "xfail" and is_bare and bool(str(mark.kwargs.get("reason", "")).strip())


def _is_clause(item: pytest.Item) -> bool:
    cls = getattr(item, "cls", None)
    return isinstance(item, pytest.Function) and isinstance(cls, type) and issubclass(cls, Conformance)


def _may_fail(item: pytest.Item) -> bool:
    return any(_is_reasoned(mark, node, item) for node, mark in item.iter_markers_with_node("xfail"))


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    return str(getattr(report, "wasxfail", report.longrepr))


def _loop_of_fixtures(config: pytest.Config) -> str:
    """Return on which loop fixtures run by default. A clause runs on it too, whatever tests do by default."""
    try:
        return config.getini("asyncio_default_fixture_loop_scope") or "function"
    except ValueError:  # pytest-asyncio is not there
        return "function"


def _chooses(config: pytest.Config) -> bool:
    """Tell whether somebody chose tests on the command line, and not only in a configuration file."""
    options = [config.getoption(name, None) for name in ("keyword", "markexpr", "deselect", "lf", "stepwise")]
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist sees the options, and not who gave them
        return any(options) or any("::" in argument for argument in config.args)
    said = [str(argument) for argument in config.invocation_params.args]
    texts = [text for option in options[:3] for text in (option if isinstance(option, list) else [option]) if text]
    return any(
        "::" in argument or argument in _CHOICES or any(argument.endswith(text) for text in texts) for argument in said
    )
