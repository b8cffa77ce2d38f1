"""The loop between a case and the host: asks for batches, times the function, and hands back the
checksum. Everything that a timed section contains is in this file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, Protocol

from .case import Case
from .checksum import checksum

# As many iterations as one `repeat` can count on a machine of 32 bits, such as WebAssembly.
_MOST = 1 << 30


class Host(Protocol):
    """What the host offers: the interface `bench` of the contract."""

    def next(self, checksum: int) -> int | None:
        """Ends a batch and asks for the next one: its iterations, or none."""

    def start(self) -> None:
        """The timed part begins."""

    def stop(self) -> None:
        """The timed part ends."""


def run(case: Case, host: Host) -> None:
    """Runs the batches that the host asks for."""
    arguments = case.arguments()
    last = Remembered()
    sum_of_last = 0
    while (iterations := host.next(sum_of_last)) is not None:
        result = None
        while iterations > 0:
            if case.fresh is None:
                now = min(iterations, _MOST)
                result = timed(case.function, arguments, now, host)
            else:
                now = min(iterations, case.batch)
                inputs = [case.fresh(*arguments) for _ in range(now)]
                result = timed_each(case.function, inputs, host)
            iterations -= now
        sum_of_last = last.checksum(result)


def timed(
    function: Callable[..., Any], arguments: tuple[Any, ...], iterations: int, host: Host
) -> object:
    """Calls the function so many times, and returns the last result. A loop for each number of
    arguments, because passing on a tuple of them would be timed as well."""
    result = None
    if not arguments:
        host.start()
        for _ in repeat(None, iterations):
            result = function()
        host.stop()
    elif len(arguments) == 1:
        argument = arguments[0]
        host.start()
        for _ in repeat(None, iterations):
            result = function(argument)
        host.stop()
    else:
        host.start()
        for _ in repeat(None, iterations):
            result = function(*arguments)
        host.stop()
    return result


def timed_each(function: Callable[..., Any], inputs: list[Any], host: Host) -> object:
    """Calls the function once with each input, and returns the last result. Inputs are dropped
    outside the timed part."""
    result = None
    host.start()
    for argument in inputs:
        result = function(argument)
    host.stop()
    return result


class Remembered:
    """The checksum of the last result. Texts and byte strings, which take long to hash and no time
    to compare, are hashed again only when they changed."""

    def __init__(self) -> None:
        self._result: str | bytes | None = None
        self._checksum = 0

    def checksum(self, result: object) -> int:
        if type(result) is type(self._result) and result == self._result and result is not None:
            return self._checksum
        self._checksum = checksum(result)
        self._result = result if isinstance(result, (str, bytes)) else None
        return self._checksum
