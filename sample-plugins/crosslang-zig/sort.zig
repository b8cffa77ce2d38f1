//! The standard library's std.mem.sort.

const std = @import("std");
const dyno = @import("dyno");

const count = 100_000;
const seed = 2463534242;

/// Which of the sorted numbers the result holds.
const every = 1000;

pub const case: dyno.Case = .{
    .name = "sort/100000",
    .run = run,
    .description = "Sorts 100,000 random 32-bit numbers",
    .group = "sort",
    .params = &.{.{ .name = "elements", .value = "100000" }},
    .throughput = .{ .elements = count },
    .expected = 0xbe58700560cc2f87,
};

fn run(b: *dyno.Bench) !void {
    const numbers = try std.heap.wasm_allocator.alloc(u32, 2 * count);
    defer std.heap.wasm_allocator.free(numbers);
    const input = numbers[0..count];
    const copy = numbers[count..];
    fill(input);

    while (b.next()) |iterations| {
        var left = iterations;
        while (left > 0) : (left -= 1) {
            @memcpy(copy, input);
            b.start();
            std.mem.sort(u32, copy, {}, std.sort.asc(u32));
            b.stop();
        }
        var sample: [count / every]u32 = undefined;
        for (&sample, 0..) |*number, i| number.* = copy[i * every];
        b.result(sample);
    }
}

/// Marsaglia's xorshift32.
fn fill(numbers: []u32) void {
    var x: u32 = seed;
    for (numbers) |*number| {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        number.* = x;
    }
}
