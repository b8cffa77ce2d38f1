//! The five cases of crosslang.md, a file each.

const dyno = @import("dyno");

comptime {
    dyno.plugin(&.{
        @import("sha256.zig").case,
        @import("n_body.zig").case,
        @import("sort.zig").case,
        @import("strings.zig").case,
        @import("matmul.zig").case,
    });
}
