//! Two matrices of doubles, multiplied with three loops.

const dyno = @import("dyno");

const n = 64;
const Matrix = [n][n]f64;

pub const case: dyno.Case = .{
    .name = "matmul/64",
    .run = run,
    .description = "Multiplies two matrices of 64 by 64 doubles",
    .group = "matmul",
    .params = &.{.{ .name = "n", .value = "64" }},
    .throughput = .{ .elements = n * n * n },
    .expected = 0x14f4923bd,
};

fn run(b: *dyno.Bench) !void {
    var left: Matrix = undefined;
    var right: Matrix = undefined;
    for (&left, &right, 0..) |*left_row, *right_row, i| {
        for (left_row, right_row, 0..) |*l, *r, j| {
            l.* = @floatFromInt(i * j % 7 + 1);
            r.* = @floatFromInt((i + 2 * j) % 5 + 1);
        }
    }
    var product: Matrix = undefined;
    while (b.next()) |iterations| {
        var remaining = iterations;
        b.start();
        while (remaining > 0) : (remaining -= 1) {
            multiply(dyno.blackBox(&left), dyno.blackBox(&right), &product);
            _ = dyno.blackBox(&product);
        }
        b.stop();
        b.result(weightedSum(&product));
    }
}

fn multiply(left: *const Matrix, right: *const Matrix, product: *Matrix) void {
    for (left, product) |*left_row, *row| {
        for (row, 0..) |*element, j| {
            var sum: f64 = 0;
            for (left_row, right) |l, *right_row| sum += l * right_row[j];
            element.* = sum;
        }
    }
}

/// Tells each element apart by its place.
fn weightedSum(product: *const Matrix) u64 {
    var sum: f64 = 0;
    for (product, 0..) |*row, i| {
        for (row, 0..) |element, j| sum += element * @as(f64, @floatFromInt(n * i + j + 1));
    }
    return @intFromFloat(sum);
}
