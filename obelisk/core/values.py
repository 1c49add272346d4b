"""JSON values of WIT types.

==================  ====================================================================================================
bool                ``true``, ``false``
integers            a number in range; a float that is an exact integer of at most 2^53-1 too
f32, f64            a number, or ``"nan"``, ``"inf"``, ``"-inf"``; an integer when no digit is lost
char, string        a string; a ``char`` is one character
list, tuple         an array, a tuple's of its exact length
record              an object; keys are field names in snake_case, a missing ``option`` is none
variant             ``"case"`` without payload, ``{"case": payload}`` with one; names in snake_case
enum                ``"case"``
flags               an array of names, none twice
option              the payload, or ``null``
result              ``{"ok": payload}`` or ``{"err": payload}``, ``null`` where there is no payload
==================  ====================================================================================================

A check returns the value in its one normal form: the form that is stored, compared and handed to a guest.
``ParamsShape`` and ``ReturnShape`` do for a function what can be done once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct

from obelisk.core.checks import Check, MisfitError, check_of, describe
from obelisk.core.events import ExecutionFailure, ExecutionResult, FailureKind, TypedValue
from obelisk.errors import InvalidValueError
from obelisk.wit.extensions import is_projectable
from obelisk.wit.model import Function, ResultType, Type
from obelisk.wit.typetext import inline_type_text

MAX_JSON_DEPTH: Final = 200
MAX_REASON: Final = 300
_DIGITS: Final = bytes(ord("0") if chr(byte) in "0123456789" else ord(" ") for byte in range(256))
"""Translates each digit to the same one, and all else to a blank: looking for a run of them is then ten times faster."""
_LONG_NUMBER: Final = b"0" * 19


class Unprojectable(Struct, frozen=True):
    """An execution failure that the return type has no place for; whoever called the function fails with ``reason``."""

    reason: str


# --- checking ---------------------------------------------------------------------------------------------------------


def check_value(type_: Type, value: Any) -> Any:
    """Return ``value`` in the normal form of its type.

    Raises ``InvalidValueError`` with the path inside the value, what was expected there and what was found.
    """
    return checker(type_)(value)


@lru_cache(maxsize=4096)
def checker(type_: Type) -> Check:
    """Return the check of a type. Raises ``InvalidValueError`` for a type that no JSON value has, such as a resource."""
    check = check_of(type_)

    def checked(value: Any) -> Any:
        try:
            return check(value)
        except MisfitError as misfit:
            raise InvalidValueError(_misfit_text(misfit)) from None

    return checked


def _misfit_text(misfit: MisfitError) -> str:
    path = "".join(reversed(misfit.steps)).removeprefix(".")
    return (f"at `{path}`: " if path else "") + f"expected {misfit.expected}, found {misfit.found}"


# --- parameters -------------------------------------------------------------------------------------------------------


class ParamsShape:
    """The parameters of a function, prepared for checking many calls."""

    def __init__(self, function: Function) -> None:
        """Prepare ``function``; raises ``InvalidValueError`` when a parameter's type has no JSON values."""
        self._names = tuple(param.name for param in function.params)
        self._checks = tuple(checker(param.type) for param in function.params)

    def check(self, params: Any) -> list[Any]:
        """Return the parameters in their normal form.

        Raises ``InvalidValueError`` for what is not an array, for the wrong number of elements, and with the index and
        the name of the parameter that does not fit.
        """
        if not isinstance(params, list | tuple):
            raise InvalidValueError(f"params must be a json array, found {describe(params)}")
        expected = len(self._checks)
        if len(params) != expected:
            raise InvalidValueError(f"parameter cardinality mismatch, expected: {expected}, specified: {len(params)}")
        return [self._check(index, value) for index, value in enumerate(params)]

    def _check(self, index: int, value: Any) -> Any:
        try:
            return self._checks[index](value)
        except InvalidValueError as error:
            raise InvalidValueError(f"cannot parse {index + 1}-th parameter `{self._names[index]}`: {error}") from None


def check_params(function: Function, params: Any) -> list[Any]:
    """Return the parameters of one call in their normal form; raises as ``ParamsShape.check`` does."""
    return ParamsShape(function).check(params)


# --- JSON text --------------------------------------------------------------------------------------------------------


