"""The identity function that an optimiser cannot see through."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def black_box(value: T) -> T:
    """Returns `value`. CPython folds constants (`2 ** 10` is computed when the file is compiled)
    but never across a call, so what comes out of here is not known in advance. The timing loop
    keeps every result, so results need no black box."""
    return value
