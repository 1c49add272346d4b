"""A workflow that calls the two activities. Every call is an execution of its own and an event in this one's log."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import example_http_get_http_get as http_get
from wit_world.imports import example_http_get_obelisk_ext_http_get as http_get_ext
from wit_world.imports import fibo, workflow_support


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
