//! The Sun and four planets of the Computer Language Benchmarks Game. The order of operations is that
//! of `crosslang.md`, so that all bits of the energy agree between languages.

use std::f64::consts::PI;

const SOLAR_MASS: f64 = 4.0 * PI * PI;
const DAYS_PER_YEAR: f64 = 365.24;

#[derive(Clone, Copy)]
pub struct Body {
    position: [f64; 3],
    velocity: [f64; 3],
    mass: f64,
}

pub type System = [Body; 5];

/// The bodies, with the momentum of the whole offset to zero.
pub fn initial() -> System {
    let body = |position, velocity: [f64; 3], mass: f64| Body {
        position,
        velocity: velocity.map(|v| v * DAYS_PER_YEAR),
        mass: mass * SOLAR_MASS,
    };
    let mut bodies = [
        body([0.0; 3], [0.0; 3], 1.0),
        body(
            [
                4.841_431_442_464_721,
                -1.160_320_044_027_428_4,
                -0.103_622_044_471_123_11,
            ],
            [
                0.001_660_076_642_744_037,
                0.007_699_011_184_197_404,
                -6.904_600_169_720_63e-5,
            ],
            0.000_954_791_938_424_326_6,
        ),
        body(
            [
                8.343_366_718_244_58,
                4.124_798_564_124_305,
                -0.403_523_417_114_321_4,
            ],
            [
                -0.002_767_425_107_264_119,
                0.004_998_528_012_349_172,
                2.304_172_975_737_639_3e-5,
            ],
            0.000_285_885_980_666_130_8,
        ),
        body(
            [
                12.894_369_562_139_131,
                -15.111_151_401_698_631,
                -0.223_307_578_892_655_73,
            ],
            [
                0.002_964_601_375_647_616,
                0.002_378_471_739_594_809_5,
                -2.965_895_685_402_375_6e-5,
            ],
            4.366_244_043_351_563e-5,
        ),
        body(
            [
                15.379_697_114_850_917,
                -25.919_314_609_987_964,
                0.179_258_772_950_371_18,
            ],
            [
                0.002_680_677_724_903_893_2,
                0.001_628_241_700_382_423,
                -9.515_922_545_197_159e-5,
            ],
            5.151_389_020_466_114_5e-5,
        ),
    ];
    let mut momentum = [0.0; 3];
    for body in &bodies {
        for (p, v) in momentum.iter_mut().zip(body.velocity) {
            *p += v * body.mass;
        }
    }
    bodies[0].velocity = momentum.map(|p| -p / SOLAR_MASS);
    bodies
}

/// The energy after `steps` steps of 0.01.
pub fn energy_after(steps: u32, mut bodies: System) -> f64 {
    for _ in 0..steps {
        step(&mut bodies, 0.01);
    }
    energy(&bodies)
}

fn step(bodies: &mut System, time: f64) {
    for i in 0..bodies.len() {
        for j in i + 1..bodies.len() {
            let (d, d2) = distance(&bodies[i], &bodies[j]);
            let magnitude = time / (d2 * d2.sqrt());
            let mi = bodies[i].mass * magnitude;
            let mj = bodies[j].mass * magnitude;
            for (v, d) in bodies[i].velocity.iter_mut().zip(d) {
                *v -= d * mj;
            }
            for (v, d) in bodies[j].velocity.iter_mut().zip(d) {
                *v += d * mi;
            }
        }
    }
    for body in bodies {
        for (x, v) in body.position.iter_mut().zip(body.velocity) {
            *x += time * v;
        }
    }
}

fn energy(bodies: &System) -> f64 {
    let mut energy = 0.0;
    for (i, body) in bodies.iter().enumerate() {
        let [vx, vy, vz] = body.velocity;
        energy += 0.5 * body.mass * (vx * vx + vy * vy + vz * vz);
        for other in &bodies[i + 1..] {
            let (_, d2) = distance(body, other);
            energy -= (body.mass * other.mass) / d2.sqrt();
        }
    }
    energy
}

/// From `b` to `a`, and the square of its length.
fn distance(a: &Body, b: &Body) -> ([f64; 3], f64) {
    let [dx, dy, dz] = std::array::from_fn(|axis| a.position[axis] - b.position[axis]);
    ([dx, dy, dz], dx * dx + dy * dy + dz * dz)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value that the Game states for no steps.
    #[test]
    fn the_initial_energy_is_the_published_one() {
        assert_eq!(format!("{:.9}", energy(&initial())), "-0.169075164");
        assert_eq!(energy(&initial()), -0.169_075_163_828_543_23);
    }
}
