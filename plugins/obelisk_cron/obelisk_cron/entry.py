"""One entry of the configuration, and the executions that stand for it in the storage.

An entry's digest is of everything that it says, so one that changed is another one. The id of its seed is made of the
digest: every server, and every start of one, finds the same seed. A seed that ended because its entry was removed is not
used again; the entry that comes back has the seed of the next *generation*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from obelisk.core.events import ComponentId, ComponentRole
from obelisk.ids import ULID_RANDOM_BYTES, ExecutionId, new_execution_id
from obelisk.interfaces.seeds import Planting
from obelisk.names import Ffqn
from obelisk_cron.schedule import Schedule, parse_schedule
from obelisk_cron.settings import CronSettings

PREFIX = "obelisk-cron-"
"""What the function of a seed is called: this and the function that it starts."""

TIME_BYTES = 4


class Entry(Struct, frozen=True):
    """A checked entry; ``params`` are in their normal form."""

    name: str
    ffqn: Ffqn
    params: list[Any]
    schedule: Schedule
    digest: bytes

    @property
    def planting(self) -> Planting:
        """What its seed is of."""
        component = ComponentId(ComponentRole.CRON, self.name, f"sha256:{self.digest.hex()}")
        return Planting(component, Ffqn(PREFIX + self.ffqn), self.params)

    def seeds(self) -> Iterator[ExecutionId]:
        """Return the ids of its seeds, generation by generation."""
        yield _seed(self.digest)
        for generation in count(1):
            yield _seed(hashlib.sha256(self.digest + generation.to_bytes(8, "big")).digest())


def make_entry(settings: CronSettings, params: list[Any]) -> Entry:
    """Return the entry of a table whose params were checked."""
    described = [settings.name, settings.ffqn, params, settings.schedule, settings.timezone]
    digest = hashlib.sha256(msgspec.json.encode(described, order="deterministic")).digest()
    schedule = parse_schedule(settings.schedule, settings.timezone)
    return Entry(settings.name, Ffqn(settings.ffqn), params, schedule, digest)


def _seed(digest: bytes) -> ExecutionId:
    return new_execution_id(
        int.from_bytes(digest[:TIME_BYTES], "big"), digest[TIME_BYTES : TIME_BYTES + ULID_RANDOM_BYTES]
    )
