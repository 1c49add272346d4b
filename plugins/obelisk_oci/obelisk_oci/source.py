"""The component source for ``oci://...``.

Theory of operation. Pulls run on threads of the source's own, as many as the settings allow. Whoever is cancelled leaves at
once and tells the thread to stop, which it does before its next request, chunk or wait. Nobody waits for such a thread:
one that hears nothing from a registry sits there for up to ``oci.timeout``.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections import defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from obelisk.errors import ComponentError, InputError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.sources import Artifact, ComponentSource
from obelisk_oci.pulling import Pulled, Puller
from obelisk_oci.reference import Reference, parse_reference
from obelisk_oci.settings import OciSettings

THREADS = "obelisk-oci"
_log = logging.getLogger("obelisk.oci")


class OciSource:
    """Pulls several components at a time; one that several tables name comes over the network once."""

    def __init__(self, puller: Puller, executor: Executor) -> None:
        self._puller = puller
        self._executor = executor
        self._locks: defaultdict[Reference, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def fetch(self, location: str, *, base: Path, max_size: int) -> Artifact:
        """Return the component that ``location`` names. One without a digest is told in the log, with its digest."""
        try:
            reference = parse_reference(location)
        except InputError as error:
            raise ComponentError(str(error)) from error
        async with self._locks[reference]:
            pulled = await self._pull(reference, max_size)
        if reference.digest is None:
            _log.warning(
                "`%s` has no digest, so its content may change; write `location = \"%s\"`, or run `obelisk component pin`",
                reference, pulled.reference,
            )  # fmt: skip
        return Artifact(pulled.content, str(pulled.reference))

    async def _pull(self, reference: Reference, max_size: int) -> Pulled:
        stop = threading.Event()
        work = functools.partial(self._puller.pull, reference, max_size=max_size, stop=stop)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            stop.set()


@asynccontextmanager
async def open_source(settings: OciSettings, host: Host) -> AsyncIterator[ComponentSource]:
    """Open the source."""
    puller = Puller(settings, host)
    puller.cache.remove_stale(host.clock.now().timestamp())
    executor = ThreadPoolExecutor(settings.max_parallel_pulls, thread_name_prefix=THREADS)
    try:
        yield OciSource(puller, executor)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
