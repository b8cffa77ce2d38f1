"""Turns the result of an iteration into the checksum that a batch hands to the host, the same way
in every language. A *word* is 8 bytes, little-endian.

| result                           | bytes                                                         |
|----------------------------------|---------------------------------------------------------------|
| `bool`                           | one word, 0 or 1                                              |
| `int` of 64 bits (-2^63 to 2^64) | one word, two's complement                                    |
| `int` of 128 bits                | two words, the low one first                                  |
| `float`                          | one word, the bits of the double; NaN is `0x7ff8000000000000` |
| `str`, bytes-like                | a word with the length in bytes, then the bytes (UTF-8)       |
| `list`, other sequence           | a word with the number of elements, then each element         |
| `tuple`, dataclass               | its fields, in order                                          |
| `None`                           | no bytes at all, like the empty tuple                         |

A result that is a single number of one word is its own checksum: `fib(20)` has 6765 in every
language. Any other has the FNV-1a hash, 64 bits, of its bytes. Dictionaries and sets have no order
that other languages share: return `sorted(...)` of them.
"""

from __future__ import annotations

import array
import dataclasses
import math
import struct
from collections.abc import Sequence

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_OFFSET = 0xCBF2_9CE4_8422_2325
_PRIME = 0x0000_0100_0000_01B3
# To hash n zero bytes is to multiply n times by the prime, which is what most of a word is.
_PRIME_POWERS = [pow(_PRIME, power, 1 << 64) for power in range(9)]
_NAN = 0x7FF8_0000_0000_0000


def checksum(result: object) -> int:
    """The checksum of a result; a `TypeError` says which type has none."""
    word = _word(result)
    return _feed(_OFFSET, result) if word is None else word


def fnv1a(data: bytes, state: int = _OFFSET) -> int:
    """FNV-1a with 64 bits."""
    for byte in data:
        state = ((state ^ byte) * _PRIME) & _MASK
    return state


def _word(value: object) -> int | None:
    """The word of a value that is a single number."""
    if isinstance(value, int):
        return value & _MASK if -(1 << 63) <= value < 1 << 64 else None
    if isinstance(value, float):
        if math.isnan(value):
            return _NAN
        bits: int = struct.unpack("<Q", struct.pack("<d", value))[0]
        return bits
    return None


def _feed_word(state: int, word: int) -> int:
    zeros = 8
    while word:
        state = ((state ^ (word & 0xFF)) * _PRIME) & _MASK
        word >>= 8
        zeros -= 1
    return (state * _PRIME_POWERS[zeros]) & _MASK


def _feed(state: int, value: object) -> int:
    """Hashes the encoding of `value` on top of `state`."""
    word = _word(value)
    if word is not None:
        return _feed_word(state, word)
    if value is None:
        return state
    if isinstance(value, int):
        if not -(1 << 127) <= value < 1 << 128:
            raise TypeError("the host cannot check an integer of more than 128 bits")
        return _feed_word(_feed_word(state, value & _MASK), value >> 64 & _MASK)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        return fnv1a(data, _feed_word(state, len(data)))
    if isinstance(value, array.array) and value.typecode == "B":
        return fnv1a(value.tobytes(), _feed_word(state, len(value)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = tuple(getattr(value, field.name) for field in dataclasses.fields(value))
    elif not isinstance(value, tuple):
        if not isinstance(value, (Sequence, array.array)):
            raise TypeError(
                f"the host cannot check a result of type {type(value).__name__}: return numbers, "
                "text, bytes, lists or tuples of these, or None"
            )
        state = _feed_word(state, len(value))
    for element in value:
        state = _feed(state, element)
    return state
