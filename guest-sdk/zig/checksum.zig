//! Turns the result of an iteration into its checksum. The encoding is that of every Dyno SDK: a single
//! number is its own checksum, anything else has the FNV-1a hash, 64 bits, of these bytes:
//!
//! | result | bytes |
//! |---|---|
//! | integer up to 64 bits, `bool`, enum | one word: 8 bytes, little-endian, sign-extended |
//! | 128-bit integer | two words, the low one first |
//! | float | one word: the bits of the `f64` it widens to, every NaN alike |
//! | slice or array of `u8` | a word with the length, then the bytes |
//! | other slice or array | a word with the number of elements, then each of them |
//! | struct, tuple | its fields, in order; `void` is no bytes at all |
//! | optional | the word 0 for null; the word 1, then the value |
//! | pointer | what it points to |
//!
//! A type that has `pub fn feed(self: T, hash: *Hash) void` is encoded by that.

const std = @import("std");

/// The checksum of a result as a whole.
pub fn of(result: anytype) u64 {
    const Result = @TypeOf(result);
    if (comptime isPointerToOne(Result)) return of(result.*);
    if (comptime isWord(Result)) return word(result);
    var hash: Hash = .{};
    hash.feed(result);
    return hash.state;
}

/// FNV-1a with 64 bits over the encoding.
pub const Hash = struct {
    state: u64 = 0xcbf29ce484222325,

    /// Adds a value.
    pub fn feed(hash: *Hash, value: anytype) void {
        const Value = @TypeOf(value);
        if (comptime hasFeed(Value)) return value.feed(hash);
        if (comptime isWord(Value)) return hash.feedWord(word(value));
        switch (@typeInfo(Value)) {
            .void => {},
            .int => |int| {
                if (int.bits > 128) @compileError(unknown(Value));
                const wide: u128 = @bitCast(@as(@Int(int.signedness, 128), value));
                hash.feedWord(@truncate(wide));
                hash.feedWord(@truncate(wide >> 64));
            },
            .array => hash.feedSequence(&value),
            .pointer => |pointer| switch (pointer.size) {
                .slice => hash.feedSequence(value),
                .one => hash.feed(value.*),
                .many, .c => @compileError(unknown(Value)),
            },
            .@"struct" => |fields| inline for (fields.field_names) |name| hash.feed(@field(value, name)),
            .optional => if (value) |some| {
                hash.feedWord(1);
                hash.feed(some);
            } else hash.feedWord(0),
            else => @compileError(unknown(Value)),
        }
    }

    fn feedSequence(hash: *Hash, elements: anytype) void {
        hash.feedWord(elements.len);
        for (elements) |element| {
            if (@TypeOf(element) == u8) hash.feedByte(element) else hash.feed(element);
        }
    }

    fn feedWord(hash: *Hash, value: u64) void {
        for (std.mem.asBytes(&std.mem.nativeToLittle(u64, value))) |byte| hash.feedByte(byte);
    }

    fn feedByte(hash: *Hash, byte: u8) void {
        hash.state = (hash.state ^ byte) *% 0x100000001b3;
    }
};

/// Types that are one word, and as a whole result their own checksum.
fn isWord(comptime Value: type) bool {
    return switch (@typeInfo(Value)) {
        .bool, .@"enum", .float => true,
        .int => |int| int.bits <= 64,
        else => false,
    };
}

fn word(value: anytype) u64 {
    return switch (@typeInfo(@TypeOf(value))) {
        .bool => @intFromBool(value),
        .@"enum" => word(@backingInt(value)),
        .float => if (std.math.isNan(value)) 0x7ff8000000000000 else @bitCast(@as(f64, @floatCast(value))),
        .int => |int| @bitCast(@as(@Int(int.signedness, 64), value)),
        else => comptime unreachable,
    };
}

fn hasFeed(comptime Value: type) bool {
    return switch (@typeInfo(Value)) {
        .@"struct", .@"union" => @hasDecl(Value, "feed"),
        else => false,
    };
}

fn isPointerToOne(comptime Value: type) bool {
    return switch (@typeInfo(Value)) {
        .pointer => |pointer| pointer.size == .one,
        else => false,
    };
}

fn unknown(comptime Value: type) []const u8 {
    return "the host cannot check a result of type " ++ @typeName(Value) ++
        ": give it a `pub fn feed`, or return what identifies the result";
}

// Each against its bytes as the table states them.
test "encodings" {
    const expect = struct {
        fn equal(checksum: u64, result: anytype) !void {
            try std.testing.expectEqual(checksum, of(result));
        }
    }.equal;
    try expect(6765, @as(u64, 6765));
    try expect(std.math.maxInt(u64), @as(i8, -1));
    try expect(1, true);
    try expect(0x3ff8000000000000, @as(f32, 1.5));
    try expect(0x7ff8000000000000, -std.math.nan(f64));
    try expect(5, &@as(u32, 5));
    try expect(3, @as(enum(u8) { three = 3 }, .three));
    try expect(0xd6607508f5a1e855, @as(i128, -1));
    try expect(0x261c4b49872994e7, @as(u128, 2));
    try expect(0xcbf29ce484222325, {});
    try expect(0x9c6001d328a94690, "ab");
    try expect(0x9c6001d328a94690, @as([]const u8, "ab"));
    try expect(0x9c6001d328a94690, @as([2]u8, "ab".*));
    try expect(0xa8c7f832281a39c5, @as([]const u8, ""));
    try expect(0xc4777a6e69ba809c, [_]i32{-1});
    try expect(0x3f89e2d1e922a487, [_][]const u32{ &.{1}, &.{} });
    try expect(0x247d0eceb10f732a, [_][]const u8{ "ab", "" });
    try expect(0x5eae322147e13ca4, .{ @as(u32, 5), "ab", @as(f64, 1.5) });
    try expect(0xa8c7f832281a39c5, @as(?u32, null));
    try expect(0xdc31b4d62d1c6dc1, @as(?u32, 5));
}

test "a type's own encoding" {
    const Even = struct {
        numbers: [4]u32,

        pub fn feed(even: @This(), hash: *Hash) void {
            hash.feed([_]u32{ even.numbers[0], even.numbers[2] });
        }
    };
    try std.testing.expectEqual(of([_]u32{ 1, 3 }), of(Even{ .numbers = .{ 1, 2, 3, 4 } }));
}
