//! Benchmark plugins for Dyno in Zig.
//!
//!     const dyno = @import("dyno");
//!
//!     comptime {
//!         dyno.plugin(&.{
//!             .{ .name = "fib/20", .run = fib20, .expected = 6765 },
//!         });
//!     }
//!
//!     fn fib20(b: *dyno.Bench) !void {
//!         try b.iter(fib, .{20});
//!     }
//!
//! A case is one function: it prepares its input, which is not timed, does its batches and releases.

const std = @import("std");
const builtin = @import("builtin");
const contract = @import("contract.zig");
const checksum = @import("checksum.zig");

comptime {
    if (builtin.zig_version.order(.{ .major = 0, .minor = 17, .patch = 0 }) == .lt)
        @compileError("the Dyno SDK needs Zig 0.17 or later, and this is " ++ builtin.zig_version_string);
}

pub const Hash = checksum.Hash;

/// One benchmark. The limits on its texts are in the contract; the host checks them.
pub const Case = struct {
    /// Unique in the plugin; by custom `group/operation/parameter`.
    name: []const u8,
    /// Called once in a fresh instance. An error fails the case with its name, or with the message
    /// of `Bench.fail`.
    run: *const fn (b: *Bench) anyerror!void,
    /// One sentence for people.
    description: []const u8 = "",
    /// Cases that belong together, to be shown and compared side by side.
    group: ?[]const u8 = null,
    /// In the order in which they are shown.
    params: []const Param = &.{},
    /// How much work one iteration does.
    throughput: ?Throughput = null,
    /// The checksum that the result must have; a different one fails the case.
    expected: ?u64 = null,
};

/// A name and a value that tell one case of a group from another, such as `nodes`, `1000`.
pub const Param = struct { name: []const u8, value: []const u8 };

/// Bytes, or elements (items, nodes, requests), that one iteration processes.
pub const Throughput = union(enum) { bytes: u64, elements: u64 };

/// Makes a plugin of the cases. For a family of them, let a function return its cases and join the
/// arrays with `++`.
pub fn plugin(comptime cases: []const Case) void {
    const suite = struct {
        const listed = contract.listed(cases);
        var outcome: contract.Outcome = .{};

        fn list() callconv(.c) *const contract.Cases {
            return &listed;
        }

        fn run(name: [*]const u8, length: usize) callconv(.c) *const contract.Outcome {
            outcome = runCase(cases, name[0..length]);
            return &outcome;
        }
    };
    @export(&suite.list, .{ .name = contract.exports.cases });
    @export(&suite.run, .{ .name = contract.exports.run });
    @export(&realloc, .{ .name = contract.exports.realloc });
}

/// Runs the batches of one case.
pub const Bench = struct {
    sum: u64 = checksum.of({}),
    message: [512]u8 = undefined,
    failure: ?[]const u8 = null,

    /// Times `routine(args...)`, as often as the host wants. Arguments and result are black boxes.
    /// The last result of a batch becomes its checksum, outside the timed part; a result that is an
    /// error fails the case.
    pub fn iter(b: *Bench, comptime routine: anytype, args: std.meta.ArgsTuple(@TypeOf(routine))) !void {
        var input = args;
        while (b.next()) |iterations| {
            var left = iterations;
            b.start();
            const last = while (true) : (left -= 1) {
                std.mem.doNotOptimizeAway(&input);
                var output = @call(.auto, routine, input);
                std.mem.doNotOptimizeAway(&output);
                const value = if (@typeInfo(@TypeOf(output)) == .error_union) try output else output;
                if (left == 1) break value;
            };
            b.stop();
            b.result(last);
        }
    }

    /// Ends the batch just done and begins the next one: the number of iterations, at least 1; or
    /// null, which means release and return. With `start`, `stop` and `result` it makes loops whose
    /// set-up is not timed:
    ///
    ///     while (b.next()) |iterations| {
    ///         var left = iterations;
    ///         while (left > 0) : (left -= 1) {
    ///             @memcpy(copy, numbers);
    ///             b.start();
    ///             std.mem.sort(u32, copy, {}, std.sort.asc(u32));
    ///             b.stop();
    ///         }
    ///         b.result(copy);
    ///     }
    pub fn next(b: *Bench) ?u64 {
        var answer: contract.OptionU64 = .{};
        contract.next(b.sum, &answer);
        b.sum = checksum.of({});
        return if (answer.some) answer.value else null;
    }

    /// The timed part begins. A pair of `start` and `stop` takes some tens of nanoseconds.
    pub fn start(_: *Bench) void {
        contract.start();
    }

    /// The timed part ends.
    pub fn stop(_: *Bench) void {
        contract.stop();
    }

    /// States the result of the batch's iterations, after them and outside the timed part. By its
    /// checksum the host verifies the work.
    pub fn result(b: *Bench, value: anytype) void {
        b.sum = checksum.of(value);
    }

    /// The error that fails the case with this message: `return b.fail("no {s} in the input", .{tag});`.
    pub fn fail(b: *Bench, comptime format: []const u8, args: anytype) error{Failed} {
        b.failure = std.fmt.bufPrint(&b.message, format, args) catch "the message is too long";
        return error.Failed;
    }
};

/// The value itself, of which the compiler knows nothing: it can neither compute with it in advance
/// nor leave out what led to it.
pub inline fn blackBox(value: anytype) @TypeOf(value) {
    var hidden = value;
    std.mem.doNotOptimizeAway(&hidden);
    return hidden;
}

fn runCase(comptime cases: []const Case, name: []const u8) contract.Outcome {
    for (cases) |case| {
        if (!std.mem.eql(u8, case.name, name)) continue;
        bench = .{};
        case.run(&bench) catch |err|
            return .{ .failed = true, .message = .of(bench.failure orelse @errorName(err)) };
        return .{};
    }
    return .{ .failed = true, .message = .of("there is no such case") };
}

/// The one that runs. It outlives `run`, since the host reads the message afterwards.
var bench: Bench = .{};

/// Where the host puts the name that it passes to `run`.
fn realloc(old: ?[*]u8, old_size: usize, alignment: usize, size: usize) callconv(.c) [*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    const new = std.heap.wasm_allocator.rawAlloc(size, .fromByteUnits(alignment), @returnAddress()) orelse
        @panic("out of memory");
    if (old) |bytes| @memcpy(new[0..@min(old_size, size)], bytes);
    return new;
}
