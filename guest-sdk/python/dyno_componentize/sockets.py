"""Takes the imports of `wasi:sockets` out of a component that componentize-py made.

CPython is linked with the whole of its C library, which imports sockets whether or not a program
opens one, and a Dyno plugin never gets any. `componentize-py --stub-wasi` would remove them along
with the clocks, random numbers, files and output that a plugin may have. This removes the sockets
alone: in their place come functions that trap when they are called.

Every definition in a component has a number, by which later ones refer to it. None may move, so
each one that goes is replaced, where it stands, by one of its kind:

    the import of wasi:sockets/tcp                an empty instance
    its type, and the types taken from it         u32
    functions taken from it                       `start` of dyno:bench/bench
    those as core functions                       the trap; before there is one, any function
    what the C library gets as wasi:sockets/tcp   an instance of a module of traps

The bytes are those of the component model's Binary.md. What does not look as expected is refused
rather than guessed at, and the host validates the outcome as it does any component.
"""

from __future__ import annotations

from .binary import Reader, name, section, sections, u32, vector
from .traps import UnexpectedModule, imported_functions, trap_module

SOCKETS = "wasi:sockets/"
BENCH = "dyno:bench/bench"
MAGIC = b"\0asm\x0d\0\x01\0"

# Sections of a component.
CORE_MODULE, CORE_INSTANCE, INSTANCE, ALIAS, TYPE, CANON, IMPORT, EXPORT = 1, 2, 5, 6, 7, 8, 10, 11
# Sorts of definitions; a core one is followed by its own sort.
CORE, FUNC, TYPE_SORT, INSTANCE_SORT = 0, 1, 3, 5
CORE_FUNC = 0
# What an alias is taken from.
OF_INSTANCE, OF_CORE_INSTANCE, OUTER = 0, 1, 2
# Kinds of core instances: of a module, or put together.
INSTANTIATE = 0
# Kinds of canonical functions, and the options that name a memory or a function.
LIFT, LOWER, DROP = 0, 1, 3
OPTIONS_WITH_INDEX = (3, 4, 5)

U32_TYPE = b"\x79"
EMPTY_INSTANCE = b"\x01\x00"

# A definition that takes the place of another: the section it belongs into, and its bytes.
Replacement = tuple[int, bytes]


class UnexpectedComponent(Exception):
    """The component is not made in the way that this file knows."""


def without_sockets(component: bytes) -> bytes:
    """The same component without imports of sockets."""
    if not component.startswith(MAGIC):
        raise UnexpectedComponent("it is not a component")
    try:
        return Rewriter(component).rewrite()
    except (IndexError, ValueError, UnexpectedModule) as error:
        raise UnexpectedComponent(str(error)) from error


