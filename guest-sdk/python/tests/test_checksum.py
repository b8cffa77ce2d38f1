"""The encoding of checksums, against the vectors of the other SDKs."""

import array
import dataclasses
import math
import struct
import unittest

from dyno_guest.checksum import checksum, fnv1a


def word(value):
    return struct.pack("<Q", value)


@dataclasses.dataclass
class Node:
    identifier: int
    children: list


class ChecksumTest(unittest.TestCase):
    def test_published_vectors(self):
        """Of the FNV reference code; another hash would part us from every other language."""
        self.assertEqual(fnv1a(b""), 0xCBF2_9CE4_8422_2325)
        self.assertEqual(fnv1a(b"a"), 0xAF63_DC4C_8601_EC8C)
        self.assertEqual(fnv1a(b"foobar"), 0x8594_4171_F739_67E8)
        self.assertEqual(fnv1a(b"chongo was here!\n"), 0x4681_0940_EFF5_F915)

    def test_a_single_number_is_its_own_checksum(self):
        self.assertEqual(checksum(6765), 6765)
        self.assertEqual(checksum((1 << 64) - 1), (1 << 64) - 1)
        self.assertEqual(checksum(-1), (1 << 64) - 1)
        self.assertEqual(checksum(True), 1)
        self.assertEqual(checksum(1.5), 0x3FF8_0000_0000_0000)
        self.assertEqual(checksum(2.0), 0x4000_0000_0000_0000)

    def test_every_nan_is_the_same(self):
        self.assertEqual(checksum(-math.nan), 0x7FF8_0000_0000_0000)

    def test_encodings(self):
        """Each against its bytes as the table states them."""
        self.assertEqual(checksum(None), fnv1a(b""))
        self.assertEqual(checksum(()), fnv1a(b""))
        self.assertEqual(checksum("ab"), fnv1a(word(2) + b"ab"))
        self.assertEqual(checksum("é"), fnv1a(word(2) + b"\xc3\xa9"))
        self.assertEqual(checksum([-1]), fnv1a(word(1) + b"\xff" * 8))
        self.assertEqual(checksum((5,)), fnv1a(word(5)))
        self.assertEqual(
            checksum([1, [2.0], "x"]),
            fnv1a(word(3) + word(1) + word(1) + struct.pack("<d", 2.0) + word(1) + b"x"),
        )
        self.assertEqual(
            checksum([256, 0, 1 << 63]), fnv1a(word(3) + word(256) + word(0) + word(1 << 63))
        )

    def test_bytes_of_every_kind_are_the_same(self):
        for kind in (bytes, bytearray, memoryview, lambda data: array.array("B", data)):
            self.assertEqual(checksum(kind(b"ab")), checksum("ab"))

    def test_wide_integers_take_two_words(self):
        self.assertEqual(checksum(1 << 64), checksum((0, 1)))
        self.assertEqual(checksum(-(1 << 64)), checksum((0, -1)))
        with self.assertRaisesRegex(TypeError, "more than 128 bits"):
            checksum(1 << 128)

    def test_sequences_and_records(self):
        self.assertEqual(checksum(range(3)), checksum([0, 1, 2]))
        self.assertEqual(checksum(array.array("d", [1.0])), checksum([1.0]))
        self.assertEqual(checksum(Node(7, [])), checksum((7, [])))

    def test_what_has_no_order_is_refused(self):
        for value in ({"a": 1}, {1, 2}, object()):
            with self.assertRaisesRegex(TypeError, "cannot check a result of type"):
                checksum(value)
