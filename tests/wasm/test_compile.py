"""From bytes to a compiled component: checks, the cache, the child process, its limits."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest
from wasmtime import Engine, wat2wasm

import obelisk.wasm.compile as compile_module
from obelisk.errors import ComponentError, ConfigError
from obelisk.interfaces.settings import Duration, Size
from obelisk.wasm.artifact import MAX_TEXT_SIZE, binary_of, digest_of
from obelisk.wasm.compile import CodeCache, CompileJob, CompileLimits
from obelisk.wasm.inspect import inspect_file
from obelisk.wasm.settings import EngineSettings, new_engine, wasmtime_config

SETTINGS = EngineSettings(fuel=False)
EMPTY = b"\0asm\x0d\x00\x01\x00"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def engine() -> Engine:
    return new_engine(SETTINGS)


@pytest.fixture
def cache(tmp_path: Path) -> CodeCache:
    return CodeCache(tmp_path / "code", SETTINGS)


def checked(content: bytes) -> bytes:
    return binary_of(content, origin="here.wasm", max_size=32 * 1024 * 1024)


def job(text: str, name: str = "a component") -> CompileJob:
    binary = checked(text.encode())
    return CompileJob(digest_of(binary), binary, name)


def exporting(name: str) -> CompileJob:
    return job(f'(component (instance $i) (export "{name}" (instance $i)))', name)


def broken(name: str) -> CompileJob:
    binary = EMPTY + b"garbage"
    return CompileJob(digest_of(binary + name.encode()), binary, name)


def demanding() -> CompileJob:
    """Return a small component that takes seconds of processor time to compile."""
    body = "".join(
        f"(if (local.get 0) (then (local.set {1 + i % 200} (local.get {1 + i * 7 % 200}))))" for i in range(20_000)
    )
    code = f"(func (param i32) (local {'i32 ' * 200}) {body})"
    return job(f"(component (core module {code} {code}))", "bomb.wasm")


# --- artifacts --------------------------------------------------------------------------------------------------------


def test_the_binary_of_a_component_is_taken_as_it_is():
    assert checked(EMPTY) == EMPTY


def test_text_is_assembled():
    assert checked(b" ;; a comment\n(component)").startswith(EMPTY)


def test_text_may_begin_with_a_byte_order_mark():
    assert checked("\ufeff(component)".encode()).startswith(EMPTY)


@pytest.mark.parametrize("content", [bytes(wat2wasm("(module)")), b"(module)"])
def test_a_core_module_is_refused_with_what_to_do(content: bytes):
    with pytest.raises(ComponentError, match=r"here.wasm: a core WebAssembly module.*wasm-tools component new"):
        checked(content)


def test_a_component_of_another_version_is_refused():
    with pytest.raises(ComponentError, match="WebAssembly of version 0e00 and layer 0100, expected a component"):
        checked(b"\0asm\x0e\x00\x01\x00")


@pytest.mark.parametrize(
    ("content", "beginning"),
    [
        (b"", "nothing, it is empty"),
        (b"<!DOCTYPE html><html>", "`<!DOCTYPE html><html>`"),
        (b"\x7fELF\x02\x01\x01\x00", "the bytes 7f 45 4c 46"),
        (b"(component)\0", "the bytes 28 63"),
        (b"\0" * 100, "the bytes 00 00"),
    ],
)
def test_something_else_is_refused_with_how_it_begins(content: bytes, beginning: str):
    with pytest.raises(ComponentError, match=r"not a component\. It begins with") as raised:
        checked(content)
    assert beginning in str(raised.value)


def test_text_that_is_wrong_is_refused_with_the_place():
    with pytest.raises(ComponentError, match=r"here.wasm: this WebAssembly text cannot be assembled(?s:.*)<anon>:2:4"):
        checked(b"(component\n  (oops))")


def test_content_above_the_limit_is_refused_unseen():
    with pytest.raises(ComponentError, match=r"here\.wasm: 9 bytes, more than the 8"):
        binary_of(EMPTY + b"x", origin="here.wasm", max_size=8)


def test_zeros_that_are_too_long_for_text_are_not_assembled():
    with pytest.raises(ComponentError, match="neither a WebAssembly binary"):
        checked(bytes(MAX_TEXT_SIZE + 1))


def test_the_digest_is_the_sha256_of_the_binary():
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_error_in_text_shows_the_beginning_of_a_line_that_is_too_long():
    with pytest.raises(ComponentError) as raised:
        checked(b"((" + b"x" * 100_000)
    assert len(str(raised.value)) < 3000


# --- settings ---------------------------------------------------------------------------------------------------------


def test_stacks_that_leave_no_room_for_host_functions_are_refused():
    with pytest.raises(ConfigError, match="async_stack_size is 1048576 bytes, expected at least 1572864"):
        wasmtime_config(EngineSettings(fuel=False, async_stack_size=1024 * 1024))


def test_a_guest_without_a_stack_is_refused():
    with pytest.raises(ConfigError, match="max_wasm_stack is 0 bytes"):
        wasmtime_config(EngineSettings(fuel=False, max_wasm_stack=0))


# --- the cache --------------------------------------------------------------------------------------------------------


def test_what_was_not_compiled_is_not_in_the_cache(cache: CodeCache, engine: Engine):
    assert cache.load(engine, exporting("a:b/c").digest) is None


async def test_what_was_compiled_is_loaded(cache: CodeCache, engine: Engine):
    component = exporting("a:b/c")
    await cache.compile_missing([component])
    loaded = cache.load(engine, component.digest)
    assert loaded is not None
    assert list(loaded.type.exports(engine)) == ["a:b/c"]


async def test_several_components_are_compiled_together(cache: CodeCache, engine: Engine):
    jobs = [exporting("a:b/c"), exporting("a:b/d"), exporting("a:b/c")]
    components = await cache.components(engine, jobs)
    assert [list(each.type.exports(engine)) for each in components.values()] == [["a:b/c"], ["a:b/d"]]


async def test_what_is_in_the_cache_is_not_compiled_again(cache: CodeCache):
    component = exporting("a:b/c")
    await cache.compile_missing([component])
    before = cache.path_of(component.digest).stat().st_ino
    await cache.compile_missing([component])
    assert cache.path_of(component.digest).stat().st_ino == before


@pytest.mark.parametrize("keep", [0, 100, 5000])
async def test_a_damaged_file_is_compiled_again(cache: CodeCache, engine: Engine, keep: int):
    component = exporting("a:b/c")
    await cache.compile_missing([component])
    path = cache.path_of(component.digest)
    path.write_bytes(path.read_bytes()[:keep])
    assert component.digest in await cache.components(engine, [component])


def test_a_file_that_is_no_code_is_removed(cache: CodeCache, engine: Engine):
    path = cache.path_of(exporting("a:b/c").digest)
    path.parent.mkdir()
    path.write_bytes(b"no code")
    assert cache.load(engine, exporting("a:b/c").digest) is None
    assert not path.exists()


def test_other_engine_settings_have_other_files(tmp_path: Path):
    digest = exporting("a:b/c").digest
    settings = [SETTINGS, EngineSettings(fuel=True), EngineSettings(fuel=False, epoch=False)]
    assert len({CodeCache(tmp_path, each).path_of(digest) for each in settings}) == 3


async def test_code_is_made_for_the_settings_of_the_engine(tmp_path: Path):
    settings = EngineSettings(fuel=True, epoch=False, deterministic_floats=False)
    component = exporting("a:b/c")
    assert await CodeCache(tmp_path, settings).components(new_engine(settings), [component])


async def test_two_that_compile_the_same_at_once_both_succeed(tmp_path: Path, engine: Engine):
    component = exporting("a:b/c")
    caches = [CodeCache(tmp_path, SETTINGS), CodeCache(tmp_path, SETTINGS)]
    await asyncio.gather(*(cache.compile_missing([component]) for cache in caches))
    assert caches[0].load(engine, component.digest) is not None
    assert os.listdir(tmp_path) == [caches[0].path_of(component.digest).name]  # noqa: PTH208


def test_a_digest_cannot_leave_the_directory(cache: CodeCache):
    with pytest.raises(ComponentError, match="is not a digest"):
        cache.path_of("sha256:../../../etc/passwd")


# --- the child process ------------------------------------------------------------------------------------------------


async def test_every_component_that_is_not_valid_is_named(cache: CodeCache, engine: Engine):
    good = exporting("a:b/c")
    with pytest.raises(ComponentError, match=r"one.wasm cannot be compiled(?s:.*)two.wasm cannot be compiled"):
        await cache.compile_missing([broken("one.wasm"), good, broken("two.wasm")])
    assert cache.load(engine, good.digest) is not None


async def test_a_component_with_a_function_that_is_asynchronous_in_wit_is_refused(cache: CodeCache, engine: Engine):
    with pytest.raises(ComponentError, match="async component functions require the component model async feature"):
        await cache.components(engine, [job('(component (import "f" (func async)))', "modern")])


async def test_a_component_over_the_timeout_is_named_with_the_key_to_raise(cache: CodeCache):
    limits = CompileLimits(timeout=Duration(milliseconds=1))
    with pytest.raises(
        ComponentError, match=r"a:b/c \(\d+ bytes\): compiling it took longer than 0.001 s.*raise `timeout`"
    ):
        await cache.compile_missing([exporting("a:b/c")], limits)


async def test_a_component_over_the_processor_time_ends_the_process(cache: CodeCache, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compile_module, "_processor_seconds", lambda _: 0)
    with pytest.raises(ComponentError, match=r"bomb\.wasm.* processor time.*raise `timeout`"):
        await cache.compile_missing([demanding()])


async def test_a_component_over_the_memory_is_refused(cache: CodeCache):
    with pytest.raises(ComponentError, match=r"bomb\.wasm.*(raise `memory`|the process that compiled it)"):
        await cache.compile_missing([demanding()], CompileLimits(memory=Size(1)))


async def test_a_child_that_was_ended_leaves_no_file(tmp_path: Path):
    cache = CodeCache(tmp_path, SETTINGS)
    with pytest.raises(ComponentError):
        await cache.compile_missing([demanding()], CompileLimits(memory=Size(1)))
    assert os.listdir(tmp_path) == []  # noqa: PTH208


async def test_a_cancelled_compilation_ends_its_process(cache: CodeCache, monkeypatch: pytest.MonkeyPatch):
    others = psutil.Process().children()  # of other tests
    children: list[psutil.Process] = []
    started = asyncio.Event()

    async def never(*_: object) -> bytes:
        children.extend(child for child in psutil.Process().children() if child not in others)
        started.set()
        return await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(compile_module, "_exchange", never)
    task = asyncio.create_task(cache.compile_missing([exporting("a:b/c")]))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children
    assert not any(child.is_running() for child in children)


async def test_a_cache_directory_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ComponentError, match=r"cannot make the directory for compiled components .*file/code"):
        await CodeCache(tmp_path / "file" / "code", SETTINGS).compile_missing([exporting("a:b/c")])


async def test_a_python_that_cannot_be_started_is_an_error(cache: CodeCache, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("obelisk.wasm.compile.interpreter_command", lambda: ["/no/such/python"])
    with pytest.raises(ComponentError, match="cannot start the process that compiles components"):
        await cache.compile_missing([exporting("a:b/c")])


# --- inspection -------------------------------------------------------------------------------------------------------


async def test_a_file_is_inspected():
    world = await inspect_file(ROOT / "examples" / "wat" / "fibo_activity.wat")
    assert [interface.name for interface in world.exports] == ["testing:fibo/fibo"]


async def test_an_inspected_file_is_found_in_the_cache_of_the_server(tmp_path: Path, engine: Engine):
    path = ROOT / "examples" / "wat" / "fibo_activity.wat"
    await inspect_file(path, settings=SETTINGS, cache=tmp_path)
    assert CodeCache(tmp_path, SETTINGS).load(engine, digest_of(checked(path.read_bytes()))) is not None


async def test_a_file_that_is_not_there_cannot_be_inspected(tmp_path: Path):
    with pytest.raises(ComponentError, match=r"cannot read the component .*gone\.wasm: No such file"):
        await inspect_file(tmp_path / "gone.wasm")
