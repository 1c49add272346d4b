"""The component source of the engine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from obelisk_oci.reference import Reference
from obelisk_oci.source import THREADS, open_source

from obelisk.errors import ComponentError
from obelisk.interfaces.provider import Host
from plugins.obelisk_oci.tests.artifacts import Uploader, fibo, padded, uploader
from plugins.obelisk_oci.tests.conftest import QUICK
from plugins.obelisk_oci.tests.proxy import Answer, Proxy, Request
from plugins.obelisk_oci.tests.registry import Registry
from plugins.obelisk_oci.tests.test_pulling import MAX

HERE = Path()


async def test_a_component_is_fetched(host: Host, name: Reference) -> None:
    digest = uploader(name).artifact("1", fibo())
    async with open_source(QUICK, host) as source:
        artifact = await source.fetch(str(name), base=HERE, max_size=MAX)
    assert artifact.content == fibo()
    assert artifact.origin == str(name.pinned(digest))


async def test_a_component_without_a_digest_is_warned_of(
    host: Host, name: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    digest = uploader(name).artifact("1", fibo())
    async with open_source(QUICK, host) as source:
        await source.fetch(str(name), base=HERE, max_size=MAX)
        (record,) = caplog.records
        assert f'location = "{name.pinned(digest)}"' in record.getMessage()
        caplog.clear()
        await source.fetch(str(name.pinned(digest)), base=HERE, max_size=MAX)
    assert caplog.records == []


async def test_a_location_that_names_nothing_is_an_error_of_the_component(host: Host) -> None:
    async with open_source(QUICK, host) as source:
        with pytest.raises(ComponentError, match="no tag"):
            await source.fetch("oci://ghcr.io/a:?", base=HERE, max_size=MAX)


async def test_as_many_are_pulled_at_a_time_as_the_settings_say(
    host: Host, registry: Registry, proxied: Callable[[Registry], tuple[Proxy, str]], name_in
) -> None:
    proxy, at = proxied(registry)
    reference = name_in(at)
    upload = Uploader(registry.host, reference.repository)
    for tag in range(6):
        upload.artifact(str(tag), padded(1000 + tag))
    at_once, most, lock, two = 0, 0, threading.Lock(), threading.Barrier(2)

    def slow(request: Request, answer: Answer) -> Answer:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        two.wait(10)  # passes only when two are here, so exactly two are pulled at a time
        with lock:
            at_once -= 1
        return answer

    proxy.fault("/blobs/*", slow)
    async with open_source(msgspec.structs.replace(QUICK, max_parallel_pulls=2), host) as source:
        locations = [f"oci://{at}/{reference.repository}:{tag}" for tag in range(6)]
        found = await asyncio.gather(*(source.fetch(each, base=HERE, max_size=MAX) for each in locations))
    assert [artifact.content for artifact in found] == [padded(1000 + tag) for tag in range(6)]
    assert most == 2


async def test_what_several_components_name_comes_once(
    host: Host, registry: Registry, proxied: Callable[[Registry], tuple[Proxy, str]], name_in
) -> None:
    proxy, at = proxied(registry)
    reference = name_in(at)
    digest = Uploader(registry.host, reference.repository).artifact("1", fibo())
    async with open_source(QUICK, host) as source:
        pinned = str(reference.pinned(digest))
        await asyncio.gather(*(source.fetch(pinned, base=HERE, max_size=MAX) for _ in range(4)))
    assert len(proxy.paths("/blobs/")) == 1


async def test_a_pull_that_is_cancelled_ends_its_thread(
    host: Host, registry: Registry, proxied: Callable[[Registry], tuple[Proxy, str]], name_in
) -> None:
    proxy, at = proxied(registry)
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def busy(request: Request, answer: Answer) -> Answer:
        loop.call_soon_threadsafe(asked.set)
        return Answer(429, {"Retry-After": "25"}, b"")

    proxy.fault("/manifests/*", busy)
    async with open_source(QUICK, host) as source:
        pulling = asyncio.ensure_future(source.fetch(str(name_in(at)), base=HERE, max_size=MAX))
        await asked.wait()
        pulling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pulling
    threads = [thread for thread in threading.enumerate() if thread.name.startswith(THREADS)]
    for thread in threads:
        thread.join(10)
    assert [thread.is_alive() for thread in threads] == [False] * len(threads)
