"""The decorator by which functions become cases, and the list that it fills."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from .case import Case, Count, Param, positions

F = TypeVar("F", bound=Callable[..., Any])

# The cases of the plugin, in the order in which they were registered.
registered: dict[str, Case] = {}


@overload
def bench(function: F, /) -> F: ...


@overload
def bench(
    *,
    name: str | None = None,
    description: str | None = None,
    group: str | None = None,
    params: Mapping[str, Param | Sequence[Param]] | None = None,
    setup: Callable[..., Any] | None = None,
    fresh: Callable[..., Any] | None = None,
    batch: int = 1,
    throughput_bytes: Count = None,
    throughput_elements: Count = None,
    expected: Count = None,
) -> Callable[[F], F]: ...


def bench(
    function: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    group: str | None = None,
    params: Mapping[str, Any] | None = None,
    setup: Callable[..., Any] | None = None,
    fresh: Callable[..., Any] | None = None,
    batch: int = 1,
    throughput_bytes: Count = None,
    throughput_elements: Count = None,
    expected: Count = None,
) -> Any:
    """Registers a function as a case, or as one for each combination of parameters.

    name: by default that of the function. `"sort/{n}"` is filled in with the parameters; a name
        without braces gets `/n=10` for each parameter that has several values.
    description: one sentence; by default the first line of the function's documentation.
    group: cases that belong together, to be shown side by side.
    params: name to value, or to a list of values, of which each makes its own case.
    setup: called with the parameters, once, untimed. What it returns is the function's argument.
        Without it, the function gets the parameters themselves.
    fresh: called before each iteration, untimed, with what the function would have got; the
        function then gets what this returns. For a function that changes or uses up its input:
        `fresh=list` hands it a copy of a list.
    batch: how many inputs `fresh` makes at a time. The more, the smaller the part of starting and
        stopping the clock in an iteration.
    throughput_bytes, throughput_elements: how much one iteration processes: a number, or a function
        of the parameters.
    expected: the checksum that the result must have: a number, or a function of the parameters.
    """

    def register(decorated: F) -> F:
        plain = decorated.__name__
        if throughput_bytes is not None and throughput_elements is not None:
            raise ValueError(f"{plain}: state throughput_bytes or throughput_elements, not both")
        if batch < 1 or (batch > 1 and fresh is None):
            raise ValueError(f"{plain}: batch is the number of inputs that `fresh` makes at a time")
        summary = (inspect.getdoc(decorated) or "").partition("\n")[0]
        for chosen, suffix in _combinations(params or {}):
            _add(
                Case(
                    name=_name(name or plain, chosen, suffix),
                    description=summary if description is None else description,
                    group=group,
                    params=chosen,
                    throughput_bytes=throughput_bytes,
                    throughput_elements=throughput_elements,
                    expected=expected,
                    function=decorated,
                    setup=setup,
                    fresh=fresh,
                    batch=batch,
                )
            )
        return decorated

    if function is None:
        return register
    if not callable(function):
        raise TypeError("@bench takes its options by name, as in @bench(name=...)")
    return register(function)


def _add(case: Case) -> None:
    if case.name in registered:
        raise ValueError(f"two cases are named {case.name!r}")
    _check_calls(case)
    registered[case.name] = case


def _name(name: str, chosen: dict[str, Param], suffix: str) -> str:
    return name.format(**chosen) if "{" in name else name + suffix


def _combinations(params: Mapping[str, Any]) -> list[tuple[dict[str, Param], str]]:
    """Each combination of the parameters' values, with what it adds to a name."""
    several = {name: isinstance(value, (list, tuple, range)) for name, value in params.items()}
    values = [value if several[name] else [value] for name, value in params.items()]
    combinations = []
    for choice in itertools.product(*values):
        chosen = dict(zip(params, choice, strict=True))
        suffix = "".join(f"/{name}={chosen[name]}" for name in params if several[name])
        combinations.append((chosen, suffix))
    return combinations


def _check_calls(case: Case) -> None:
    """Finds out now, while the plugin is built, whether the parameters fit where they go."""
    numbers = [case.throughput_bytes, case.throughput_elements, case.expected]
    for number in numbers:
        if number is not None and not callable(number) and not isinstance(number, int):
            raise TypeError(f"{case.name}: {number!r} is not a whole number")
    for taker in [case.setup or case.fresh or case.function, *filter(callable, numbers)]:
        try:
            positions(taker, case.params)
        except TypeError as error:
            called = getattr(taker, "__name__", repr(taker))
            raise TypeError(f"{case.name}: {called} and the parameters: {error}") from None
