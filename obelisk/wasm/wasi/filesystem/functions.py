"""The handlers of ``wasi:filesystem/types`` and ``preopens``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from obelisk.wasm.wasi.calls import Handler, Handlers, Later, err, ok
from obelisk.wasm.wasi.filesystem import operations
from obelisk.wasm.wasi.filesystem.descriptors import Descriptor, Opening, open_at
from obelisk.wasm.wasi.filesystem.entries import DirectoryEntries, open_entries
from obelisk.wasm.wasi.filesystem.error_codes import ErrorCode, error_code
from obelisk.wasm.wasi.filesystem.preopens import Preopens
from obelisk.wasm.wasi.filesystem.stats import as_record, metadata_hash
from obelisk.wasm.wasi.filesystem.streams import FileInput, FileOutput
from obelisk.wasm.wasi.io import IoError
from obelisk.wasm.wasi.sandbox import Sandbox
from obelisk.wasm.wasi.streams import CHUNK

T = TypeVar("T")


def _descriptor(sandbox: Sandbox, number: int) -> Descriptor:
    return sandbox.resources.get(number, Descriptor)


def _directory(sandbox: Sandbox, number: int, *, mutable: bool = False) -> Descriptor:
    found = _descriptor(sandbox, number)
    found.check_directory()
    if mutable:
        found.check_mutable()
    return found


def _file(sandbox: Sandbox, number: int, flag: str) -> Descriptor:
    found = _descriptor(sandbox, number)
    found.check_file(flag)
    return found


def _follows(path_flags: list[str]) -> bool:
    return "symlink_follow" in path_flags


def _call(
    descriptor: Descriptor, job: Callable[[int], T], *uses: Descriptor, answer: Callable[[T], Any] = lambda value: value
) -> Later:
    """Answer with what a job returns, converted by ``answer``, or with the code of its error."""
    handles = [each.handle for each in (descriptor, *uses)]

    async def work() -> dict[str, Any]:
        try:
            return ok(answer(await descriptor.files.run(lambda: job(handles[0].number), *handles)))
        except OSError as error:
            return _failed(error)

    return Later(work())


def _failed(error: OSError) -> dict[str, Any]:
    return err(error_code(error).value)


def _refusing(handler: Handler) -> Handler:
    """Return a handler that answers with the code of an ``OSError`` that ``handler`` raises."""

    def call(sandbox: Sandbox, *arguments: Any) -> Any:
        try:
            return handler(sandbox, *arguments)
        except OSError as error:
            return _failed(error)

    return call


# --- open files -------------------------------------------------------------------------------------------------------


def _read_via_stream(sandbox: Sandbox, number: int, offset: int) -> Any:
    found = _file(sandbox, number, "read")
    operations.check_offset(offset)
    found.files.check_room()
    return ok(sandbox.resources.add(FileInput(found.files, found.handle, offset)))


def _write_via_stream(sandbox: Sandbox, number: int, offset: int) -> Any:
    found = _file(sandbox, number, "write")
    operations.check_size(offset)
    found.files.check_room()
    return ok(sandbox.resources.add(FileOutput(found.files, found.handle, offset)))


def _append_via_stream(sandbox: Sandbox, number: int) -> Any:
    found = _file(sandbox, number, "write")
    found.files.check_room()
    return ok(sandbox.resources.add(FileOutput(found.files, found.handle, None)))


def _read(sandbox: Sandbox, number: int, length: int, offset: int) -> Any:
    found = _file(sandbox, number, "read")
    operations.check_offset(offset)
    count = min(length, CHUNK)
    return _call(found, lambda file: operations.read(file, count, offset))


def _write(sandbox: Sandbox, number: int, content: bytes, offset: int) -> Any:
    found = _file(sandbox, number, "write")
    operations.check_size(offset)
    return _call(found, lambda file: operations.write(file, content, offset))


def _set_size(sandbox: Sandbox, number: int, size: int) -> Any:
    found = _descriptor(sandbox, number)
    found.check_mutable()
    found.check_file("write")
    operations.check_size(size)
    return _call(found, lambda file: operations.truncate(file, size))


def _advise(sandbox: Sandbox, number: int, offset: int, length: int, advice: str) -> Any:
    found = _descriptor(sandbox, number)
    operations.check_offset(offset)
    operations.check_offset(length)
    return _call(found, lambda file: operations.advise(file, offset, length, advice))


def _sync_data(sandbox: Sandbox, number: int) -> Any:
    found = _descriptor(sandbox, number)
    return _call(found, lambda file: operations.sync(file, data_only=True)) if _is_written(found) else ok()


def _sync(sandbox: Sandbox, number: int) -> Any:
    found = _descriptor(sandbox, number)
    return _call(found, lambda file: operations.sync(file, data_only=False)) if _is_written(found) else ok()


def _is_written(found: Descriptor) -> bool:
    return "write" in found.flags or "mutate_directory" in found.flags


def _get_flags(sandbox: Sandbox, number: int) -> Any:
    return ok(list(_descriptor(sandbox, number).flags))


def _get_type(sandbox: Sandbox, number: int) -> Any:
    return ok(_descriptor(sandbox, number).type)


def _stat(sandbox: Sandbox, number: int) -> Any:
    return _call(_descriptor(sandbox, number), operations.status, answer=as_record)


def _metadata_hash(sandbox: Sandbox, number: int) -> Any:
    return _call(_descriptor(sandbox, number), operations.status, answer=metadata_hash)


def _set_times(sandbox: Sandbox, number: int, access: Any, modification: Any) -> Any:
    found = _descriptor(sandbox, number)
    found.check_mutable()
    now = sandbox.clocks.wall()
    if found.is_directory:
        return _call(
            found,
            lambda start: operations.set_times_at(start, ".", follow=False, times=(access, modification), now=now),
        )
    return _call(found, lambda file: operations.set_times(file, (access, modification), now))


def _is_same_object(sandbox: Sandbox, number: int, other: int) -> bool:
    return _descriptor(sandbox, number).identity == _descriptor(sandbox, other).identity


# --- paths ------------------------------------------------------------------------------------------------------------


def _open_at(
    sandbox: Sandbox, number: int, path_flags: list[str], path: str, open_flags: list[str], flags: list[str]
) -> Any:
    found = _directory(sandbox, number)
    opening = Opening(path, _follows(path_flags), frozenset(open_flags), frozenset(flags))
    if opening.mutates:
        found.check_mutable()
    opening.check()
    found.files.check_room()
    return _call(found, lambda _: open_at(found, opening), answer=sandbox.resources.add)


def _stat_at(sandbox: Sandbox, number: int, path_flags: list[str], path: str) -> Any:
    found = _directory(sandbox, number)
    return _call(found, lambda start: operations.stat_at(start, path, follow=_follows(path_flags)), answer=as_record)


def _metadata_hash_at(sandbox: Sandbox, number: int, path_flags: list[str], path: str) -> Any:
    found = _directory(sandbox, number)
    return _call(
        found, lambda start: operations.stat_at(start, path, follow=_follows(path_flags)), answer=metadata_hash
    )


def _set_times_at(
    sandbox: Sandbox, number: int, path_flags: list[str], path: str, access: Any, modification: Any
) -> Any:
    found = _directory(sandbox, number, mutable=True)
    times, now = (access, modification), sandbox.clocks.wall()
    follow = _follows(path_flags)
    return _call(found, lambda start: operations.set_times_at(start, path, follow=follow, times=times, now=now))


def _create_directory_at(sandbox: Sandbox, number: int, path: str) -> Any:
    found = _directory(sandbox, number, mutable=True)
    return _call(found, lambda start: operations.make_directory(start, path))


def _remove_directory_at(sandbox: Sandbox, number: int, path: str) -> Any:
    found = _directory(sandbox, number, mutable=True)
    return _call(found, lambda start: operations.remove_directory(start, path))


def _unlink_file_at(sandbox: Sandbox, number: int, path: str) -> Any:
    found = _directory(sandbox, number, mutable=True)
    return _call(found, lambda start: operations.unlink_file(start, path))


def _rename_at(sandbox: Sandbox, number: int, path: str, new_number: int, new_path: str) -> Any:
    found = _directory(sandbox, number, mutable=True)
    new = _directory(sandbox, new_number, mutable=True)
    return _call(found, lambda start: operations.rename(start, path, new.handle.number, new_path), new)


def _link_at(sandbox: Sandbox, number: int, path_flags: list[str], path: str, new_number: int, new_path: str) -> Any:
    # A link into a directory that may be written would make the file itself writable.
    found = _directory(sandbox, number, mutable=True)
    new = _directory(sandbox, new_number, mutable=True)
    follow = _follows(path_flags)
    return _call(
        found,
        lambda start: operations.link(start, path, follow=follow, new_start=new.handle.number, new_path=new_path),
        new,
    )


def _symlink_at(sandbox: Sandbox, number: int, target: str, path: str) -> Any:
    found = _directory(sandbox, number, mutable=True)
    return _call(found, lambda start: operations.symlink(start, target, path))


def _readlink_at(sandbox: Sandbox, number: int, path: str) -> Any:
    return _call(_directory(sandbox, number), lambda start: operations.read_link(start, path))


# --- directories ------------------------------------------------------------------------------------------------------


def _read_directory(sandbox: Sandbox, number: int) -> Any:
    found = _directory(sandbox, number)
    found.files.check_room()
    return _call(found, lambda start: open_entries(found.files, start), answer=sandbox.resources.add)


def _read_directory_entry(sandbox: Sandbox, number: int) -> Any:
    entries = sandbox.resources.get(number, DirectoryEntries)
    return ok(entries.next()) if entries.is_at_hand else Later(_next_entry(entries))


async def _next_entry(entries: DirectoryEntries) -> dict[str, Any]:
    try:
        await entries.files.run(entries.fetch, entries.handle)
    except OSError as error:
        return _failed(error)
    return ok(entries.next())


def _get_directories(sandbox: Sandbox) -> Any:
    preopens = sandbox.preopens
    if preopens is None:
        return []
    return _listed(sandbox, preopens) if preopens.is_open else Later(_make_and_list(sandbox, preopens))


async def _make_and_list(sandbox: Sandbox, preopens: Preopens) -> list[list[Any]]:
    await preopens.open_scratch()
    return _listed(sandbox, preopens)


def _listed(sandbox: Sandbox, preopens: Preopens) -> list[list[Any]]:
    return [[sandbox.resources.add(descriptor), path] for descriptor, path in preopens.descriptors()]


def _filesystem_error_code(sandbox: Sandbox, error: int) -> str | None:
    code = sandbox.resources.get(error, IoError).code
    return code.value if isinstance(code, ErrorCode) else None


_TYPES: Final = "wasi:filesystem/types."
_METHODS: Final[dict[str, Handler]] = {
    "read-via-stream": _read_via_stream,
    "write-via-stream": _write_via_stream,
    "append-via-stream": _append_via_stream,
    "advise": _advise,
    "sync-data": _sync_data,
    "get-flags": _get_flags,
    "get-type": _get_type,
    "set-size": _set_size,
    "set-times": _set_times,
    "read": _read,
    "write": _write,
    "read-directory": _read_directory,
    "sync": _sync,
    "create-directory-at": _create_directory_at,
    "stat": _stat,
    "stat-at": _stat_at,
    "set-times-at": _set_times_at,
    "link-at": _link_at,
    "open-at": _open_at,
    "readlink-at": _readlink_at,
    "remove-directory-at": _remove_directory_at,
    "rename-at": _rename_at,
    "symlink-at": _symlink_at,
    "unlink-file-at": _unlink_file_at,
    "is-same-object": _is_same_object,
    "metadata-hash": _metadata_hash,
    "metadata-hash-at": _metadata_hash_at,
}
FUNCTIONS: Final[Handlers] = {
    **{f"{_TYPES}[method]descriptor.{name}": _refusing(handler) for name, handler in _METHODS.items()},
    f"{_TYPES}[method]directory-entry-stream.read-directory-entry": _read_directory_entry,
    f"{_TYPES}filesystem-error-code": _filesystem_error_code,
    "wasi:filesystem/preopens.get-directories": _get_directories,
}
