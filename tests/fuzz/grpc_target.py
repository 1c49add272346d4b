"""Requests to a server with a whole engine behind it: of any content, and of bytes that are no message at all."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from obelisk.api.pb.obelisk_admin_pb2 import DESCRIPTOR as ADMIN
from obelisk.api.pb.obelisk_pb2 import DESCRIPTOR
from obelisk.api.server import serve
from obelisk.ids import ExecutionId, new_execution_id
from obelisk.testing.engine import EngineHarness, engine_harness
from tests import scripts
from tests.fuzz.mutation import TEXT, damaged_bytes
from tests.fuzz.target import Fuzzed, Target
from tests.runtime.conftest import FIBO, LATE, ROOT
from tests.runtime.scripting import FIBO_CALL, STUBS, WORKFLOW, child
from tests.runtime.scripting import TEXT as STUB_TEXT
from tests.scripts import RUN_CANCELLABLE

T = TypeVar("T")
SECONDS = 10.0
STREAM_SECONDS = 0.2
MAX_DEPTH = 4
CODE = grpc.StatusCode
SERVICES = [*DESCRIPTOR.services_by_name.values(), *ADMIN.services_by_name.values()]
METHODS = [method for service in SERVICES if service.name != "DeploymentRepository" for method in service.methods]
NUMBERS = [0, 1, 2, 5, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, -1, -(2**31), -(2**63), 2**64 - 1]
JSON = [
    b"",
    b"null",
    b"[]",
    b"[10]",
    b'["x"]',
    b"[[]]",
    b'{"ok": "x"}',
    b'{"err": null}',
    b"{",
    b"\xff",
    b"[" * 500,
    b"[1e999]",
]
WORDS = [
    "testing:fibo/fibo", "fibo", FIBO_CALL, RUN_CANCELLABLE, STUB_TEXT, "run-cancellable", "sha256:" + "0" * 64,
    "g:1", "n:a", "",
    "E_", "Delay_", "*", "%", "_", "'; --", "2026-01-01T00:00:00Z",
    "info,app=debug", "console",
]  # fmt: skip
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64),
}


@dataclass(frozen=True)
class Known:
    """What the server knows: ids of executions, some of which are yet to be made, and of delays, and digests."""

    executions: list[str]
    delays: list[str]
    digests: list[str]


class Messages:
    """Makes messages of any type, with texts that mean something to the server most of the time."""

    def __init__(self, known: Known) -> None:
        words = [*WORDS, *known.executions, *known.delays, *known.digests]
        self._any = st.sampled_from(words) | TEXT
        self._executions = self._mostly(known.executions)
        self._by_message = {
            "ExecutionId": self._executions,
            "DelayId": self._mostly(known.delays),
            "ContentDigest": self._mostly(known.digests),
        }
        self._by_field = {
            "interface_name": self._mostly(["testing:fibo/fibo"]),
            "function_name": self._mostly(["fibo"]),
            "execution_id": self._executions,
        }
        self._bytes = st.sampled_from([b"[10]", b'{"ok": "x"}']) | st.sampled_from(JSON) | st.binary(max_size=20)

    def _mostly(self, texts: list[str]) -> st.SearchStrategy[str]:
        known: st.SearchStrategy[str] = st.sampled_from(texts)
        return st.sampled_from([known] * 7 + [self._any]).flatmap(lambda found: found)

    def _text(self, field: FieldDescriptor) -> st.SearchStrategy[str]:
        return self._by_message.get(field.containing_type.name, self._by_field.get(field.name, self._any))

    @st.composite
    @staticmethod
    def _message(draw: st.DrawFn, self: Messages, descriptor: Descriptor, depth: int) -> Any:
        message = GetMessageClass(descriptor)()
        for field in descriptor.fields:
            if depth <= MAX_DEPTH and draw(st.integers(0, 5)):
                self._fill(draw, message, field, depth)
        return message

    def of(self, descriptor: Descriptor, depth: int = 0) -> st.SearchStrategy[Any]:
        return Messages._message(self, descriptor, depth)

    def _fill(self, draw: st.DrawFn, message: Any, field: FieldDescriptor, depth: int) -> None:
        is_list = field.is_repeated
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return
        values = [draw(self._value(field, depth)) for _ in range(draw(st.integers(1, 2)) if is_list else 1)]
        if is_list:
            getattr(message, field.name).extend(values)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(values[0])
        else:
            setattr(message, field.name, values[0])

    def _value(self, field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
        kind = field.cpp_type
        if kind == FieldDescriptor.CPPTYPE_MESSAGE:
            return self.of(field.message_type, depth + 1)
        if kind == FieldDescriptor.CPPTYPE_STRING:
            return self._bytes if field.type == FieldDescriptor.TYPE_BYTES else self._text(field)
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return st.booleans()
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return st.integers(-1, len(field.enum_type.values) + 1)
        if kind in _RANGES:
            low, high = _RANGES[kind]
            return st.sampled_from([number for number in NUMBERS if low <= number < high]) | st.integers(low, high - 1)
        return st.floats()


@st.composite
def requests(draw: st.DrawFn, messages: Messages) -> tuple[MethodDescriptor, bytes]:
    """A method, and the bytes of a request: whole most of the time."""
    method = draw(st.sampled_from(METHODS))
    content = draw(messages.of(method.input_type)).SerializeToString()
    if draw(st.integers(0, 3)) == 0:
        content = draw(damaged_bytes(content))
    return method, content


class Caller:
    """Makes calls with bytes, and judges the answers."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    def check(self, request: tuple[MethodDescriptor, bytes]) -> None:
        method, content = request
        code, details = self._call(method, content)
        assert code not in (CODE.INTERNAL, CODE.UNKNOWN, CODE.UNAVAILABLE), (method.full_name, code, details)
        assert code is not CODE.DEADLINE_EXCEEDED or method.server_streaming, (method.full_name, "hangs")
        assert "Traceback" not in details

    def _call(self, method: MethodDescriptor, content: bytes) -> tuple[grpc.StatusCode, str]:
        path = f"/{method.containing_service.full_name}/{method.name}"
        try:
            if method.server_streaming:
                for _ in self._channel.unary_stream(path)(content, timeout=STREAM_SECONDS):
                    pass
            else:
                self._channel.unary_unary(path)(content, timeout=SECONDS)
        except grpc.RpcError as error:
            return error.code(), error.details() or ""
        return CODE.OK, ""


