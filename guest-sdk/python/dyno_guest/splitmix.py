"""The generator for the inputs of a case. An input that every language can generate alike is what
makes checksums comparable between implementations of one case."""

from __future__ import annotations

_MASK = 0xFFFF_FFFF_FFFF_FFFF


class SplitMix64:
    """SplitMix64: seeded, portable, and the same numbers in every SDK. Not for secrets.

    >>> hex(SplitMix64(0).next_u64())
    '0xe220a8397b1dcdaf'
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next_u64(self) -> int:
        """The next 64 random bits."""
        self._state = (self._state + 0x9E37_79B9_7F4A_7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ mixed >> 30) * 0xBF58_476D_1CE4_E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D0_49BB_1331_11EB) & _MASK
        return mixed ^ mixed >> 31

    def below(self, bound: int) -> int:
        """A number below `bound` (at most 2^32), or 0 if that is 0: the upper half of the next 64
        bits times `bound`, divided by 2^32."""
        return ((self.next_u64() >> 32) * bound) >> 32
