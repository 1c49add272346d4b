"""A workflow that calls the two activities. Every call is an execution of its own and an event in this one's log."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import example_http_get_http_get as http_get
from wit_world.imports import example_http_get_obelisk_ext_http_get as http_get_ext
from wit_world.imports import fibo, workflow_support
from wit_world.imports.time import Duration_Milliseconds, ScheduleAt_In


class Workflow(exports.Workflow):
    """The exported interface `example:workflow/workflow`."""

    def fibo_and_get(self, n: int, url: str) -> str:
        """Call as if the activities were functions here; an err of theirs is raised as `Err` and ends this with it."""
        return f"fibo({n}) = {fibo.fibo(n)}, and the page says: {http_get.get(url)}"

    def get_all(self, urls: list[str]) -> list[str]:
        """Start all, then take the results as they come and put them in the order of the URLs."""
        with workflow_support.join_set_create() as join_set:
            started = [http_get_ext.get_submit(join_set, url).id for url in urls]
            bodies = {}
            for _ in started:
                result = http_get_ext.get_await_next(join_set)  # the result inside of a result is a value: Ok or Err
                if isinstance(result, Err):
                    raise result
                bodies[join_set.last_id().value.id] = result.value
        return [bodies[id] for id in started]

    def get_within(self, url: str, milliseconds: int) -> str:
        """Race the activity against a delay: whichever responds first is the first response of the join set."""
        with workflow_support.join_set_create() as join_set:
            http_get_ext.get_submit(join_set, url)
            workflow_support.submit_delay(join_set, ScheduleAt_In(Duration_Milliseconds(milliseconds)))
            try:
                result = http_get_ext.get_await_next(join_set)
            except Err as mismatch:  # the response is not one of `get`, so it is the delay
                raise Err(f"{url} did not answer within {milliseconds} ms") from mismatch
        if isinstance(result, Err):
            raise result
        return result.value
