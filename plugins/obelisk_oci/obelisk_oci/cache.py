"""What was pulled, by digest: ``sha256_<hex>.wasm`` for components, ``metadata/sha256_<hex>.json`` for manifests.

Theory of operation. A file's name is the digest of its content, and whoever reads it computes the digest again. So files
need no locks: any number of processes write the same content under the same name, each by a rename, and a file that was
damaged is removed and pulled anew. A manifest is written after the component that it names.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from obelisk.errors import ComponentError
from obelisk_oci.errors import RegistryError
from obelisk_oci.manifest import MAX_MANIFEST, digest_of

METADATA_DIRECTORY = "metadata"
READABLE = 0o644
PART_PREFIX = ".part-"
STALE_SECONDS = 24 * 3600


class Cache:
    """The files in one directory, which is made when something is kept."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def component(self, digest: str, *, max_size: int) -> bytes | None:
        """Return the component with a digest, ``None`` when it is not here."""
        return _read(self._component_path(digest), digest, max_size)

    def manifest(self, digest: str) -> bytes | None:
        """Return the manifest or index with a digest, ``None`` when it is not here."""
        return _read(self._manifest_path(digest), digest, MAX_MANIFEST)

    def keep_component(self, digest: str, content: bytes) -> None:
        """Keep a component. Raises ``RegistryError`` when it cannot be written."""
        _write(self._component_path(digest), content)

    def keep_manifest(self, digest: str, content: bytes) -> None:
        """Keep a manifest or index. Raises ``RegistryError`` when it cannot be written."""
        _write(self._manifest_path(digest), content)

    def remove_stale(self, now: float) -> None:
        """Remove what processes left that were ended while they wrote. ``now`` is in seconds since the Unix epoch."""
        for path in (*self._directory.glob(f"{PART_PREFIX}*"), *self._metadata.glob(f"{PART_PREFIX}*")):
            try:
                if path.stat().st_mtime < now - STALE_SECONDS:
                    path.unlink()
            except OSError:
                continue  # another process was quicker

    @property
    def _metadata(self) -> Path:
        return self._directory / METADATA_DIRECTORY

    def _component_path(self, digest: str) -> Path:
        return self._directory / f"{digest.replace(':', '_')}.wasm"

    def _manifest_path(self, digest: str) -> Path:
        return self._metadata / f"{digest.replace(':', '_')}.json"


def clean(directory: Path) -> None:
    """Delete what is kept in ``directory``, and nothing else that may lie there. Raises ``ComponentError``."""
    metadata = directory / METADATA_DIRECTORY
    kept = (*directory.glob("sha256_*.wasm"), *metadata.glob("sha256_*.json"))
    parts = (*directory.glob(f"{PART_PREFIX}*"), *metadata.glob(f"{PART_PREFIX}*"))
    try:
        for path in (*kept, *parts):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ComponentError(f"cannot clean the directory of pulled components {directory}: {error}") from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step. Others may read it: their servers may share the cache. Raises ``OSError``."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=PART_PREFIX, delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fchmod(part.fileno(), READABLE)
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
    except OSError as error:
        raise RegistryError(f"cannot keep a pulled component in {path.parent}: {error.strerror or error}") from error


def _read(path: Path, digest: str, max_size: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(max_size + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError(f"cannot read the pulled component {path}: {error.strerror or error}") from error
    if digest_of(content) == digest:
        return content
    if len(content) <= max_size:
        _remove(path)  # damaged
    return None


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise RegistryError(f"cannot remove {path}, which is damaged: {error.strerror or error}") from error
