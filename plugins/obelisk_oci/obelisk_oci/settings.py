"""The ``[oci]`` table of the configuration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from obelisk.interfaces.settings import Duration

SCHEME = "oci"
CACHE_DIR = "${CACHE_DIR}"


class OciSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Components from OCI registries.

    * ``wasm_directory``: where components that were pulled are kept, by their digests. Servers may share it.
    * ``insecure_registries``: registries, as ``"host"`` or ``"host:port"``, that may be talked to over plain HTTP; this
      machine always may.
    * ``ca_file``: certificates, as PEM, of authorities that are trusted besides those of the system.
    * ``max_parallel_pulls``: how many components are pulled at the same time.
    * ``max_retries``: how often a request is repeated after a failed connection or a status such as 429 or 503.
    * ``retry_exp_backoff``: the wait before the first repetition; it doubles with each, unless the registry says how long.
    * ``retry_max_backoff``: the longest wait. A registry that asks for more is given up.
    * ``timeout``: how long a registry may be silent.
    """

    wasm_directory: Path = Path(CACHE_DIR, "wasm")
    insecure_registries: tuple[str, ...] = ()
    ca_file: Path | None = None
    max_parallel_pulls: int = 4
    max_retries: int = 6
    retry_exp_backoff: Duration = Duration(milliseconds=100)
    retry_max_backoff: Duration = Duration(seconds=30)
    timeout: Duration = Duration(seconds=30)

    def __post_init__(self) -> None:
        if self.max_parallel_pulls < 1:
            raise ValueError(f"`max_parallel_pulls`: expected at least 1, found {self.max_parallel_pulls}")
        if self.max_retries < 0:
            raise ValueError(f"`max_retries`: expected at least 0, found {self.max_retries}")
        if self.timeout <= timedelta():
            raise ValueError(f"`timeout`: expected more than nothing, found {self.timeout.total_seconds()} s")
        for host in self.insecure_registries:
            if not host or "/" in host or "@" in host:
                raise ValueError(f"`insecure_registries`: expected `host` or `host:port`, found `{host[:100]}`")


def wasm_directory(settings: OciSettings, cache_dir: Path) -> Path:
    """Return the directory that the settings name; the default lies in ``cache_dir`` when no configuration expanded it."""
    return Path(str(settings.wasm_directory).replace(CACHE_DIR, str(cache_dir))).absolute()
