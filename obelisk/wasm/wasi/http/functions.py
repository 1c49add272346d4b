"""Every function of ``wasi:http``."""

from __future__ import annotations

from typing import Final

from obelisk.wasm.wasi.calls import Handlers
from obelisk.wasm.wasi.http import bodies, fields, options, outgoing_handler, requests, responses

FUNCTIONS: Final[Handlers] = {
    **fields.FUNCTIONS,
    **requests.FUNCTIONS,
    **responses.FUNCTIONS,
    **bodies.FUNCTIONS,
    **options.FUNCTIONS,
    **outgoing_handler.FUNCTIONS,
}
