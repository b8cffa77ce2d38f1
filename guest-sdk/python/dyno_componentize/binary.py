"""The few shapes of the WebAssembly binary format that `sockets.py` reads and writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Reader:
    """Reads integers, names and vectors, one after another."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def u32(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def take(self, length: int) -> bytes:
        self.at += length
        if self.at > len(self.data):
            raise IndexError("it ends too early")
        return self.data[self.at - length : self.at]

    def name(self) -> str:
        return self.take(self.u32()).decode()

    def vector(self, read: Callable[[Reader], T]) -> list[T]:
        return [read(self) for _ in range(self.u32())]


def u32(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def name(text: str) -> bytes:
    return u32(len(text.encode())) + text.encode()


def vector(items: list[bytes]) -> bytes:
    return u32(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + u32(len(content)) + content


def sections(binary: bytes) -> list[tuple[int, bytes]]:
    """The numbered sections of a module or a component."""
    reader = Reader(binary, at=8)
    found = []
    while reader.at < len(binary):
        number = reader.byte()
        found.append((number, reader.take(reader.u32())))
    return found
