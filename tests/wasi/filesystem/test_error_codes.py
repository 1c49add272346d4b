"""Error codes."""

from __future__ import annotations

import errno

from obelisk.core.checks import snake
from obelisk.wasm.wasi.filesystem.error_codes import ErrorCode, error_code, failure
from obelisk.wasm.wasi.filesystem.functions import FUNCTIONS
from obelisk.wit.model import EnumType
from obelisk.wit.wasi import wasi_interfaces


def test_the_codes_are_those_of_the_wit():
    (definition,) = [each for each in wasi_interfaces()["wasi:filesystem/types"].types if each.name == "error-code"]
    assert isinstance(definition.type, EnumType)
    assert [code.value for code in ErrorCode] == [snake(case) for case in definition.type.cases]


def test_every_code_comes_from_an_error():
    assert {error_code(failure(number)) for number in errno.errorcode} == set(ErrorCode)


def test_an_error_that_has_no_code_is_io():
    assert error_code(failure(errno.ESTALE)) is ErrorCode.IO
    assert error_code(OSError("no number")) is ErrorCode.IO


def test_too_many_open_files_are_told_as_too_little_memory():
    assert error_code(failure(errno.EMFILE)) is error_code(failure(errno.ENFILE)) is ErrorCode.INSUFFICIENT_MEMORY


def test_every_function_of_the_package_is_there():
    wanted = {
        f"{name}.{function.name}"
        for name, interface in wasi_interfaces().items()
        if name.startswith("wasi:filesystem/")
        for function in interface.functions
    }
    assert set(FUNCTIONS) == wanted
