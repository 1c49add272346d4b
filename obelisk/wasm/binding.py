"""The one module that knows wasmtime's C interface.

wasmtime's Python package offers no asynchronous component calls, and its own call layer reads types anew at each call
(measured: 3 to 8 times slower). So the functions that are needed are declared here a second time, over the same library,
with plain integers for pointers: no ctypes object per call.

Two flavours of call exist. ``_quick`` functions return at once and keep the interpreter lock; ``future_poll`` runs
guest code and releases it, so that other threads, the epoch ticker among them, go on meanwhile.

Layout facts that the rest of ``obelisk.wasm`` relies on are checked when this module is imported, so that a wasmtime
with another layout is an error that says so instead of memory corruption.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import c_bool, c_char_p, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from importlib.metadata import version as installed_version
from typing import Any

from wasmtime import _ffi as ffi

from obelisk.errors import ComponentError

SUPPORTED_MAJOR = 50
VERSION = installed_version("wasmtime")
VALUE_SIZE = 32
RECORD_ENTRY_SIZE = 48
NAME_SIZE = 16
MAX_ERROR_LENGTH = 64 * 1024


class Kind:
    """The tags of a component value, as ``wasmtime_component_val_t.kind`` holds them."""

    BOOL, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, CHAR = range(12)
    STRING, LIST, RECORD, TUPLE, VARIANT, ENUM, OPTION, RESULT, FLAGS, RESOURCE = range(12, 22)


_EXPECTED_SIZES = {
    "wasmtime_component_val_t": VALUE_SIZE,
    "wasmtime_component_valrecord_entry_t": RECORD_ENTRY_SIZE,
}
_EXPECTED_KINDS = {
    "WASMTIME_COMPONENT_BOOL": Kind.BOOL,
    "WASMTIME_COMPONENT_U64": Kind.U64,
    "WASMTIME_COMPONENT_CHAR": Kind.CHAR,
    "WASMTIME_COMPONENT_STRING": Kind.STRING,
    "WASMTIME_COMPONENT_LIST": Kind.LIST,
    "WASMTIME_COMPONENT_RECORD": Kind.RECORD,
    "WASMTIME_COMPONENT_TUPLE": Kind.TUPLE,
    "WASMTIME_COMPONENT_VARIANT": Kind.VARIANT,
    "WASMTIME_COMPONENT_ENUM": Kind.ENUM,
    "WASMTIME_COMPONENT_OPTION": Kind.OPTION,
    "WASMTIME_COMPONENT_RESULT": Kind.RESULT,
    "WASMTIME_COMPONENT_FLAGS": Kind.FLAGS,
    "WASMTIME_COMPONENT_RESOURCE": Kind.RESOURCE,
}


def self_check() -> None:
    """Raise ``ComponentError`` when the installed wasmtime is not the one that this module was written for."""
    if int(VERSION.split(".")[0]) != SUPPORTED_MAJOR:
        raise ComponentError(
            f"wasmtime {VERSION} is installed, expected {SUPPORTED_MAJOR}.x; pip install 'wasmtime~={SUPPORTED_MAJOR}.0'"
        )
    for name, size in _EXPECTED_SIZES.items():
        found = ctypes.sizeof(getattr(ffi, name))
        if found != size:
            raise ComponentError(f"wasmtime {VERSION}: `{name}` has {found} bytes, expected {size}; reinstall wasmtime")
    for name, value in _EXPECTED_KINDS.items():
        tag = getattr(ffi, name).value
        if tag != value:
            raise ComponentError(f"wasmtime {VERSION}: `{name}` is {tag}, expected {value}; reinstall wasmtime")


self_check()

_library = ctypes.PyDLL(ffi.dll._name)


def _declare(factory: Callable[..., Any], library: Any, name: str, result: Any, *arguments: Any) -> Any:
    try:
        return factory(result, *arguments)((name, library))
    except AttributeError as error:
        raise ComponentError(f"wasmtime {VERSION} lacks `{name}`; reinstall wasmtime") from error


def _quick(name: str, result: Any, *arguments: Any) -> Any:
    return _declare(ctypes.PYFUNCTYPE, _library, name, result, *arguments)


def _releasing(name: str, result: Any, *arguments: Any) -> Any:
    return _declare(ctypes.CFUNCTYPE, ffi.dll, name, result, *arguments)


# --- values -----------------------------------------------------------------------------------------------------------

bytes_new = _quick("wasm_byte_vec_new", None, c_void_p, c_size_t, c_char_p)
list_new = _quick("wasmtime_component_vallist_new_uninit", None, c_void_p, c_size_t)
tuple_new = _quick("wasmtime_component_valtuple_new_uninit", None, c_void_p, c_size_t)
record_new = _quick("wasmtime_component_valrecord_new_uninit", None, c_void_p, c_size_t)
flags_new = _quick("wasmtime_component_valflags_new_uninit", None, c_void_p, c_size_t)
value_box = _quick("wasmtime_component_val_new", c_void_p, c_void_p)
value_delete = _quick("wasmtime_component_val_delete", None, c_void_p)

# --- resources --------------------------------------------------------------------------------------------------------

resource_new = _quick("wasmtime_component_resource_host_new", c_void_p, c_bool, c_uint32, c_uint32)
resource_delete = _quick("wasmtime_component_resource_host_delete", None, c_void_p)
resource_rep = _quick("wasmtime_component_resource_host_rep", c_uint32, c_void_p)
resource_to_host = _quick("wasmtime_component_resource_any_to_host", c_void_p, c_void_p, c_void_p, c_void_p)
resource_to_any = _quick("wasmtime_component_resource_host_to_any", c_void_p, c_void_p, c_void_p, c_void_p)
resource_type_new = _quick("wasmtime_component_resource_type_new_host", c_void_p, c_uint32)
resource_type_delete = _quick("wasmtime_component_resource_type_delete", None, c_void_p)

# --- errors -----------------------------------------------------------------------------------------------------------

error_new = _quick("wasmtime_error_new", c_void_p, c_char_p)
error_delete = _quick("wasmtime_error_delete", None, c_void_p)
_error_message = _quick("wasmtime_error_message", None, c_void_p, c_void_p)
_bytes_delete = _quick("wasm_byte_vec_delete", None, c_void_p)


def take_error(error: int) -> str:
    """Return the message of an error and free it. A backtrace has names that a guest chose: what is too long is cut."""
    vector = (c_size_t * 2)()
    _error_message(error, ctypes.addressof(vector))
    message = _text_at(vector[1], vector[0])
    _bytes_delete(ctypes.addressof(vector))
    error_delete(error)
    return message


def _text_at(address: int, size: int) -> str:
    if size <= MAX_ERROR_LENGTH:
        return ctypes.string_at(address, size).decode("utf-8", "replace")
    half = MAX_ERROR_LENGTH // 2
    parts = (ctypes.string_at(address, half), ctypes.string_at(address + size - half, half))
    return f"\n... {size - 2 * half} bytes are left out ...\n".join(part.decode("utf-8", "replace") for part in parts)


# --- stores, linkers, calls -------------------------------------------------------------------------------------------

store_new = _quick("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _quick("wasmtime_store_context", c_void_p, c_void_p)
store_delete = _quick("wasmtime_store_delete", None, c_void_p)
store_limiter = _quick("wasmtime_store_limiter", None, c_void_p, c_int64, c_int64, c_int64, c_int64, c_int64)
set_fuel = _quick("wasmtime_context_set_fuel", c_void_p, c_void_p, c_uint64)
set_epoch_deadline = _quick("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
# Declared without a result: the declared one holds garbage.
yield_on_epoch = _quick("wasmtime_context_epoch_deadline_async_yield_and_update", None, c_void_p, c_uint64)

linker_new = _quick("wasmtime_component_linker_new", c_void_p, c_void_p)
linker_delete = _quick("wasmtime_component_linker_delete", None, c_void_p)
linker_root = _quick("wasmtime_component_linker_root", c_void_p, c_void_p)
linker_add_instance = _quick(
    "wasmtime_component_linker_instance_add_instance", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p
)
linker_instance_delete = _quick("wasmtime_component_linker_instance_delete", None, c_void_p)
linker_add_function = _quick(
    "wasmtime_component_linker_instance_add_func", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p, c_void_p, c_void_p
)
linker_add_async_function = _quick(
    "wasmtime_component_linker_instance_add_func_async",
    c_void_p, c_void_p, c_char_p, c_size_t, c_void_p, c_void_p, c_void_p,
)  # fmt: skip
linker_add_resource = _quick(
    "wasmtime_component_linker_instance_add_resource",
    c_void_p, c_void_p, c_char_p, c_size_t, c_void_p, c_void_p, c_void_p, c_void_p,
)  # fmt: skip

instantiate = _quick(
    "wasmtime_component_linker_instantiate_async", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p
)
get_function = _quick("wasmtime_component_instance_get_func", c_bool, c_void_p, c_void_p, c_void_p, c_void_p)
call = _quick(
    "wasmtime_component_func_call_async",
    c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p,
)  # fmt: skip
future_poll = _releasing("wasmtime_call_future_poll", c_bool, c_void_p)
future_delete = _quick("wasmtime_call_future_delete", None, c_void_p)

INSTANCE_SIZE = ctypes.sizeof(ffi.wasmtime_component_instance_t)
FUNCTION_SIZE = ctypes.sizeof(ffi.wasmtime_component_func_t)

# --- callbacks: what the library calls ---------------------------------------------------------------------------------

#: ``(env, context, type, arguments, count, results, count) -> error``
SyncCallback = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)
#: ``(env, context, type, arguments, count, results, count, error out, continuation out)``
AsyncCallback = ctypes.CFUNCTYPE(
    None, c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_void_p
)
#: ``(env) -> whether the call is complete``
ContinuationCallback = ctypes.CFUNCTYPE(c_bool, c_void_p)
#: ``(env, context, representation) -> error``
DestructorCallback = ctypes.CFUNCTYPE(c_size_t, c_void_p, c_void_p, c_uint32)


class Continuation(ctypes.Structure):
    """``wasmtime_async_continuation_t``: what an asynchronous import leaves behind to be polled."""

    _fields_ = [("callback", c_void_p), ("env", c_void_p), ("finalizer", c_void_p)]


# --- for the objects of the wasmtime package ----------------------------------------------------------------------------

_set_async_stack_size = _quick("wasmtime_config_async_stack_size_set", None, c_void_p, c_size_t)
_set_concurrency = _quick("wasmtime_config_concurrency_support_set", None, c_void_p, c_bool)
_set_pooling = _quick("wasmtime_pooling_allocation_strategy_set", None, c_void_p, c_void_p)
_pooling_new = _quick("wasmtime_pooling_allocation_config_new", c_void_p)
_pooling_delete = _quick("wasmtime_pooling_allocation_config_delete", None, c_void_p)
_is_async_function = _quick("wasmtime_component_func_type_async", c_bool, c_void_p)
_export_count = _quick("wasmtime_component_instance_type_export_count", c_size_t, c_void_p, c_void_p)


def set_concurrency(config: Any, *, enabled: bool) -> None:
    """Say in a ``wasmtime.Config`` whether a store may run several calls at once."""
    _set_concurrency(pointer_of(config), enabled)


def set_async_stack_size(config: Any, size: int) -> None:
    """Set the size of a fiber's stack in a ``wasmtime.Config``."""
    _set_async_stack_size(pointer_of(config), size)


def set_pooling(config: Any, options: Mapping[str, int]) -> None:
    """Have a ``wasmtime.Config`` take stacks, memories and tables from a pool; see wasmtime for its options."""
    pooling = _pooling_new()
    try:
        for name, value in options.items():
            _quick(f"wasmtime_pooling_allocation_config_{name}_set", None, c_void_p, c_size_t)(pooling, value)
        _set_pooling(pointer_of(config), pooling)
    finally:
        _pooling_delete(pooling)


def is_async_function(function_type: Any) -> bool:
    """Tell whether a function type of the wasmtime package is asynchronous."""
    return bool(_is_async_function(pointer_of(function_type)))


def export_count(instance_type: Any, engine: Any) -> int:
    """Return how many functions and types an interface has, by an instance type of the wasmtime package."""
    return int(_export_count(pointer_of(instance_type), pointer_of(engine)))


def address_of(callback: Any) -> int:
    """Return the address that a callback is called at; the callback has to be kept alive."""
    return ctypes.cast(callback, c_void_p).value or 0


def pointer_of(managed: Any) -> int:
    """Return the address behind an object of the wasmtime package."""
    return ctypes.cast(managed.ptr(), c_void_p).value or 0
