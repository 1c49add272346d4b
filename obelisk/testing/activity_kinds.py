# ruff: noqa: D102 - the name of a clause says what it demands
"""The suites that every activity kind has to pass.

A plugin subclasses ``ActivityKindConformance`` in its tests and gives the fixture ``kind``: tables of its kind, and what the
activities in them do. ``StubKindConformance`` is for kinds whose activities are not run::

    class TestMyKind(ActivityKindConformance):
        @pytest.fixture
        def kind(self, tmp_path):
            return KindSamples(base=HERE, directory=tmp_path, table=..., renamed=..., changed=..., broken=(...,),
                               runs=RunSamples(returns=..., refuses=..., crashes=..., endless=..., logs=...))
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from obelisk.core.values import check_value
from obelisk.errors import ObeliskError
from obelisk.interfaces.components import ComponentKindProvider, Crashed, Logged, Returned
from obelisk.testing.components import OpenedActivity, StartedRun, opened_activity
from obelisk.testing.conformance import Conformance
from obelisk.testing.engine import environment_in
from obelisk.testing.plugins import plugins_of

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TURNS = 50
SIDE_BY_SIDE = 5


class RunSample(Struct, frozen=True):
    """A run: a function and its parameters, and the table of its component unless that is the kind's first."""

    params: tuple[Any, ...] = ()
    function: str | None = None
    table: str | None = None


class RunSamples(Struct, frozen=True):
    """Runs that end in each way: ``returns`` with ``value``, ``refuses`` with the value ``refusal``.

    ``crashes`` does not return, ``endless`` does not end before it is cancelled, ``logs`` logs ``lines`` and ends.
    """

    returns: RunSample
    value: Any
    refuses: RunSample
    refusal: Any
    crashes: RunSample
    endless: RunSample
    logs: RunSample
    lines: tuple[Logged, ...]


class KindSamples(Struct, frozen=True):
    """Configurations with one component each, as TOML, whose relative locations start at ``base``.

    ``table`` is the first, ``renamed`` the same with another name, ``changed`` one that runs something else or has another
    signature, each of ``broken`` cannot be opened. Data and caches are kept in ``directory``.
    """

    base: Path
    directory: Path
    name: str
    table: str
    renamed: str
    changed: str
    broken: tuple[str, ...]
    environ: Mapping[str, str] = {}
    runs: RunSamples | None = None

    def open(self, table: str | None = None) -> AbstractAsyncContextManager[OpenedActivity]:
        """Open a component as ``server verify`` does."""
        toml = self.table if table is None else table
        return opened_activity(toml, base=self.base, directory=self.directory, environ=self.environ)


