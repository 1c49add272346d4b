"""Secrets of a run: the guest sees placeholders, the requests that are allowed to carry a secret its value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

from obelisk.errors import RequestDeniedError
from obelisk.interfaces.mask import Mask
from obelisk.interfaces.provider import RandomSource
from obelisk.interfaces.sandbox import ReplaceIn
from obelisk.wasm.wasi.http.grammar import FIELD_VALUE
from obelisk.wasm.wasi.http.policy import Grant

PREFIX: Final = "OBELISK_SECRET_"
RANDOM_BYTES: Final = 16
UNFIT: Final = "its value holds a line break or another control character, which cannot stand in a header"
_TEXT_TYPE = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml)|application/(?:javascript|graphql|x-ndjson|yaml|toml)"
)
_JSON_TYPE = re.compile(r"application/(?:.*\+)?json|application/x-ndjson")
_XML_TYPE = re.compile(r"(?:application|text)/(?:.*\+)?(?:xml|html)")
_XML_REFERENCES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


class RunSecrets:
    """The placeholders of one run: ``OBELISK_SECRET_`` and hexadecimal digits, new ones for each run.

    ``values`` are the secrets that the component may use, by name. ``denied`` is told of a request that cannot carry one.
    """

    def __init__(
        self, values: Mapping[str, str], random: RandomSource, denied: Callable[[RequestDeniedError], None]
    ) -> None:
        self._values = dict(values)
        self._denied = denied
        self._placeholders = {name: PREFIX + random(RANDOM_BYTES).hex() for name in self._values}
        self._mask = Mask(
            (*(form for value in values.values() for form in _forms(value)), *self._placeholders.values())
        )

    def __repr__(self) -> str:
        return f"RunSecrets({', '.join(self._values)})"

    @property
    def environment(self) -> tuple[tuple[str, str], ...]:
        """Names and placeholders, for the guest's environment."""
        return tuple(self._placeholders.items())

    @property
    def longest(self) -> int:
        """How many bytes the longest of what ``mask`` hides has."""
        return self._mask.longest if self._values else 0

    def replacer(self, grant: Grant) -> Replacer:
        """Return what puts values into one request."""
        places: dict[ReplaceIn, dict[str, tuple[str, str]]] = {place: {} for place in ReplaceIn}
        for name, place in grant.secrets:
            if name in self._values:
                places[place][self._placeholders[name]] = (name, self._values[name])
        return Replacer(grant.request, places, self)

    def deny(self, request: str, name: str, why: str) -> RequestDeniedError:
        """Return the denial of a request that cannot carry a secret, once it is told."""
        error = RequestDeniedError(request, f"the secret `{name}`", why)
        self._denied(error)
        return error

    def mask(self, text: str) -> str:
        """Return ``text`` with ``***`` for values and placeholders. For everything that is logged, stored or raised."""
        return self._mask.text(text) if self._values else text

    def mask_bytes(self, data: bytes) -> bytes:
        """Return ``data`` with ``***`` for values and placeholders."""
        return self._mask.data(data, len(data)) if self._values else data


class Replacer:
    """Puts the values of secrets into one request, where its grant allows them. The result is only for the wire."""

    def __init__(
        self, request: str, places: Mapping[ReplaceIn, Mapping[str, tuple[str, str]]], secrets: RunSecrets
    ) -> None:
        self._request = request
        self._places = places
        self._secrets = secrets

    def __repr__(self) -> str:
        return f"Replacer({self._request})"

    def headers(self, headers: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Return the headers with values in place of placeholders.

        Raises ``RequestDeniedError`` for a value that cannot stand in a header, such as one with a line break.
        """
        found = self._places[ReplaceIn.HEADERS]
        return [(name, self._header(value, found)) for name, value in headers] if found else list(headers)

    def path(self, path_with_query: str) -> str:
        """Return the path with values in place of placeholders in the values of query parameters, percent-encoded."""
        found = self._places[ReplaceIn.PARAMS]
        path, mark, query = path_with_query.partition("?")
        if not found or not mark:
            return path_with_query
        return f"{path}?{'&'.join(_param(each, found) for each in query.split('&'))}"

    def body(self, content_type: str | None) -> BodyReplacer | None:
        """Return what replaces in a body of a content type; ``None`` when nothing is replaced there.

        A body is replaced when its type is a text's: the value is written as JSON, XML or a form writes it, else as it is.
        Its length changes: drop the guest's ``content-length`` then.
        """
        found = self._places[ReplaceIn.BODY]
        encode = _encoding(content_type)
        if not found or encode is None:
            return None
        return BodyReplacer({placeholder.encode(): encode(value).encode() for placeholder, (_, value) in found.items()})

    def mask(self, text: str) -> str:
        """See ``RunSecrets.mask``."""
        return self._secrets.mask(text)

    def _header(self, content: bytes, found: Mapping[str, tuple[str, str]]) -> bytes:
        for placeholder, (name, value) in found.items():
            if placeholder.encode() not in content:
                continue
            if not FIELD_VALUE.fullmatch(value.encode()):
                raise self._secrets.deny(self._request, name, UNFIT)
            content = content.replace(placeholder.encode(), value.encode())
        return content


class BodyReplacer:
    """Replaces placeholders in a body that comes in chunks; one may begin in a chunk and end in another.

    What could be the beginning of a placeholder is kept back until it is known to be one or none.
    """

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        """``values`` are by placeholder, none of which is empty or part of another."""
        self._values = dict(values)
        self._pattern = re.compile(b"|".join(map(re.escape, self._values)))
        self._beginnings = {placeholder[:size] for placeholder in self._values for size in range(1, len(placeholder))}
        self._longest = max(map(len, self._values)) - 1
        self._rest = b""

    def __repr__(self) -> str:
        return "BodyReplacer(...)"

    def feed(self, chunk: bytes) -> bytes:
        """Return what can be sent now; less than a placeholder's length is kept back."""
        data = self._rest + chunk
        last = 0
        for found in self._pattern.finditer(data):
            last = found.end()
        cut = next(
            (
                start
                for start in range(max(last, len(data) - self._longest), len(data))
                if data[start:] in self._beginnings
            ),
            len(data),
        )
        self._rest = data[cut:]
        return self._pattern.sub(lambda found: self._values[found[0]], data[:cut])

    def finish(self) -> bytes:
        """Return what was kept back."""
        rest, self._rest = self._rest, b""
        return rest


def _forms(value: str) -> Iterator[str]:
    """Yield a value as it stands in a request; in JSON, ``Mask`` finds it by itself."""
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield _xml(value)


def _json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _xml(value: str) -> str:
    return value.translate(_XML_REFERENCES)


def _param(text: str, found: Mapping[str, tuple[str, str]]) -> str:
    name, equals, content = text.partition("=")
    for placeholder, (_, value) in found.items():
        content = content.replace(placeholder, quote(value, safe=""))
    return f"{name}{equals}{content}"


def _encoding(content_type: str | None) -> Callable[[str], str] | None:
    """Return how a value is written in a body of a content type, ``None`` for what is no text."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == _FORM_TYPE:
        return quote_plus
    if _JSON_TYPE.fullmatch(kind):
        return _json
    if _XML_TYPE.fullmatch(kind):
        return _xml
    return str if _TEXT_TYPE.fullmatch(kind) else None