class Rewriter:
    """Goes through the sections once, counting the definitions as they come."""

    def __init__(self, component: bytes) -> None:
        self.sections = sections(component)
        modules = [data for number, data in self.sections if number == CORE_MODULE]
        # The core functions that stand in, with their types, by the name of the interface.
        self.traps: dict[str, dict[str, bytes]] = {}
        for module in modules:
            for source, functions in imported_functions(module, SOCKETS).items():
                self.traps.setdefault(unversioned(source), {}).update(functions)
        # Their modules, which come after all others, and the instances of those, once defined.
        self.trap_modules = {key: len(modules) + at for at, key in enumerate(self.traps)}
        self.trap_instances: dict[str, int] = {}
        self.handed = handed_to_modules(self.sections)
        # The instances defined so far, by name; of types and functions, those of sockets.
        self.instances: list[str] = []
        self.types: dict[int, tuple[str, str]] = {}
        self.funcs: dict[int, tuple[str, str]] = {}
        self.type_count = self.func_count = self.core_instance_count = 0
        self.other_resource: int | None = None

    def rewrite(self) -> bytes:
        numbers = [number for number, _ in self.sections]
        if CORE_MODULE not in numbers:
            raise UnexpectedComponent("it has no core module")
        last_module = len(numbers) - 1 - numbers[::-1].index(CORE_MODULE)
        if CORE_INSTANCE in numbers[:last_module]:
            raise UnexpectedComponent("a core module follows a core instance")
        out: list[Replacement] = []
        for position, (number, data) in enumerate(self.sections):
            out += self.section(position, number, data)
            if position == last_module:
                out += [(CORE_MODULE, trap_module(traps)) for traps in self.traps.values()]
        return MAGIC + b"".join(section(number, data) for number, data in out)

    def section(self, position: int, number: int, data: bytes) -> list[Replacement]:
        """What becomes of a section: one section for each definition where some may have to go."""
        reader = Reader(data)
        if number == TYPE:
            return [(TYPE, self.type_section(position, data))]
        if number == INSTANCE:
            self.instances += [""] * reader.u32()
            return [(INSTANCE, data)]
        visit = {
            CORE_INSTANCE: self.core_instance,
            ALIAS: self.alias,
            CANON: self.canon,
            IMPORT: self.import_,
            EXPORT: self.export,
        }.get(number)
        if visit is None:
            return [(number, data)]
        out = []
        for _ in range(reader.u32()):
            begin = reader.at
            replacement = visit(reader)
            kind, item = replacement or (number, data[begin : reader.at])
            out.append((kind, vector([item])))
        return out

    def type_section(self, position: int, data: bytes) -> bytes:
        count = Reader(data).u32()
        self.type_count += count
        following, import_section = self.sections[position + 1]
        # The type of an import stands right before it, in a section of its own.
        if following == IMPORT and Reader(import_section, at=2).name().startswith(SOCKETS):
            if count != 1:
                raise UnexpectedComponent("an import of sockets has no type of its own")
            return vector([U32_TYPE])
        return data

    def import_(self, reader: Reader) -> Replacement | None:
        reader.byte()
        text, sort = reader.name(), reader.byte()
        if sort != INSTANCE_SORT:
            raise UnexpectedComponent(f"it imports {text}, which is not an interface")
        reader.u32()
        self.instances.append(unversioned(text))
        return (INSTANCE, EMPTY_INSTANCE) if text.startswith(SOCKETS) else None

    def export(self, reader: Reader) -> None:
        reader.byte()
        reader.name()
        self.count(reader.byte())
        reader.u32()
        if reader.byte():
            raise UnexpectedComponent("an export has a type of its own")

    def alias(self, reader: Reader) -> Replacement | None:
        sort = reader.byte()
        if sort == CORE:
            reader.byte()
        if reader.byte() == OUTER:
            reader.u32()
            reader.u32()
            self.count(sort)
            return None
        index, item = reader.u32(), reader.name()
        if sort == CORE:
            return None
        source = self.instances[index]
        replacement = None
        if sort == TYPE_SORT and source.startswith(SOCKETS):
            self.types[self.type_count] = source, item
            replacement = TYPE, U32_TYPE
        elif sort == FUNC and source.startswith(SOCKETS):
            self.funcs[self.func_count] = source, item
            start = u32(self.instances.index(BENCH)) + name("start")
            replacement = ALIAS, bytes([FUNC, OF_INSTANCE]) + start
        self.count(sort)
        return replacement

    def canon(self, reader: Reader) -> Replacement | None:
        kind = reader.byte()
        if kind == DROP:
            index = reader.u32()
            if index not in self.types:
                self.other_resource = index
                return None
            source, item = self.types[index]
            # No function is called by the wrong type: nothing but the trap is ever used.
            return self.trap(source, f"[resource-drop]{item}") or (
                CANON,
                bytes([DROP]) + u32(self.drop_of_another()),
            )
        if kind not in (LIFT, LOWER):
            raise UnexpectedComponent(f"it has a canonical function of the unknown kind {kind}")
        reader.byte()
        index = reader.u32()
        reader.vector(canonical_option)
        if kind == LIFT:
            reader.u32()
            self.count(FUNC)
            return None
        if index not in self.funcs:
            return None
        return self.trap(*self.funcs[index]) or (CANON, bytes([LOWER, 0]) + u32(index) + vector([]))

    def trap(self, source: str, item: str) -> Replacement | None:
        """The core function that stands in, if its instance is defined by now."""
        instance = self.trap_instances.get(source)
        if instance is None or item not in self.traps[source]:
            return None
        return ALIAS, bytes([CORE, CORE_FUNC, OF_CORE_INSTANCE]) + u32(instance) + name(item)

    def drop_of_another(self) -> int:
        if self.other_resource is None:
            raise UnexpectedComponent("it drops sockets before anything else")
        return self.other_resource

    def core_instance(self, reader: Reader) -> Replacement | None:
        core_instance(reader)
        index = self.core_instance_count
        self.core_instance_count += 1
        source = self.handed.get(index)
        if source is None:
            return None
        self.trap_instances[source] = index
        return CORE_INSTANCE, bytes([INSTANTIATE]) + u32(self.trap_modules[source]) + vector([])

    def count(self, sort: int) -> None:
        if sort == FUNC:
            self.func_count += 1
        elif sort == TYPE_SORT:
            self.type_count += 1
        elif sort == INSTANCE_SORT:
            self.instances.append("")


def handed_to_modules(component: list[tuple[int, bytes]]) -> dict[int, str]:
    """The core instances that core modules get as interfaces of sockets."""
    handed = {}
    for number, data in component:
        if number == CORE_INSTANCE:
            reader = Reader(data)
            for arguments in reader.vector(core_instance):
                for text, index in arguments:
                    if text.startswith(SOCKETS):
                        handed[index] = unversioned(text)
    return handed


def core_instance(reader: Reader) -> list[tuple[str, int]]:
    """The instances, by name, with which a module is instantiated; none for an instance that is
    put together from definitions."""
    instantiates = reader.byte() == INSTANTIATE
    if instantiates:
        reader.u32()

    arguments = reader.vector(argument)
    return arguments if instantiates else []


def argument(reader: Reader) -> tuple[str, int]:
    text, _sort = reader.name(), reader.byte()
    return text, reader.u32()


def canonical_option(reader: Reader) -> None:
    if reader.byte() in OPTIONS_WITH_INDEX:
        reader.u32()


def unversioned(interface: str) -> str:
    return interface.partition("@")[0]
