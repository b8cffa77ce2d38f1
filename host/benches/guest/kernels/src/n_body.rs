//! The five-body solar system of the Computer Language Benchmarks Game, in plain loops.

use std::array::from_fn;

#[derive(Clone, Copy)]
struct Body {
    position: [f64; 3],
    velocity: [f64; 3],
    mass: f64,
}

const SOLAR_MASS: f64 = 4.0 * std::f64::consts::PI * std::f64::consts::PI;
const DAYS_PER_YEAR: f64 = 365.24;

/// Position (astronomical units), velocity (those a day) and mass (suns), from the game's page:
/// the sun, Jupiter, Saturn, Uranus, Neptune.
const SKY: [([f64; 3], [f64; 3], f64); 5] = [
    ([0.0; 3], [0.0; 3], 1.0),
    (
        [
            4.841_431_442_464_72,
            -1.160_320_044_027_428_4,
            -0.103_622_044_471_123_1,
        ],
        [
            0.001_660_076_642_744_037,
            0.007_699_011_184_197_404,
            -0.000_069_046_001_697_206_3,
        ],
        0.000_954_791_938_424_326_6,
    ),
    (
        [
            8.343_366_718_244_58,
            4.124_798_564_124_305,
            -0.403_523_417_114_321,
        ],
        [
            -0.002_767_425_107_268_624,
            0.004_998_528_012_349_172,
            0.000_023_041_729_757_376_4,
        ],
        0.000_285_885_980_666_130_8,
    ),
    (
        [
            12.894_369_562_139_13,
            -15.111_151_401_698_63,
            -0.223_307_578_892_655_7,
        ],
        [
            0.002_964_601_375_647_616,
            0.002_378_471_739_594_81,
            -0.000_029_658_956_854_023_76,
        ],
        0.000_043_662_440_433_515_63,
    ),
    (
        [
            15.379_697_114_850_917,
            -25.919_314_609_987_964,
            0.179_258_772_950_371_2,
        ],
        [
            0.002_680_677_724_903_893,
            0.001_628_241_700_382_423,
            -0.000_095_159_225_451_971_59,
        ],
        0.000_051_513_890_204_661_145,
    ),
];

/// The energy of the system after this many steps of a hundredth of a year, as its bits.
pub fn energy_after(steps: u32) -> u64 {
    let mut bodies = SKY.map(|(position, velocity, mass)| Body {
        position,
        velocity: velocity.map(|v| v * DAYS_PER_YEAR),
        mass: mass * SOLAR_MASS,
    });
    for _ in 0..steps {
        advance(&mut bodies, 0.01);
    }
    energy(&bodies).to_bits()
}

fn advance(bodies: &mut [Body; 5], step: f64) {
    for left in 0..bodies.len() {
        for right in left + 1..bodies.len() {
            let (a, b) = (bodies[left], bodies[right]);
            let distance: [f64; 3] = from_fn(|axis| a.position[axis] - b.position[axis]);
            let square = dot(&distance, &distance);
            let force = step / (square * square.sqrt());
            for (axis, distance) in distance.iter().enumerate() {
                bodies[left].velocity[axis] -= distance * b.mass * force;
                bodies[right].velocity[axis] += distance * a.mass * force;
            }
        }
    }
    for body in bodies {
        for axis in 0..3 {
            body.position[axis] += step * body.velocity[axis];
        }
    }
}

fn energy(bodies: &[Body; 5]) -> f64 {
    let mut energy = 0.0;
    for (at, a) in bodies.iter().enumerate() {
        energy += 0.5 * a.mass * dot(&a.velocity, &a.velocity);
        for b in &bodies[at + 1..] {
            let distance: [f64; 3] = from_fn(|axis| a.position[axis] - b.position[axis]);
            energy -= a.mass * b.mass / dot(&distance, &distance).sqrt();
        }
    }
    energy
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
