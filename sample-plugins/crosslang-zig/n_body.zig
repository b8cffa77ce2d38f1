//! The Sun and four planets of the Computer Language Benchmarks Game. The order of the operations is
//! that of crosslang.md, so that all 53 bits of the energy agree between languages.

const std = @import("std");
const dyno = @import("dyno");

pub const case: dyno.Case = .{
    .name = "n-body/10000",
    .run = run,
    .description = "10,000 steps of the Sun and four planets",
    .group = "n-body",
    .params = &.{.{ .name = "steps", .value = "10000" }},
    .throughput = .{ .elements = steps },
    .expected = 0xbfc5a254abdbca3c,
};

const steps = 10_000;
const step = 0.01;
const pi: f64 = 3.141592653589793;
const solar_mass: f64 = 4 * pi * pi;
const days: f64 = 365.24;

const Body = struct {
    position: [3]f64,
    velocity: [3]f64,
    mass: f64,

    fn planet(position: [3]f64, velocity: [3]f64, mass: f64) Body {
        const v = velocity;
        return .{
            .position = position,
            .velocity = .{ v[0] * days, v[1] * days, v[2] * days },
            .mass = mass * solar_mass,
        };
    }
};

const System = [5]Body;

const planets: System = .{
    .{ .position = @splat(0), .velocity = @splat(0), .mass = solar_mass },
    .planet(
        .{ 4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01 },
        .{ 1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05 },
        9.54791938424326609e-04,
    ),
    .planet(
        .{ 8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01 },
        .{ -2.76742510726411899e-03, 4.99852801234917238e-03, 2.30417297573763929e-05 },
        2.85885980666130812e-04,
    ),
    .planet(
        .{ 1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01 },
        .{ 2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05 },
        4.36624404335156298e-05,
    ),
    .planet(
        .{ 1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01 },
        .{ 2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05 },
        5.15138902046611451e-05,
    ),
};

fn run(b: *dyno.Bench) !void {
    var system = planets;
    offsetMomentum(&system);
    try b.iter(simulate, .{system});
}

fn simulate(initial: System) f64 {
    var system = initial;
    for (0..steps) |_| advance(&system);
    return energy(&system);
}

/// Gives the Sun the momentum that makes the whole stand still.
fn offsetMomentum(system: *System) void {
    for (0..3) |axis| {
        var momentum: f64 = 0;
        for (system) |body| momentum += body.velocity[axis] * body.mass;
        system[0].velocity[axis] = -momentum / solar_mass;
    }
}

fn advance(system: *System) void {
    for (system, 1..) |*a, next| {
        for (system[next..]) |*b| {
            const d = difference(a.position, b.position);
            const d2 = squared(d);
            const magnitude = step / (d2 * @sqrt(d2));
            const of_a = a.mass * magnitude;
            const of_b = b.mass * magnitude;
            for (&a.velocity, d) |*v, distance| v.* -= distance * of_b;
            for (&b.velocity, d) |*v, distance| v.* += distance * of_a;
        }
    }
    for (system) |*body| {
        for (&body.position, body.velocity) |*p, v| p.* += step * v;
    }
}

fn energy(system: *const System) f64 {
    var e: f64 = 0;
    for (system, 1..) |a, next| {
        e += 0.5 * a.mass * squared(a.velocity);
        for (system[next..]) |b| {
            e -= (a.mass * b.mass) / @sqrt(squared(difference(a.position, b.position)));
        }
    }
    return e;
}

fn difference(a: [3]f64, b: [3]f64) [3]f64 {
    return .{ a[0] - b[0], a[1] - b[1], a[2] - b[2] };
}

fn squared(v: [3]f64) f64 {
    return v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
}
