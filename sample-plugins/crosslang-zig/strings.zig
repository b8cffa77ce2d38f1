//! Text printed into a buffer that grows.

const std = @import("std");
const dyno = @import("dyno");

pub const case: dyno.Case = .{
    .name = "strings/10000",
    .run = run,
    .description = "Builds the text of 10,000 numbers",
    .group = "strings",
    .params = &.{.{ .name = "numbers", .value = "10000" }},
    .throughput = .{ .bytes = 48_890 },
    .expected = 0x60a9e111ada8413f,
};

fn run(b: *dyno.Bench) !void {
    const numbers: u32 = 10_000;
    while (b.next()) |iterations| {
        var left = iterations;
        b.start();
        const last = while (true) : (left -= 1) {
            const text = dyno.blackBox(try build(dyno.blackBox(numbers)));
            if (left == 1) break text;
            std.heap.wasm_allocator.free(text);
        };
        b.stop();
        b.result(last);
        std.heap.wasm_allocator.free(last);
    }
}

fn build(numbers: u32) ![]u8 {
    var text: std.Io.Writer.Allocating = .init(std.heap.wasm_allocator);
    errdefer text.deinit();
    for (0..numbers) |i| try text.writer.print("{d},", .{i});
    return text.toOwnedSlice();
}
