"""``outgoing-handler``, and what tells a stream's failure in HTTP's terms."""

from __future__ import annotations

from typing import Any, Final

from obelisk.wasm.wasi.calls import Handlers, err, ok
from obelisk.wasm.wasi.http.error_codes import ErrorCase, ErrorCode, HttpFailedError
from obelisk.wasm.wasi.http.options import RequestOptions
from obelisk.wasm.wasi.http.requests import OutgoingRequest
from obelisk.wasm.wasi.io import IoError
from obelisk.wasm.wasi.sandbox import Sandbox


def _handle(sandbox: Sandbox, number: int, options_number: int | None) -> dict[str, Any]:
    request = sandbox.resources.take(number, OutgoingRequest)
    options = RequestOptions()
    if options_number is not None:
        options = sandbox.resources.take(options_number, RequestOptions)
    if sandbox.http is None:
        request.close()
        return err(ErrorCode(ErrorCase.HTTP_REQUEST_DENIED).lifted)
    try:
        return ok(sandbox.resources.add(sandbox.http.send(request, options)))
    except HttpFailedError as error:
        request.close()
        return err(error.code.lifted)


def _http_error_code(sandbox: Sandbox, number: int) -> Any:
    code = sandbox.resources.get(number, IoError).code
    return code.lifted if isinstance(code, ErrorCode) else None


FUNCTIONS: Final[Handlers] = {
    "wasi:http/outgoing-handler.handle": _handle,
    "wasi:http/types.http-error-code": _http_error_code,
}
