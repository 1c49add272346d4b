"""An activity that computes a Fibonacci number."""

from componentize_py_types import Err
from wit_world import exports

LARGEST = 90


class Fibo(exports.Fibo):
    """The exported interface `example:fibo/fibo`."""

    def fibo(self, n: int) -> int:
        """Return the number; raising `Err` is how a function returns an err."""
        if n > LARGEST:
            raise Err(f"fibo({n}) is refused, the largest is fibo({LARGEST})")
        last, this = 0, 1
        for _ in range(n):
            last, this = this, last + this
        return last
