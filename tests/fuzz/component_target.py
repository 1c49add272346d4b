"""Components that were damaged: compiled in the bounded process, looked at, opened, and run.

Damaged bytes are seldom valid, so texts of components are damaged too: an instruction or a number in them is another one.
An example is several of them, since they are compiled together in one process.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from obelisk.errors import ComponentError, GuestError
from obelisk.interfaces.components import Outcome
from obelisk.interfaces.settings import ActivitySettings, Duration, Size, WorkflowSettings
from obelisk.names import ffqn
from obelisk.wasm.activity import WasmActivity
from obelisk.wasm.artifact import binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.components import Prepared, WasmComponents
from obelisk.wasm.engine import WasmEngine
from obelisk.wasm.guest import GuestLimits
from obelisk.wasm.reflect import world_of
from obelisk.wasm.settings import EngineSettings
from obelisk.wit.model import Function
from tests.fuzz.mutation import damaged_bytes
from tests.fuzz.target import Fuzzed, Target
from tests.runtime.conftest import ROOT
from tests.wasm.bench import activity_call

MAX_SIZE = 1 << 20
NUMBER = re.compile(r"(?<=\(i32\.const )-?\w+|(?<=\(i64\.const )-?\w+")
SWAPS = [
    ("i32", "i64"), ("u32", "string"), ("u64", "u8"), ("result", "option"), ("add", "sub"), ("br_if", "br"), ("load",
    "store"),
    ("i32.eqz", "i32.clz"), ("own", "borrow"), ("list u8", "list u64"), ("string", "char"), ("memory.grow", "memory.size"),
    ("local.set", "local.tee"), ("param i32", "param i64"), ("call", "return_call"), ("unreachable", "nop"), ("f64", "f32"),
]  # fmt: skip
NUMBERS = st.sampled_from(["0", "1", "-1", "7", "8", "65536", "0x7fffffff", "-0x80000000", "4", "1024"])
LIMITS = GuestLimits(
    memory=1 << 24, table_elements=1000, tables=10, memories=4, instances=20, value_size=1 << 22, fuel=200_000
)
COMPILE = CompileLimits(timeout=Duration(seconds=10), memory=Size(1 << 30))
VALUES = {"string": "text", "bool": True, "char": "c", "f32": 1.5, "f64": 1.5}


def originals() -> list[str]:
    """Return the texts of small components, healthy and hostile ones."""
    small = [
        "tests/guests/spin.wat",
        "tests/guests/values.wat",
        "tests/guests/logger.wat",
        "examples/wat/fibo_activity.wat",
    ]
    hostile = sorted((ROOT / "tests/guests/hostile").glob("*.wat"))
    return [path.read_text(encoding="utf-8") for path in [*(ROOT / name for name in small), *hostile]]


@st.composite
def damaged_components(draw: st.DrawFn, texts: list[str]) -> bytes:
    """A component with other numbers and words in its text, or with other bytes."""
    text = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        return draw(damaged_bytes(binary_of(text.encode(), origin="original", max_size=MAX_SIZE), most=3))
    for _ in range(draw(st.integers(1, 3))):
        found = list(NUMBER.finditer(text))
        if found and draw(st.booleans()):
            match = draw(st.sampled_from(found))
            text = text[: match.start()] + draw(NUMBERS) + text[match.end() :]
        else:
            old, new = draw(st.sampled_from(SWAPS))
            places = [match.start() for match in re.finditer(re.escape(old), text)]
            if places:
                at = draw(st.sampled_from(places))
                text = text[:at] + new + text[at + len(old) :]
    return text.encode()


class Opener:
    """Takes components the way that a server does."""

    def __init__(self, directory: Path, loop: asyncio.AbstractEventLoop) -> None:
        settings = EngineSettings(fuel=True)
        self._loop = loop
        self._cache = CodeCache(directory, settings)
        self.engine = WasmEngine(settings, limits=LIMITS, loop=loop)
        self._components = WasmComponents(self.engine, self._cache, COMPILE, max_size=MAX_SIZE)

    def check(self, contents: list[bytes]) -> None:
        self._loop.run_until_complete(self._check(contents))

    async def _check(self, contents: list[bytes]) -> None:
        jobs = [job for content in contents if (job := self._job(content)) is not None]
        try:
            await self._cache.compile_missing(jobs, COMPILE)
        except ComponentError as error:
            assert "the process that compiled it" not in str(error)
        for job in jobs:
            await self._open(job)
        assert self.engine.host_calls.count == 0

    def _job(self, content: bytes) -> CompileJob | None:
        try:
            binary = binary_of(content, origin="damaged", max_size=MAX_SIZE)
        except ComponentError as error:
            assert len(str(error)) < 3000
            return None
        return CompileJob(digest_of(binary), binary, "damaged")

    async def _open(self, job: CompileJob) -> None:
        compiled = self._cache.load(self.engine.engine, job.digest)
        if compiled is None:
            return
        try:
            prepared = Prepared(job.digest, compiled, world_of(compiled, self.engine.engine))
            activity = self._components.activity(prepared, ActivitySettings(name="damaged"))
            self._components.workflow(prepared, WorkflowSettings(name="damaged"))
        except (ComponentError, GuestError) as error:
            assert str(error)
            return
        for interface in activity.component.exports:
            for function in interface.functions:
                await self._run(activity, interface.name, function)
        self._cache.path_of(job.digest).unlink()

    async def _run(self, activity: WasmActivity, interface: str, function: Function) -> None:
        params = [VALUES.get(str(getattr(param.type, "value", "")), 7) for param in function.params]
        if any(param.type.__class__.__name__ != "Primitive" for param in function.params):
            return
        ended: asyncio.Future[Outcome] = self._loop.create_future()
        run = activity.start(activity_call(ffqn(interface, function.name), *params), ended.set_result, _ignore)
        async with asyncio.timeout(10):
            await ended
        assert run is None or run.is_over  # type: ignore[attr-defined]

    def close(self) -> None:
        self._components.close()
        self.engine.close()


def _ignore(_: Any) -> None:
    pass


@contextmanager
def opened(directory: Path) -> Iterator[Fuzzed]:
    loop = asyncio.new_event_loop()
    opener = Opener(directory, loop)
    try:
        yield Fuzzed(st.lists(damaged_components(originals()), min_size=1, max_size=12), opener.check)
    finally:
        opener.close()
        loop.close()


def target() -> Target:
    return Target("components", 8, opened)
