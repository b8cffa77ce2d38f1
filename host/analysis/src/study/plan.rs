//! What a session of a study measures: pairs of plugins, all of them with bytes of their own.

use super::guest::{UNITS, version};

/// The names of pairs: of twins, and of a version with so many percent of work more.
const TWINS: &str = "same-";
const KNOWN: &str = "plus-";

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Sessions.
    pub sessions: u32,
    /// Pairs of twins in each.
    pub twins: u32,
    /// Units of work of the versions in each.
    pub units: &'static [u32],
}

impl Scale {
    /// Some twenty minutes: twelve twins, and three of each known change.
    pub const FULL: Self = Self {
        sessions: 3,
        twins: 2,
        units: &[21, 22, 30],
    };

    /// Some three minutes.
    pub const QUICK: Self = Self {
        sessions: 1,
        twins: 1,
        units: &[22],
    };
}

/// Two plugins that are compared with each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The name of both.
    pub name: String,
    /// The base, as text.
    pub base: String,
    /// The candidate, as text.
    pub candidate: String,
}

/// One comparison of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whether it is a gate.
    pub gates: bool,
    /// What is compared.
    pub pairs: Vec<Pair>,
}

/// The parts of one session: a gate over twins, and a comparison of known changes. `layouts` counts
/// the layouts that were used so far, so that no session has one that another had.
#[must_use]
pub fn parts(scale: &Scale, layouts: &mut u64) -> [Part; 2] {
    let mut pair = |name: String, units: u32| {
        let mut next = |units| {
            *layouts = layouts.wrapping_add(1);
            version(units, *layouts)
        };
        Pair {
            name,
            base: next(UNITS),
            candidate: next(units),
        }
    };
    let twins = (1..=scale.twins).map(|number| pair(format!("{TWINS}{number}"), UNITS));
    let twins = twins.collect();
    let known = scale.units.iter().map(|units| {
        let percent = (units - UNITS) * 100 / UNITS;
        pair(format!("{KNOWN}{percent}"), *units)
    });
    [
        Part {
            gates: true,
            pairs: twins,
        },
        Part {
            gates: false,
            pairs: known.collect(),
        },
    ]
}

/// The share of work that the candidate of a pair has more, by the pair's name; none if it is of no
/// study.
pub(super) fn added(name: &str) -> Option<f64> {
    let number = |prefix| -> Option<u32> { name.strip_prefix(prefix)?.parse().ok() };
    let percent = match number(TWINS) {
        Some(_) => 0,
        None => number(KNOWN)?,
    };
    Some(f64::from(percent) / 100.0)
}