class EngineThread:
    """An engine with its server on a loop in a thread of its own."""

    def __init__(self, directory: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._stack = AsyncExitStack()
        self.known = Known([], [], [])
        self.address = ""
        try:
            self.run(self._open(directory))
        except BaseException:
            self.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)

    async def _open(self, directory: Path) -> None:
        toml = f'storage.use = "memory"\ntimers_watcher.tick_sleep = "{LATE}"\nserver.shutdown_timeout = "10ms"\n'
        harness = await self._stack.enter_async_context(
            engine_harness(toml + FIBO + STUBS + WORKFLOW, base=ROOT, directory=directory)
        )
        self.known = await made(harness)
        engine = harness.engine
        server = serve(engine.executions, engine.components, address="127.0.0.1:0", clock=harness.clock, grace=0.1)
        self.address = (await self._stack.enter_async_context(server)).address

    def close(self) -> None:
        try:
            self.run(self._stack.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=30)
            self._loop.close()


async def made(harness: EngineHarness) -> Known:
    """Make executions that have ended, that wait for a stub, and that wait for a delay."""
    fibo = await harness.submit(FIBO_CALL, 10)
    await harness.result(fibo)
    script = [scripts.create(), scripts.submit(0, STUB_TEXT, "x"), scripts.delay(0, days=1), scripts.next_(0)]
    waiting: list[ExecutionId] = [await harness.submit(RUN_CANCELLABLE, script) for _ in range(4)]
    await harness.settle()
    delays = [f"Delay_{ident.removeprefix('E_')}.g:1_1" for ident in waiting]
    new = [new_execution_id(number, bytes(10)) for number in range(1, 5)]
    digests = {component.id.component_digest for component in harness.engine.components.list()}
    return Known([fibo, *waiting, *(child(ident) for ident in waiting), *new], delays, sorted(digests))


@contextmanager
def opened(directory: Path) -> Iterator[Fuzzed]:
    engine = EngineThread(directory)
    with contextlib.closing(engine), grpc.insecure_channel(engine.address) as channel:
        yield Fuzzed(requests(Messages(engine.known)), Caller(channel).check)


def target() -> Target:
    return Target("grpc", 150, opened)
