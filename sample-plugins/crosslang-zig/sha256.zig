//! The standard library's SHA-256.

const std = @import("std");
const dyno = @import("dyno");
const Sha256 = std.crypto.hash.sha2.Sha256;

const input_bytes = 1_048_576;

pub const case: dyno.Case = .{
    .name = "sha256/1MiB",
    .run = run,
    .description = "SHA-256 of 1 MiB",
    .group = "sha256",
    .params = &.{.{ .name = "bytes", .value = "1048576" }},
    .throughput = .{ .bytes = input_bytes },
    .expected = 0x066bc545205fff3d,
};

fn run(b: *dyno.Bench) !void {
    const input = try std.heap.wasm_allocator.alloc(u8, input_bytes);
    defer std.heap.wasm_allocator.free(input);
    for (input, 0..) |*byte, i| byte.* = @intCast(i % 251);
    try b.iter(sha256, .{input});
}

fn sha256(bytes: []const u8) [Sha256.digest_length]u8 {
    var digest: [Sha256.digest_length]u8 = undefined;
    Sha256.hash(bytes, &digest, .{});
    return digest;
}
