# ruff: noqa: D102 - the name of a clause says what it demands
"""The suite that every component source has to pass.

A plugin subclasses it in its tests and gives the fixture ``place``: an opened source, and a place that it fetches from::

    class TestMySource(SourceConformance):
        @pytest_asyncio.fixture
        async def place(self, tmp_path):
            async with open_source(MySettings(), host) as source:
                yield SourcePlace(source, publish, missing="my://nothing", malformed=("my://",), base=tmp_path)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from obelisk.errors import ComponentError
from obelisk.interfaces.sources import Artifact, ComponentSource
from obelisk.testing.conformance import Conformance

MAX = 4 * 1024 * 1024
COMPONENT = b"\0asm\x0d\0\x01\0"
"""What the binary of a component begins with."""


class SourcePlace(Struct, frozen=True):
    """A source, and where it fetches from.

    ``publish`` puts content under a name, in place of what was there, and returns its location. At ``missing`` there is
    nothing, ``malformed`` are locations that the source cannot read, and relative ones start at ``base``.
    """

    source: ComponentSource
    publish: Callable[[str, bytes], Awaitable[str]]
    missing: str
    malformed: tuple[str, ...]
    base: Path

    async def fetch(self, location: str, *, max_size: int = MAX) -> Artifact:
        """Fetch what lies at a location."""
        return await self.source.fetch(location, base=self.base, max_size=max_size)


def content(size: int = 1000, *, seed: int = 0) -> bytes:
    """Return bytes that begin as a component does and go on as it comes."""
    return COMPONENT + random.Random(seed).randbytes(size - len(COMPONENT))


class SourceConformance(Conformance):
    """Every clause. A subclass, whose name begins with ``Test``, has the fixture ``place``."""

    pytestmark = pytest.mark.asyncio

    @pytest_asyncio.fixture
    async def place(self, *fixtures: Any, **more: Any) -> AsyncIterator[SourcePlace]:
        """Yield a source and its place. The fixture of a subclass asks for whatever others it needs."""
        raise NotImplementedError(f"{type(self).__name__} has to give the fixture `place`")
        yield

    async def test_what_lies_at_a_location_is_fetched_byte_by_byte(self, place: SourcePlace) -> None:
        location = await place.publish("one", content() + bytes(range(256)))
        assert (await place.fetch(location)).content == content() + bytes(range(256))

    async def test_its_origin_is_one_line_for_people(self, place: SourcePlace) -> None:
        origin = (await place.fetch(await place.publish("one", content()))).origin
        assert origin.strip()
        assert origin.splitlines() == [origin]

    async def test_what_is_as_large_as_it_may_be_is_fetched(self, place: SourcePlace) -> None:
        location = await place.publish("one", content(3000))
        assert (await place.fetch(location, max_size=3000)).content == content(3000)

    async def test_what_is_larger_is_an_error_that_tells_how_large_it_may_be(self, place: SourcePlace) -> None:
        location = await place.publish("one", content(3001))
        with pytest.raises(ComponentError, match=r"3[ _,']?000"):
            await place.fetch(location, max_size=3000)

    async def test_each_fetch_has_a_limit_of_its_own(self, place: SourcePlace) -> None:
        location = await place.publish("one", content(3001))
        assert len((await place.fetch(location)).content) == 3001
        with pytest.raises(ComponentError):
            await place.fetch(location, max_size=3000)
        assert len((await place.fetch(location, max_size=3001)).content) == 3001

    async def test_a_location_of_nothing_is_an_error_that_names_it(self, place: SourcePlace) -> None:
        with pytest.raises(ComponentError) as caught:
            await place.fetch(place.missing)
        assert place.missing.rpartition("/")[2].partition(":")[0] in str(caught.value)

    async def test_a_location_that_cannot_be_read_is_an_error(self, place: SourcePlace) -> None:
        for location in place.malformed:
            with pytest.raises(ComponentError) as caught:
                await place.fetch(location)
            assert str(caught.value).strip()

    async def test_several_are_fetched_side_by_side(self, place: SourcePlace) -> None:
        wanted = [content(2000 + number, seed=number) for number in range(8)]
        locations = [await place.publish(f"side-{number}", each) for number, each in enumerate(wanted)]
        found = await asyncio.gather(*map(place.fetch, locations))
        assert [artifact.content for artifact in found] == wanted

    async def test_one_is_fetched_several_times_at_once(self, place: SourcePlace) -> None:
        location = await place.publish("one", content())
        found = await asyncio.gather(*[place.fetch(location) for _ in range(5)])
        assert {artifact.content for artifact in found} == {content()}

    async def test_one_that_fails_harms_no_other(self, place: SourcePlace) -> None:
        location = await place.publish("one", content())
        found = await asyncio.gather(
            place.fetch(place.missing), place.fetch(location), place.fetch(place.missing), return_exceptions=True
        )
        assert [type(each).__name__ for each in found] == ["ComponentError", "Artifact", "ComponentError"]

    async def test_one_that_is_cancelled_harms_no_other(self, place: SourcePlace) -> None:
        location = await place.publish("one", content())
        left = asyncio.ensure_future(place.fetch(location))
        others = asyncio.gather(*[place.fetch(location) for _ in range(2)])
        await asyncio.sleep(0)
        left.cancel()
        assert {artifact.content for artifact in await others} == {content()}
        await asyncio.wait([left])

    async def test_what_was_put_there_meanwhile_is_found(self, place: SourcePlace) -> None:
        location = await place.publish("one", content(seed=1))
        assert (await place.fetch(location)).content == content(seed=1)
        assert await place.publish("one", content(seed=2)) == location
        assert (await place.fetch(location)).content == content(seed=2)

    async def test_the_loop_goes_on_while_something_is_fetched(self, place: SourcePlace) -> None:
        location = await place.publish("one", content(200_000))
        fetching, turns = asyncio.ensure_future(place.fetch(location)), 0
        while not fetching.done():
            turns += 1
            await asyncio.sleep(0)
        await fetching
        assert turns > 1
