"""Taking sockets out of a component, as far as that can be seen without building one: that is left
to the samples, whose components the host validates."""

import unittest

from dyno_componentize.binary import name, section, u32, vector
from dyno_componentize.sockets import UnexpectedComponent, without_sockets
from dyno_componentize.traps import MAGIC, UnexpectedModule, imported_functions, trap_module

FUNCTION_TYPE = b"\x60\x01\x7f\x01\x7e"


def module(*imports):
    return MAGIC + section(1, vector([FUNCTION_TYPE])) + section(2, vector(list(imports)))


class TrapsTest(unittest.TestCase):
    def test_the_types_of_imported_functions(self):
        memory = name("env") + name("memory") + b"\x02\x01\x01\x02"
        tcp = name("wasi:sockets/tcp@0.2.0") + name("listen") + b"\x00\x00"
        other = name("wasi:io/poll@0.2.0") + name("poll") + b"\x00\x00"
        found = imported_functions(module(memory, tcp, other), "wasi:sockets/")
        self.assertEqual(found, {"wasi:sockets/tcp@0.2.0": {"listen": FUNCTION_TYPE}})

    def test_only_functions_can_be_stood_in_for(self):
        memory = name("wasi:sockets/tcp@0.2.0") + name("memory") + b"\x02\x00\x01"
        with self.assertRaisesRegex(UnexpectedModule, "memory .* is not a function"):
            imported_functions(module(memory), "wasi:sockets/")

    def test_a_module_of_traps_exports_every_function(self):
        made = trap_module({"a": FUNCTION_TYPE, "b": FUNCTION_TYPE})
        exports = vector([name("a") + b"\x00\x00", name("b") + b"\x00\x01"])
        self.assertIn(section(7, exports), made)
        self.assertIn(section(10, vector([b"\x03\x00\x00\x0b"] * 2)), made)


class SocketsTest(unittest.TestCase):
    def test_what_is_no_component_is_refused(self):
        for data in (b"", MAGIC, b"\0asm\x0d\0\x01"):
            with self.assertRaisesRegex(UnexpectedComponent, "not a component"):
                without_sockets(data)

    def test_a_component_that_is_cut_off_is_refused(self):
        with self.assertRaisesRegex(UnexpectedComponent, "ends too early"):
            without_sockets(b"\0asm\x0d\0\x01\0" + b"\x01\x05\0")

    def test_a_component_of_another_shape_is_refused(self):
        with self.assertRaisesRegex(UnexpectedComponent, "no core module"):
            without_sockets(b"\0asm\x0d\0\x01\0")

    def test_numbers(self):
        self.assertEqual(
            [u32(n) for n in (0, 127, 128, 624485)], [b"\0", b"\x7f", b"\x80\x01", b"\xe5\x8e\x26"]
        )
