//! Two benchmarks to begin with: one that only reads its input, and one that changes it.

const std = @import("std");
const dyno = @import("dyno");

comptime {
    dyno.plugin(&.{
        words(100),
        words(10_000),
        .{
            .name = "sort/1000",
            .run = sort,
            .description = "Sorts numbers with std.mem.sort",
            .group = "sort",
            .throughput = .{ .elements = 1000 },
        },
    });
}

/// A case of a family: counts the words of a text of so many.
fn words(comptime count: u32) dyno.Case {
    const family = struct {
        fn run(b: *dyno.Bench) !void {
            // Everything before the first batch is preparation, which is not timed.
            const text = try std.heap.wasm_allocator.alloc([5]u8, count);
            defer std.heap.wasm_allocator.free(text);
            @memset(text, "word ".*);
            try b.iter(countWords, .{@as([]const u8, @ptrCast(text))});
        }
    };
    return .{
        .name = std.fmt.comptimePrint("words/{d}", .{count}),
        .run = family.run,
        .description = "Counts the words of a text",
        .group = "words",
        .params = &.{.{ .name = "words", .value = std.fmt.comptimePrint("{d}", .{count}) }},
        .throughput = .{ .bytes = 5 * count },
        .expected = count,
    };
}

fn countWords(text: []const u8) usize {
    return std.mem.count(u8, text, " ");
}

fn sort(b: *dyno.Bench) !void {
    var numbers: [1000]u32 = undefined;
    for (&numbers, 0..) |*number, i| number.* = @intCast(i * 7919 % 1000);

    var copy: [1000]u32 = undefined;
    while (b.next()) |iterations| {
        var left = iterations;
        while (left > 0) : (left -= 1) {
            @memcpy(&copy, &numbers); // not timed
            b.start();
            std.mem.sort(u32, &copy, {}, std.sort.asc(u32));
            b.stop();
        }
        // The host checks the result of the last iteration.
        b.result(copy);
    }
}
