"""What the component exports: the interface `suite` of the contract, over the registered cases.
Imported in the component alone, where componentize-py's bindings are."""

from __future__ import annotations

import os
import traceback

from componentize_py_types import Err
from wit_world.exports.suite import (
    BenchCase,
    Param,
    Throughput,
    Throughput_Bytes,
    Throughput_Elements,
)
from wit_world.imports import bench as host

from .case import Case
from .registry import registered
from .runner import run

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_SDK = os.path.dirname(__file__)


class Suite:
    """The interface `suite`, under the name by which componentize-py looks for it."""

    def cases(self) -> list[BenchCase]:
        try:
            return [listed(case) for case in registered.values()]
        except BaseException as error:
            raise Err(told(error)) from error

    def run(self, name: str) -> None:
        case = registered.get(name)
        if case is None:
            raise Err(f"there is no case named {name!r}")
        try:
            run(case, host)
        except BaseException as error:
            raise Err(told(error)) from error


def listed(case: Case) -> BenchCase:
    """A case as the host gets it."""
    expected = case.count(case.expected)
    return BenchCase(
        name=case.name,
        description=case.description,
        group=case.group,
        params=[Param(name, str(value)) for name, value in case.params.items()],
        throughput=throughput(case),
        expected=None if expected is None else expected & _MASK,
    )


def throughput(case: Case) -> Throughput | None:
    """How much work one iteration does."""
    if (size := case.count(case.throughput_bytes)) is not None:
        return Throughput_Bytes(size)
    if (elements := case.count(case.throughput_elements)) is not None:
        return Throughput_Elements(elements)
    return None


def told(error: BaseException) -> str:
    """An exception in one line: what it is, and which line of the plugin it passed through last."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        text += (
            "; modules are loaded while the plugin is built, so import it at the top of the file"
        )
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if os.path.dirname(frame.filename) != _SDK]
    if not own:
        return text
    last = own[-1]
    return f"{text} ({os.path.basename(last.filename)}, line {last.lineno}, in {last.name})"
