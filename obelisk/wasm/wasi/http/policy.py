"""Which HTTP requests a run may send: those that the component's list and the operator's both allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from msgspec import Struct

from obelisk.errors import RequestDeniedError
from obelisk.interfaces.host_pattern import Wildcard, is_address, parse_host_pattern
from obelisk.interfaces.sandbox import AllowedHost, OutboundHost, ReplaceIn
from obelisk.interfaces.url_regex import compile_url_regex, matches_all
from obelisk.wasm.wasi.http.addresses import carried, is_public, parse_address
from obelisk.wasm.wasi.http.target import Target

COMPONENT: Final = "the component's `allowed_host`"
OPERATOR: Final = "the operator's `[[outbound_http.allowed_host]]`"
LOCALHOST: Final = "localhost"


class Grant(Struct, frozen=True):
    """A request that both lists allow.

    ``request`` is its method and URL for messages. ``secrets`` are the pairs of a secret's name and a place that both lists
    name. ``allow_private`` says that the operator allows every address, ``is_named`` that an entry of the operator names
    the host without a wildcard.
    """

    request: str
    secrets: frozenset[tuple[str, ReplaceIn]] = frozenset()
    allow_private: bool = False
    is_named: bool = False


class _Fit(IntEnum):
    """How well an entry fits a request; all but the last refuse it."""

    OTHER_HOST = 0
    OTHER_METHOD = 1
    OTHER_URL = 2
    ALLOWS = 3


class _Entry:
    """An entry of a list, read."""

    def __init__(self, settings: AllowedHost) -> None:
        self.settings = settings
        self._patterns = parse_host_pattern(settings.pattern)
        self._regex = None if settings.request_url_regex is None else compile_url_regex(settings.request_url_regex)

    @property
    def secrets(self) -> frozenset[tuple[str, ReplaceIn]]:
        return frozenset((name, place) for name in self.settings.secrets for place in self.settings.replace_in)

    def names(self, target: Target) -> bool:
        """Tell whether the host stands in the pattern as it is."""
        return any(
            pattern.wildcard is Wildcard.NONE and pattern.matches(target.scheme, target.host, target.port)
            for pattern in self._patterns
        )

    def fit(self, target: Target) -> _Fit:
        if not any(pattern.matches(target.scheme, target.host, target.port) for pattern in self._patterns):
            return _Fit.OTHER_HOST
        if self.settings.methods != "*" and target.method not in self.settings.methods:
            return _Fit.OTHER_METHOD
        return _Fit.ALLOWS if self._regex is None or self._matches_regex(target) else _Fit.OTHER_URL

    def _matches_regex(self, target: Target) -> bool:
        """A path with ``..`` matches no expression: the server may read another path than the expression did."""
        assert self._regex is not None
        return not target.has_dot_segments and matches_all(self._regex, f"{target.method} {target.url_without_query}")

    def refusal(self, fit: _Fit) -> str:
        pattern, methods = self.settings.pattern, self.settings.methods
        if fit is _Fit.OTHER_METHOD:
            allowed = f"only {', '.join(methods)}" if methods else "no method; add `methods`"
            return f"its entry for `{pattern}` allows {allowed}"
        return f"the `request_url_regex` of its entry for `{pattern}` does not match"


class AllowLists:
    """Both lists, for all runs of a component."""

    def __init__(self, component: Sequence[AllowedHost], operator: Sequence[OutboundHost]) -> None:
        self._component = tuple(_Entry(each) for each in component)
        self._operator = tuple(_Entry(each) for each in operator)

    def check(self, target: Target) -> Grant:
        """See ``Policy.check``."""
        own, operators = _allowing(self._component, target), _allowing(self._operator, target)
        refused = [
            (who, _why(entries, target))
            for who, entries, allowing in (
                (COMPONENT, self._component, own), (OPERATOR, self._operator, operators),
            )
            if not allowing
        ]  # fmt: skip
        if refused:
            raise RequestDeniedError(
                target.shown, " and by ".join(who for who, _ in refused), "; ".join(why for _, why in refused)
            )
        return Grant(
            target.shown,
            _secrets(own) & _secrets(operators),
            allow_private=any(_allows_private(entry) for entry in operators),
            is_named=any(entry.names(target) for entry in operators),
        )

    def check_address(self, target: Target, grant: Grant, address: str | IPv4Address | IPv6Address) -> None:
        """See ``Policy.check_address``."""
        found = parse_address(address) if isinstance(address, str) else address
        if is_public(found) or grant.allow_private:
            return
        if grant.is_named and is_address(target.host) and found == parse_address(target.host):
            return
        if grant.is_named and target.host == LOCALHOST and carried(found).is_loopback:
            return
        raise RequestDeniedError(
            target.shown,
            OPERATOR,
            f"`{target.host}` is at {found}, which is no public address; where it may be reached, the operator's `pattern` "
            "is the address itself, or its entry has `allow_private = true`",
        )


class Policy:
    """Decides for one run; ``denied`` is told of each denial before it is raised."""

    def __init__(self, lists: AllowLists, denied: Callable[[RequestDeniedError], None]) -> None:
        self._lists = lists
        self._denied = denied

    def check(self, target: Target) -> Grant:
        """Return the grant of a request before its host's name is resolved.

        Raises ``RequestDeniedError``, whose message names the list that refused; the guest gets ``HTTP-request-denied``.
        """
        try:
            return self._lists.check(target)
        except RequestDeniedError as error:
            self._denied(error)
            raise

    def check_address(self, target: Target, grant: Grant, address: str | IPv4Address | IPv6Address) -> None:
        """Check an address that the host's name resolved to; connect only to one that passed.

        Addresses that are not public are refused unless the operator listed them: an entry's ``pattern`` is the address
        itself, or is ``localhost`` and the address is of this machine, or the entry has ``allow_private``. Raises
        ``RequestDeniedError``.
        """
        try:
            self._lists.check_address(target, grant, address)
        except RequestDeniedError as error:
            self._denied(error)
            raise


def _allowing(entries: Sequence[_Entry], target: Target) -> list[_Entry]:
    return [entry for entry in entries if entry.fit(target) is _Fit.ALLOWS]


def _secrets(entries: Sequence[_Entry]) -> frozenset[tuple[str, ReplaceIn]]:
    return frozenset().union(*(entry.secrets for entry in entries))


def _allows_private(entry: _Entry) -> bool:
    return isinstance(entry.settings, OutboundHost) and entry.settings.allow_private


def _why(entries: Sequence[_Entry], target: Target) -> str:
    """Return what is missing in a list that refused, told by the entry that came nearest."""
    if not entries:
        return "it is empty"
    fit, entry = max(((entry.fit(target), entry) for entry in entries), key=lambda pair: pair[0])
    return "no `pattern` of it matches" if fit is _Fit.OTHER_HOST else entry.refusal(fit)
