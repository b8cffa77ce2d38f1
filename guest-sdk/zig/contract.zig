//! The contract (`wit/dyno-bench.wit`) as it crosses the border of a core module: the canonical ABI's
//! names, and its records as they lie in memory. A string or list is its address and its length; an
//! option or variant is a byte for the alternative, then the payload, aligned.

const std = @import("std");
const Case = @import("dyno.zig").Case;

/// What the host offers. `option<u64>` does not fit one result, so the host writes it.
pub extern "dyno:bench/bench@0.1.0" fn next(checksum: u64, answer: *OptionU64) void;
pub extern "dyno:bench/bench@0.1.0" fn start() void;
pub extern "dyno:bench/bench@0.1.0" fn stop() void;

/// The names under which the host finds what a plugin exports.
pub const exports = .{
    .cases = "dyno:bench/suite@0.1.0#cases",
    .run = "dyno:bench/suite@0.1.0#run",
    .realloc = "cabi_realloc",
};

pub const OptionU64 = extern struct { some: bool = false, value: u64 = 0 };

const Text = List(u8);

const OptionText = extern struct { some: bool, value: Text };

const Param = extern struct { name: Text, value: Text };

/// 0 is bytes, 1 is elements.
const Throughput = extern struct { unit: u8 = 0, amount: u64 = 0 };

const OptionThroughput = extern struct { some: bool = false, value: Throughput = .{} };

const BenchCase = extern struct {
    name: Text,
    description: Text,
    group: OptionText,
    params: List(Param),
    throughput: OptionThroughput,
    expected: OptionU64,
};

comptime {
    std.debug.assert(@sizeOf(BenchCase) == 80);
}

/// `result<list<bench-case>, string>`; a list made by the compiler is never an error.
pub const Cases = extern struct { failed: bool = false, list: List(BenchCase) };

/// `result<_, string>`.
pub const Outcome = extern struct { failed: bool = false, message: Text = .of("") };

fn List(comptime Element: type) type {
    return extern struct {
        address: [*]const Element,
        length: usize,

        pub fn of(elements: []const Element) @This() {
            return .{ .address = elements.ptr, .length = elements.len };
        }
    };
}

/// The answer of `cases`, laid out by the compiler.
pub fn listed(comptime cases: []const Case) Cases {
    comptime var list: [cases.len]BenchCase = undefined;
    inline for (cases, &list) |case, *bench_case| bench_case.* = .{
        .name = .of(case.name),
        .description = .of(case.description),
        .group = .{ .some = case.group != null, .value = .of(case.group orelse "") },
        .params = comptime params(case),
        .throughput = if (case.throughput) |throughput| .{ .some = true, .value = switch (throughput) {
            .bytes => |bytes| .{ .unit = 0, .amount = bytes },
            .elements => |elements| .{ .unit = 1, .amount = elements },
        } } else .{},
        .expected = if (case.expected) |checksum| .{ .some = true, .value = checksum } else .{},
    };
    const constant = list;
    return .{ .list = .of(&constant) };
}

fn params(comptime case: Case) List(Param) {
    var list: [case.params.len]Param = undefined;
    for (case.params, &list) |param, *entry|
        entry.* = .{ .name = .of(param.name), .value = .of(param.value) };
    const constant = list;
    return .of(&constant);
}
