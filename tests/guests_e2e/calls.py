"""Calling the functions of the example guests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.process import Server
from tests.e2e.world import World
from tests.guests_e2e.pages import Pages

FIBO = "example:fibo/fibo.fibo"
GET = "example:http-get/http-get.get"
GET_RESPONSE = "example:http-get/http-get.get-response"
FIBO_AND_GET = "example:workflow/workflow.fibo-and-get"
GET_ALL = "example:workflow/workflow.get-all"
GET_WITHIN = "example:workflow/workflow.get-within"


@dataclass(frozen=True)
class Example:
    """A server that runs the components of a language."""

    world: World
    server: Server
    pages: Pages

    def result(self, ffqn: str, *params: Any) -> Any:
        """Run a function and return its result, ``{"ok": ...}`` or ``{"err": ...}``."""
        command = ["execution", "submit", ffqn, json.dumps(params), "--follow", "--json"]
        done = self.world.client(self.server, *command)
        assert done.stdout, done.stderr
        return done.last["result"]
