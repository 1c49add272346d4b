"""The parameters of a function, out of a request.

A parameter is taken by its name from the route, the query, or the JSON body; where it stands twice, the request is refused.
Text of a route or a query is the value where the type is text, and else it is read as JSON: ``5`` is a number for ``u32``
and a text for ``string``. A parameter that stands nowhere is ``null`` where its type allows that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from obelisk.core.values import checker, parse_json
from obelisk.errors import ConfigError, InvalidValueError
from obelisk.interfaces.triggers import Calls
from obelisk.names import Ffqn
from obelisk_http_webhook.pattern import parse_pattern
from obelisk_http_webhook.settings import WebhookFunctionSettings

MAX_QUERY_FIELDS: Final = 1000
ROUTE: Final = "the route"
QUERY: Final = "the query"
BODY: Final = "the body"


class Parameters:
    """What a function takes, and where it comes from. Raises ``ConfigError`` when the settings do not fit the function."""

    def __init__(self, settings: WebhookFunctionSettings, calls: Calls) -> None:
        function = calls.signature(Ffqn(settings.ffqn))
        self._types = {_key(param.name): param.type for param in function.params}
        self._names = {_key(param.name): param.name for param in function.params}
        self._body = None if settings.body is None else _key(settings.body)
        self._ffqn = settings.ffqn
        for name in parse_pattern(settings.route).names:
            self._check_known(name, "route", settings)
        if settings.body is not None:
            self._check_known(settings.body, "body", settings)

    def of_request(self, route: dict[str, str], query: str, body: bytes) -> list[Any]:
        """Return the params of a call. Raises ``InvalidValueError`` that names the parameter."""
        found: dict[str, Any] = {}
        for source, pairs in ((ROUTE, list(route.items())), (QUERY, _query(query))):
            for name, text in pairs:
                key = _key(name)
                if key in self._types:
                    self._put(found, key, self._read(key, text), source)
        for key, value in self._of_body(body).items():
            self._put(found, key, value, BODY)
        return [self._value(found, key) for key in self._types]

    def _check_known(self, name: str, where: str, settings: WebhookFunctionSettings) -> None:
        if _key(name) not in self._types:
            known = ", ".join(f"`{known}`" for known in self._names.values()) or "none"
            raise ConfigError(
                f"the `{where}` of the webhook function `{settings.name}` names the parameter `{name}`, but those of "
                f"`{settings.ffqn}` are {known}"
            )

    def _put(self, found: dict[str, Any], key: str, value: Any, source: str) -> None:
        if key in found:
            raise InvalidValueError(f"parameter `{self._names[key]}`: expected once, found again in {source}")
        found[key] = value

    def _of_body(self, body: bytes) -> dict[str, Any]:
        if not body:
            return {}
        value = parse_json(body, "the body")
        if self._body is not None:
            return {self._body: value}
        if not isinstance(value, dict):
            raise InvalidValueError("the body: expected a JSON object with the parameters")
        unknown = [name for name in value if _key(name) not in self._types]
        if unknown:
            known = ", ".join(f"`{known}`" for known in self._types) or "none"
            raise InvalidValueError(f"the body: unknown parameter `{unknown[0]}`, known are {known}")
        keys = [_key(name) for name in value]
        if len(set(keys)) < len(keys):
            raise InvalidValueError("the body: a parameter stands in it twice, with `-` and with `_`")
        return {_key(name): part for name, part in value.items()}

    def _read(self, key: str, text: str) -> Any:
        """Return the value that text stands for; what fits neither way is told of by the check of all params."""
        check = checker(self._types[key])
        try:
            return check(text)
        except InvalidValueError:
            pass
        try:
            return parse_json(text, "")
        except InvalidValueError:
            return text

    def _value(self, found: dict[str, Any], key: str) -> Any:
        name = self._names[key]
        try:
            return checker(self._types[key])(found.get(key))
        except InvalidValueError as error:
            problem = f"{error}" if key in found else "missing"
            raise InvalidValueError(f"parameter `{name}`: {problem}") from None


def _query(text: str) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(
            text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS, encoding="utf-8", errors="strict"
        )
    except (ValueError, UnicodeError):
        raise InvalidValueError(f"the query: expected at most {MAX_QUERY_FIELDS} fields of UTF-8 text") from None


def _key(name: str) -> str:
    return name.replace("-", "_")
