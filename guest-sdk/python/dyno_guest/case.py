"""One case of a plugin: the facts that the host lists, and what it calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# What one value of a parameter may be: the host shows it as text.
Param = str | int | float | bool
# A number, or a function of the case's parameters that gives it when the cases are listed.
Count = int | Callable[..., int] | None


@dataclass(frozen=True)
class Case:
    """One benchmark. The limits on its texts are in the contract (`wit/dyno-bench.wit`); the host
    checks them."""

    name: str
    description: str
    group: str | None
    params: dict[str, Param]
    throughput_bytes: Count
    throughput_elements: Count
    expected: Count
    function: Callable[..., Any]
    setup: Callable[..., Any] | None
    fresh: Callable[..., Any] | None
    batch: int

    def count(self, what: Count) -> int | None:
        """A number of this case, computed if it has to be."""
        return what(**self.params) if callable(what) else what

    def arguments(self) -> tuple[Any, ...]:
        """Prepares the input: what the function, or `fresh`, is called with."""
        if self.setup is not None:
            return (self.setup(**self.params),)
        return positions(self.fresh or self.function, self.params)


def positions(called: Callable[..., Any], params: dict[str, Param]) -> tuple[Param, ...]:
    """The parameters in the order in which `called` takes them: passing them by name would be
    slower. A `TypeError` says what does not fit."""
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):
        return tuple(params.values())  # Written in C, without a signature.
    bound = signature.bind(**params)
    if bound.kwargs:
        raise TypeError(f"{next(iter(bound.kwargs))!r} can be passed by name only")
    return bound.args
