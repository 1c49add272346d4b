"""A webhook: GET /fibo/N calls the activity for a small N and waits; for a large one it answers with its id at once."""

import re

from componentize_py_types import Err, Ok
from wit_world import exports
from wit_world.imports import example_fibo_fibo as fibo
from wit_world.imports import example_fibo_obelisk_schedule_fibo as fibo_schedule
from wit_world.imports import webhook_support
from wit_world.imports.time import ScheduleAt_Now
from wit_world.imports.types import Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam

SMALL = 10


class IncomingHandler(exports.IncomingHandler):
    """The exported interface `wasi:http/incoming-handler`."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        """Answer one request; the next one gets an instance of its own."""
        status, text = answer(request.path_with_query() or "/")
        response = OutgoingResponse(Fields.from_list([("content-type", b"text/plain")]))
        response.set_status_code(status)
        body = response.body()
        ResponseOutparam.set(response_out, Ok(response))
        with body.write() as stream:
            stream.blocking_write_and_flush(text.encode())
        OutgoingBody.finish(body, None)


def answer(path: str) -> tuple[int, str]:
    """Return status and text."""
    found = re.fullmatch(r"/fibo/(\d+)", path)
    if found is None:
        return 400, "expected /fibo/N\n"
    n = int(found[1])
    if n > SMALL:
        return 202, f"submitted: {fibo_schedule.fibo_schedule(ScheduleAt_Now(), n).id}\n"
    try:
        return 200, f"fibo({n}) = {fibo.fibo(n)}, asked by {webhook_support.execution_id_current().id}\n"
    except Err as refused:
        return 422, f"{refused.value}\n"  # an err of the activity is raised
