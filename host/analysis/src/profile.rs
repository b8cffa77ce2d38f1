//! A profile of one case: which function used how much fuel, and on whose behalf. Fuel is counted
//! and not sampled, so a profile is exact: its sum is what the metered build uses, and two are
//! equal to the unit. Pure: what comes in was counted in a worker, what goes out are texts and
//! pictures.

mod difference;
mod folded;
#[cfg(feature = "graphs")]
mod graph;

pub use difference::{Change, Difference};
pub use folded::folded;
#[cfg(feature = "graphs")]
pub use graph::{GraphError, difference_graph, graph};

use std::collections::BTreeMap;
use std::sync::Arc;

use dyno_measure::{CallNode, FunctionSum, Place};

/// What is used outside of every function that can be told apart.
const HOST: &str = "[host]";

/// What is too deep or too much to be told apart in a stack.
const TRUNCATED: &str = "[truncated]";

/// What a worker counted of one case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// What the functions are called, by number; hostile, but each of one line and without `;`.
    pub functions: Arc<[String]>,
    /// Functions in the context of their callers, callers first.
    pub nodes: Vec<CallNode>,
    /// Functions over all contexts.
    pub sums: Vec<FunctionSum>,
    /// Iterations that were profiled.
    pub iterations: u64,
    /// What these used, all together.
    pub fuel: u64,
}

/// What functions of one name used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// By themselves, not by what they called.
    pub fuel: u64,
    /// How often they began.
    pub calls: u64,
}

impl Profile {
    /// Functions by name, each with what it used by itself. Whatever is truncated in the stacks,
    /// here nothing is; the sum is [`fuel`](Self::fuel).
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, Usage> {
        let mut named: BTreeMap<&str, Usage> = BTreeMap::new();
        for sum in &self.sums {
            let usage = named
                .entry(self.name(Place::Function(sum.function)))
                .or_default();
            usage.fuel = usage.fuel.saturating_add(sum.fuel);
            usage.calls = usage.calls.saturating_add(sum.calls);
        }
        let nodes = self.nodes.iter().filter(|node| node.place == Place::Host);
        let host = nodes.fold(0u64, |sum, node| sum.saturating_add(node.fuel));
        if host > 0 {
            named.entry(HOST).or_default().fuel += host;
        }
        named
    }

    /// What a place is called. A worker that gave numbers without names is a stranger, too.
    fn name(&self, place: Place) -> &str {
        match place {
            Place::Host => HOST,
            Place::Truncated => TRUNCATED,
            Place::Function(number) => self
                .functions
                .get(number as usize)
                .map_or("[unknown]", String::as_str),
        }
    }
}

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod tests {
    use super::fixture::{profile, rename};
    use super::*;

    #[test]
    fn functions_of_one_name_are_one_and_nothing_is_lost() {
        let mut profile = profile(1, &[("ab", 10, 2), ("acb", 5, 1), ("a", 1, 1)]);
        rename(&mut profile, 2, "a");
        profile.nodes[0].fuel = 3;
        profile.sums.push(FunctionSum {
            function: 99,
            fuel: 7,
            calls: 1,
        });
        let usage = |fuel, calls| Usage { fuel, calls };
        let expected = [
            ("[host]", usage(3, 0)),
            ("[unknown]", usage(7, 1)),
            ("a", usage(1, 1)),
            ("b", usage(15, 3)),
        ];
        assert_eq!(profile.by_name(), BTreeMap::from(expected));
    }
}