def parse_json(text: str | bytes, what: str) -> Any:
    """Return the value that JSON text writes; ``what`` names it in messages. Of keys that occur twice, the last wins.

    Raises ``InvalidValueError`` for text that is not JSON or not UTF-8, for integers beyond 64 bits and for values that
    are nested more than ``MAX_JSON_DEPTH`` deep.
    """
    try:
        raw = text.encode() if isinstance(text, str) else bytes(text)
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeError) as error:
        # The path to a place that is nested deeply is as long as that.
        raise InvalidValueError(f"cannot parse {what} as JSON: {_shortened(str(error))}") from None
    except RecursionError:
        raise _too_deep(what) from None
    if raw.count(b"[") + raw.count(b"{") > MAX_JSON_DEPTH or _LONG_NUMBER in raw.translate(_DIGITS):
        _check_limits(value, what)
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}..."


def _too_deep(what: str) -> InvalidValueError:
    return InvalidValueError(f"cannot parse {what} as JSON: it is nested more than {MAX_JSON_DEPTH} deep")


def _check_limits(value: Any, what: str) -> None:
    level = [value]
    for _ in range(MAX_JSON_DEPTH):
        level = [part for outer in level for part in _checked_parts(outer, what)]
    for innermost in level:
        if isinstance(innermost, list | dict):
            raise _too_deep(what)
        _checked_parts(innermost, what)


def _checked_parts(value: Any, what: str) -> Iterable[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return value.values()
    if type(value) is int and not -(2**63) <= value < 2**64:
        raise InvalidValueError(
            f"cannot parse {what} as JSON: an integer of {value.bit_length()} bits, expected at most 64"
        )
    return ()


# --- results ----------------------------------------------------------------------------------------------------------


class ReturnShape:
    """The return type of a function, prepared for turning many values into results and back."""

    def __init__(self, function_type: Type | None) -> None:
        self._is_result = isinstance(function_type, ResultType)
        self._projectable = is_projectable(function_type)
        self._error = None
        payloads: tuple[Type | None, Type | None] = (function_type, None)
        if isinstance(function_type, ResultType):
            payloads = (function_type.ok, function_type.err)
            if function_type.err is not None:
                self._error = "execution_failed"
        self._ok, self._err = (None if part is None else inline_type_text(part) for part in payloads)

    @property
    def projectable(self) -> bool:
        """Whether an execution failure can be handed over as an error of the type."""
        return self._projectable

    def result(self, value: Any) -> ExecutionResult:
        """Return the result of an execution that returned ``value``, a value of the type in normal form."""
        if not self._is_result:
            return ExecutionResult(ok=_typed(self._ok, value))
        if "ok" in value:
            return ExecutionResult(ok=_typed(self._ok, value["ok"]))
        return ExecutionResult(err=_typed(self._err, value["err"]))

    def project(self, result: ExecutionResult) -> Any | Unprojectable:
        """Return what a direct caller receives: a value of the type, or ``Unprojectable`` where it has no place."""
        failure = result.execution_failure
        if failure is not UNSET:
            return {"err": self._error} if self._projectable else Unprojectable(failure_text(failure))
        return self._returned(result)

    def extension(self, result: ExecutionResult) -> Any:
        """Return the value of the R that extension functions have for the type."""
        if self._projectable:
            return self.project(result)
        failure = result.execution_failure
        if failure is not UNSET:
            return {"err": failure.kind.value}
        return {"ok": self._returned(result)}

    def stubbed(self, value: Any) -> ExecutionResult:
        """Return the result that a value of the extension functions' R stands for; the inverse of ``extension``."""
        if self._projectable:
            return self.result(value)
        if "ok" in value:
            return self.result(value["ok"])
        return ExecutionResult(execution_failure=ExecutionFailure(FailureKind(value["err"])))

    def _returned(self, result: ExecutionResult) -> Any:
        ok, err = result.ok, result.err
        if not self._is_result:
            return None if not isinstance(ok, TypedValue) else ok.value
        if err is not UNSET:
            return {"err": None if err is None else err.value}
        return {"ok": None if not isinstance(ok, TypedValue) else ok.value}


def _typed(type_text: str | None, value: Any) -> TypedValue | None:
    return None if type_text is None else TypedValue(type_text, value)


def failure_text(failure: ExecutionFailure) -> str:
    """Return an execution failure in one line: its kind and its reason."""
    return failure.kind.value if failure.reason is None else f"{failure.kind.value}: {failure.reason}"
