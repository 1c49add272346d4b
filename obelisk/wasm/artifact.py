"""From the bytes that a source found to the binary of a component."""

from __future__ import annotations

import hashlib

from wasmtime import WasmtimeError, wat2wasm

from obelisk.errors import ComponentError

MAX_TEXT_SIZE = 16 * 1024 * 1024
MAX_ERROR_LENGTH = 2000
COMPONENT_VERSION = b"\x0d\x00"
_MAGIC = b"\0asm"
_CORE_LAYER = b"\x00\x00"
_COMPONENT_LAYER = b"\x01\x00"
_BYTE_ORDER_MARK = "\ufeff"


def binary_of(content: bytes, *, origin: str, max_size: int) -> bytes:
    """Return the binary of the component in ``content``, a binary or WebAssembly text, which is assembled.

    Only the first bytes of a binary are looked at; the rest is checked when it is compiled. Text of 16 MiB can take
    seconds, so call this off the loop.

    Raises ``ComponentError`` that names ``origin`` when the content is too large, a core module, or something else.
    """
    if len(content) > max_size:
        raise ComponentError(f"{origin}: {len(content)} bytes, more than the {max_size} that a component may have")
    if content.startswith(_MAGIC):
        return _checked(content, origin)
    return _checked(_assemble(_text_of(content, origin), origin), origin)


def digest_of(binary: bytes) -> str:
    """Return ``sha256:`` and the hexadecimal SHA-256 of ``binary``."""
    return "sha256:" + hashlib.sha256(binary).hexdigest()


def _checked(binary: bytes, origin: str) -> bytes:
    version, layer = binary[4:6], binary[6:8]
    if layer == _CORE_LAYER:
        raise ComponentError(
            f"{origin}: a core WebAssembly module, expected a component. A component wraps core modules and states "
            "its imports and exports as WIT interfaces. Build for a component target (`cargo build --target "
            "wasm32-wasip2`, `componentize-py`, `jco componentize`), or wrap the module with `wasm-tools component new`"
        )
    if layer != _COMPONENT_LAYER or version != COMPONENT_VERSION:
        raise ComponentError(
            f"{origin}: WebAssembly of version {version.hex()} and layer {layer.hex()}, expected a component "
            f"(version {COMPONENT_VERSION.hex()}, layer {_COMPONENT_LAYER.hex()})"
        )
    return binary


def _text_of(content: bytes, origin: str) -> str:
    if len(content) > MAX_TEXT_SIZE:
        raise ComponentError(
            f"{origin}: neither a WebAssembly binary, it begins with {_beginning(content)}, nor text that is small "
            f"enough to be assembled: {len(content)} bytes, at most {MAX_TEXT_SIZE}"
        )
    try:
        text = content.decode().removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError:
        text = ""
    if "\0" in text or not text.lstrip().startswith(("(", ";;")):
        raise ComponentError(
            f"{origin}: not a component. It begins with {_beginning(content)}, expected a WebAssembly binary "
            "(`\\0asm`) or WebAssembly text (`(component ...)`)"
        )
    return text


def _assemble(text: str, origin: str) -> bytes:
    try:
        return bytes(wat2wasm(text))
    except WasmtimeError as error:
        raise ComponentError(
            f"{origin}: this WebAssembly text cannot be assembled: {str(error)[:MAX_ERROR_LENGTH]}"
        ) from None


def _beginning(content: bytes) -> str:
    if not content:
        return "nothing, it is empty"
    start = content[:24].decode("latin-1")
    return f"`{start}`" if start.isascii() and start.isprintable() else f"the bytes {content[:8].hex(' ')}"