class _KindSuite(Conformance):
    """What the suites of component kinds have in common."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def kind(self) -> KindSamples:
        """Return the samples."""
        raise NotImplementedError(f"{type(self).__name__} has to give the fixture `kind`")


class OpeningClauses:
    """What a kind owes when it opens a component."""

    async def test_a_component_has_the_name_and_the_settings_of_its_table(self, kind: KindSamples) -> None:
        provider = _provider(kind)
        async with kind.open() as opened:
            component = opened.activity.component
        assert (component.id.name, component.settings.name) == (kind.name, kind.name)
        assert type(component.settings) is provider.settings
        assert component.role is provider.role

    async def test_a_digest_is_the_sha256_of_what_is_run(self, kind: KindSamples) -> None:
        async with kind.open() as opened:
            assert DIGEST.fullmatch(opened.digest)

    async def test_what_is_opened_again_has_the_same_digest(self, kind: KindSamples) -> None:
        assert await _digest(kind, kind.table) == await _digest(kind, kind.table)

    async def test_a_digest_does_not_depend_on_the_name(self, kind: KindSamples) -> None:
        assert await _digest(kind, kind.renamed) == await _digest(kind, kind.table)

    async def test_what_runs_something_else_has_another_digest(self, kind: KindSamples) -> None:
        assert await _digest(kind, kind.changed) != await _digest(kind, kind.table)

    async def test_a_component_exports_functions_that_are_in_its_world(self, kind: KindSamples) -> None:
        async with kind.open() as opened:
            component = opened.activity.component
        assert [function for interface in component.exports for function in interface.functions]
        assert set(component.exports) <= set(component.world.exports)

    async def test_one_component_may_be_opened_twice_at_once(self, kind: KindSamples) -> None:
        async with kind.open() as one, kind.open() as two:
            assert one.digest == two.digest

    async def test_a_component_that_cannot_be_opened_is_an_error_of_one_line_or_more(self, kind: KindSamples) -> None:
        assert kind.broken
        for table in kind.broken:
            with pytest.raises(ObeliskError) as caught:
                async with kind.open(table):
                    pass
            assert str(caught.value).strip()

    async def test_an_unknown_key_is_an_error_that_names_it(self, kind: KindSamples) -> None:
        with pytest.raises(ObeliskError, match="no_such_key_of_mine"):
            async with kind.open(kind.table + "\nno_such_key_of_mine = 1\n"):
                pass

    async def test_the_kind_is_described_in_one_line(self, kind: KindSamples) -> None:
        summary = _provider(kind).summary
        assert summary.strip()
        assert summary.splitlines() == [summary]

    async def test_what_is_shared_of_settings_is_all_that_is_shared(self, kind: KindSamples) -> None:
        share = _provider(kind).share
        async with kind.open() as opened:
            settings = opened.activity.component.settings
        shared = settings if share is None else share(settings)
        assert shared.name == settings.name
        assert share is None or share(shared) == shared


class RunClauses:
    """What a kind owes for each run."""

    async def test_a_run_returns_the_value_of_its_function(self, kind: KindSamples) -> None:
        async with _started(kind, "returns") as run:
            outcome = await run.outcome()
        assert isinstance(outcome, Returned), outcome
        assert outcome.value == _runs(kind).value

    async def test_a_value_fits_the_type_of_its_function(self, kind: KindSamples) -> None:
        for name in ("returns", "refuses"):
            async with _started(kind, name) as run:
                outcome = await run.outcome()
                assert isinstance(outcome, Returned), outcome
                if run.signature.result is not None:
                    check_value(run.signature.result, outcome.value)

    async def test_an_error_of_the_function_is_a_value(self, kind: KindSamples) -> None:
        async with _started(kind, "refuses") as run:
            outcome = await run.outcome()
        assert isinstance(outcome, Returned), outcome
        assert outcome.value == _runs(kind).refusal

    async def test_a_run_that_does_not_return_is_a_crash_that_says_why(self, kind: KindSamples) -> None:
        async with _started(kind, "crashes") as run:
            outcome = await run.outcome()
        assert isinstance(outcome, Crashed)
        assert outcome.reason.strip()
        assert outcome.reason.splitlines() == [outcome.reason]

    async def test_a_run_reports_once(self, kind: KindSamples) -> None:
        for name in ("returns", "refuses", "crashes"):
            async with _started(kind, name) as run:
                await run.outcome()
                await _turns()
            assert len(run.outcomes) == 1

    async def test_a_run_is_returned_unless_it_reported_already(self, kind: KindSamples) -> None:
        for name in ("returns", "crashes", "logs"):
            async with _started(kind, name) as run:
                assert (run.run is None) == bool(run.reported_at_once)
                await run.outcome()

    async def test_a_cancelled_run_does_not_report(self, kind: KindSamples) -> None:
        async with _started(kind, "endless") as run:
            await _turns()
            run.cancel()
            await _turns()
        await _turns()
        assert run.outcomes == []

    async def test_a_run_may_be_cancelled_as_soon_as_it_was_started(self, kind: KindSamples) -> None:
        async with _started(kind, "endless") as run:
            run.cancel()
        await _turns()
        assert run.outcomes == []

    async def test_a_run_tells_what_it_sent_before_it_is_cancelled(self, kind: KindSamples) -> None:
        async with _started(kind, "endless") as run:
            assert run.run is not None
            assert run.run.http_client_traces() == ()
            run.cancel()

    async def test_a_cancelled_run_harms_no_other(self, kind: KindSamples) -> None:
        async with _started(kind, "endless") as endless, _started(kind, "returns") as run:
            endless.cancel()
            assert isinstance(await run.outcome(), Returned)

    async def test_runs_go_on_side_by_side(self, kind: KindSamples) -> None:
        sample = _runs(kind).returns
        async with kind.open(sample.table) as opened:
            runs = [opened.run(*sample.params, function=sample.function) for _ in range(SIDE_BY_SIDE)]
            outcomes = await asyncio.gather(*runs)
        assert [outcome.value for outcome in outcomes if isinstance(outcome, Returned)] == [
            _runs(kind).value
        ] * SIDE_BY_SIDE

    async def test_a_run_goes_on_after_one_that_crashed(self, kind: KindSamples) -> None:
        async with _started(kind, "crashes") as crashed:
            await crashed.outcome()
            async with _started(kind, "returns") as run:
                assert isinstance(await run.outcome(), Returned)

    async def test_lines_come_in_their_order_before_the_end_of_the_run(self, kind: KindSamples) -> None:
        async with _started(kind, "logs") as run:
            await run.outcome()
        assert run.logged_by_its_end == [*_runs(kind).lines]


class StubClauses:
    """What a kind owes whose activities are not run."""

    async def test_a_run_says_that_there_is_none_and_that_trying_again_is_of_no_use(self, kind: KindSamples) -> None:
        async with kind.open() as opened:
            run = opened.start()
            (outcome,) = run.outcomes
        assert run.run is None
        assert isinstance(outcome, Crashed)
        assert outcome.reason.strip()
        assert not outcome.retry


class ActivityKindConformance(OpeningClauses, RunClauses, _KindSuite):
    """For kinds whose activities are run. A subclass, whose name begins with ``Test``, has the fixture ``kind``."""


class StubKindConformance(OpeningClauses, StubClauses, _KindSuite):
    """For kinds whose results are given by others. A subclass, whose name begins with ``Test``, has the fixture ``kind``."""


class _started:  # noqa: N801 - it is used as a function
    """Start one of the samples, and close its component at the end."""

    def __init__(self, kind: KindSamples, name: str) -> None:
        self._sample: RunSample = getattr(_runs(kind), name)
        self._opening = kind.open(self._sample.table)

    async def __aenter__(self) -> StartedRun:
        opened = await self._opening.__aenter__()
        return opened.start(*self._sample.params, function=self._sample.function)

    async def __aexit__(self, *raised: Any) -> None:
        await self._opening.__aexit__(*raised)


def _runs(kind: KindSamples) -> RunSamples:
    if kind.runs is None:
        raise NotImplementedError("`runs` of the samples: expected samples of runs, found none")
    return kind.runs


def _provider(kind: KindSamples) -> ComponentKindProvider:
    """Return the provider of the kind whose table comes first in the samples."""
    found = re.search(r"^\[\[(\w+)\]\]", kind.table, re.MULTILINE)
    assert found is not None, f"expected a table such as `[[activity_mine]]`, found {kind.table!r}"
    environ = environment_in(kind.directory, kind.environ)
    return plugins_of(kind.table, base=kind.base, environ=environ).component_kinds.get(found[1])


async def _digest(kind: KindSamples, table: str) -> str:
    async with kind.open(table) as opened:
        return opened.digest


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
