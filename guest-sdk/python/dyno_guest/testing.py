"""Runs cases with the Python at hand, so that they can be tested before they are measured. A small
stand-in for the host asks for a few batches and watches that the contract is kept; it measures
nothing.

    import bench  # registers the cases
    from dyno_guest.testing import run_all

    def test_every_case_runs():
        run_all()
"""

from __future__ import annotations

from .registry import registered
from .runner import run

# The iterations of the batches that a case is asked for.
BATCHES = (1, 3, 10)
_MASK = 0xFFFF_FFFF_FFFF_FFFF


class CaseFailed(Exception):
    """What the host would fail a case for."""


class StandIn:
    """A host that asks for batches and keeps their checksums."""

    def __init__(self, batches: tuple[int, ...] = BATCHES) -> None:
        self._batches = iter(batches)
        self._asked = False
        self._running = False
        self._pairs = 0
        self.checksums: list[int] = []

    def next(self, checksum: int) -> int | None:
        if self._running:
            raise CaseFailed("a batch ended between start and stop")
        if self._asked:
            if self._pairs == 0:
                raise CaseFailed("a batch has no pair of start and stop")
            self.checksums.append(checksum)
        self._asked = True
        self._pairs = 0
        return next(self._batches, None)

    def start(self) -> None:
        if self._running:
            raise CaseFailed("start was called twice")
        self._running = True

    def stop(self) -> None:
        if not self._running:
            raise CaseFailed("stop was called before start")
        self._running = False
        self._pairs += 1


def run_case(name: str) -> int:
    """Runs a case for a few batches and returns its checksum. Raises what the case raises, or
    `CaseFailed` for a checksum that changes or is not the expected one."""
    case = registered.get(name)
    if case is None:
        raise CaseFailed(f"there is no case named {name!r}")
    host = StandIn()
    run(case, host)
    first = host.checksums[0]
    if any(other != first for other in host.checksums):
        raise CaseFailed(f"{name}: the batches' checksums are {list(map(hex, host.checksums))}")
    expected = case.count(case.expected)
    if expected is not None and expected & _MASK != first:
        raise CaseFailed(
            f"{name}: the checksum is {first:#x} where {expected & _MASK:#x} was expected"
        )
    return first


def run_all() -> dict[str, int]:
    """Runs every case, and returns their checksums by name."""
    return {name: run_case(name) for name in registered}
