"""What all clients of one process share: trust, credentials, tokens, and which registry speaks plain HTTP."""

from __future__ import annotations

import functools
import logging
import ssl
import threading
from typing import Final

import requests

from obelisk.clock import Clock
from obelisk.interfaces.provider import Host
from obelisk_oci.credentials import Credentials, Keyring
from obelisk_oci.errors import TransientError, UnreachableError
from obelisk_oci.progress import Transfers
from obelisk_oci.reference import Reference, is_loopback
from obelisk_oci.settings import OciSettings
from obelisk_oci.tokens import Tokens
from obelisk_oci.wire import send, trust, use_context

PROBE_SECONDS: Final = 5.0


class Registries:
    """See the module's documentation. Usable from several threads."""

    def __init__(self, settings: OciSettings, host: Host) -> None:
        self.settings = settings
        self.clock: Clock = host.clock
        self.random = host.random
        self.tokens = Tokens()
        self.transfers = Transfers()
        self._keyring = Keyring(host.environ, logging.getLogger("obelisk.oci"))
        self._lock = threading.Lock()
        self._schemes: dict[str, str] = {}
        self._insecure = frozenset(name.lower() for name in settings.insecure_registries)
        # It logs URLs, and some are signed.
        logging.getLogger("urllib3").setLevel(logging.INFO)

    @functools.cached_property
    def trust(self) -> ssl.SSLContext:
        """What checks certificates. Raises ``RegistryError`` when ``oci.ca_file`` cannot be used."""
        return trust(self.settings.ca_file)

    def may_send_plainly(self, host: str) -> bool:
        """Tell whether a host, perhaps with a port, may be talked to over plain HTTP."""
        return is_loopback(host) or host.lower() in self._insecure

    def credentials(self, reference: Reference) -> Credentials | None:
        """Return what to show to a registry."""
        return self._keyring.find(reference)

    def scheme(self, host: str) -> str:
        """Return ``https``, or ``http`` for a registry that may speak it and speaks no TLS.

        Raises ``TransientError`` when it cannot be reached, and ``RegistryError`` when its certificate is not trusted: that
        never leads to plain HTTP.
        """
        if not self.may_send_plainly(host):
            return "https"
        with self._lock:
            known = self._schemes.get(host)
        if known is None:
            known = "https" if self._speaks_tls(host) else "http"
            with self._lock:
                self._schemes[host] = known
        return known

    def _speaks_tls(self, host: str) -> bool:
        with requests.Session() as session:
            use_context(session, self.trust)
            try:
                send(session, "GET", f"https://{host}/v2/", headers={}, timeout=PROBE_SECONDS).close()
            except UnreachableError:
                raise
            except TransientError:
                return False  # a server that speaks plain HTTP answers, hangs up, or waits for more
        return True
