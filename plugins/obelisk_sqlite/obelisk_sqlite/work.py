"""Something that is to be done in a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from obelisk.errors import CommitRefusedError, StorageError
from obelisk.interfaces.storage import LOST_BASE, Batch, lost_its_base
from obelisk_sqlite.session import Session

Call = Callable[[Session], Any]


class Work:
    """Something to do in a transaction, and who waits for it; without batch and call it only waits for its turn."""

    __slots__ = ("after", "batch", "call", "error", "future", "lost_base", "result")

    def __init__(self, future: asyncio.Future[Any], batch: Batch | None = None, call: Call | None = None) -> None:
        self.future = future
        self.batch = batch
        self.call = call
        self.result: Any = None
        self.error: StorageError | None = None
        self.after: tuple[Work, ...] = ()
        """Batches of unknown outcome that this one builds on."""
        self.lost_base = batch is not None and lost_its_base(batch)

    @property
    def writes(self) -> bool:
        """Whether it needs a transaction."""
        return self.batch is not None or self.call is not None

    def run(self, session: Session) -> None:
        """Do it; what the storage refuses becomes ``error``."""
        self.result = self.error = None
        try:
            if self.lost_base or any(work.error is not None for work in self.after):
                raise CommitRefusedError(LOST_BASE)
            if self.batch is not None:
                self.result = session.commit(self.batch)
            elif self.call is not None:
                self.result = self.call(session)
        except StorageError as error:
            self.error = error
