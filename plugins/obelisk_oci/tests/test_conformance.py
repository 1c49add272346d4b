"""The source passes the suite that every component source has to pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obelisk_oci.reference import Reference
from obelisk_oci.source import open_source

from obelisk.interfaces.provider import Host
from obelisk.testing.sources import SourceConformance, SourcePlace
from plugins.obelisk_oci.tests.artifacts import uploader
from plugins.obelisk_oci.tests.conftest import QUICK


class TestOciSource(SourceConformance):
    @pytest.fixture
    async def place(self, host: Host, name: Reference, tmp_path: Path) -> AsyncIterator[SourcePlace]:
        repository = f"oci://{name.host}/{name.repository}"

        async def publish(tag: str, content: bytes) -> str:
            await asyncio.to_thread(uploader(name).artifact, tag, content)
            return f"{repository}:{tag}"

        async with open_source(QUICK, host) as source:
            malformed = ("oci://", "oci://ghcr.io/a:?", f"{repository}@sha256:no")
            yield SourcePlace(source, publish, f"{repository}:nothing", malformed, tmp_path)
