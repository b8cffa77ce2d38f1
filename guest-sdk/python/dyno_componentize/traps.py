"""Core modules whose functions trap when called, made to stand in for what a module imports."""

from __future__ import annotations

from .binary import Reader, name, section, sections, u32, vector

MAGIC = b"\0asm\x01\0\0\0"
TYPES, IMPORTS, FUNCTIONS, EXPORTS, CODE = 1, 2, 3, 7, 10
# No locals, `unreachable`, `end`.
TRAP = b"\x03\x00\x00\x0b"


class UnexpectedModule(Exception):
    """A core module that imports what this file cannot stand in for."""


def imported_functions(module: bytes, prefix: str) -> dict[str, dict[str, bytes]]:
    """The types of the functions that a core module imports, by module name and name, of those
    modules whose names begin with `prefix`."""
    types: list[bytes] = []
    found: dict[str, dict[str, bytes]] = {}
    for number, data in sections(module):
        reader = Reader(data)
        if number == TYPES:
            types = reader.vector(function_type)
        elif number == IMPORTS:
            for source, item, type_index in reader.vector(function_import):
                if source.startswith(prefix):
                    if type_index is None:
                        raise UnexpectedModule(f"{item} of {source} is not a function")
                    found.setdefault(source, {})[item] = types[type_index]
            break
    return found


def trap_module(functions: dict[str, bytes]) -> bytes:
    """A core module that exports a trap under each name, with the type given for it."""
    indices = [u32(index) for index in range(len(functions))]
    exports = [name(item) + b"\x00" + index for item, index in zip(functions, indices, strict=True)]
    return MAGIC + b"".join(
        [
            section(TYPES, vector(list(functions.values()))),
            section(FUNCTIONS, vector(indices)),
            section(EXPORTS, vector(exports)),
            section(CODE, vector([TRAP] * len(functions))),
        ]
    )


def function_type(reader: Reader) -> bytes:
    begin = reader.at
    if reader.byte() != 0x60:
        raise UnexpectedModule("it has a type that is not that of a function")
    for _ in ("parameters", "results"):
        # The types of WebAssembly 1.0 and 2.0 take one byte each.
        reader.vector(Reader.byte)
    return reader.data[begin : reader.at]


def function_import(reader: Reader) -> tuple[str, str, int | None]:
    """Module, name and type of an import; no type if it is not a function."""
    source, item, kind = reader.name(), reader.name(), reader.byte()
    if kind == 0:
        return source, item, reader.u32()
    if kind == 1:
        reader.byte()
        limits(reader)
    elif kind == 2:
        limits(reader)
    elif kind == 3:
        reader.take(2)
    else:
        raise UnexpectedModule(f"it imports a definition of the unknown kind {kind}")
    return source, item, None


def limits(reader: Reader) -> None:
    """The size of a table or a memory, and its largest size if it has one."""
    has_maximum = reader.byte() & 1
    reader.u32()
    if has_maximum:
        reader.u32()
