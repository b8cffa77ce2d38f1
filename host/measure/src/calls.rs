//! Who called whom, and what each used by itself: a calling-context tree (Ammons, Ball and Larus,
//! "Exploiting hardware performance counters with flow and context sensitive profiling", PLDI
//! 1997). A node is a function in the context of all its callers.
//!
//! How many nodes there are is the guest's decision, so the tree has an end; what does not fit in
//! counts for [`Place::Truncated`]. The sums of the functions are kept beside it and are always
//! whole.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Nodes of a tree: a page of JSON each hundred, 10 MB together.
pub const NODES_MAX: usize = 100_000;

/// Functions within one another that are told apart; a flame graph that is any higher is one stalk.
const DEPTH_MAX: usize = 500;

/// What beginning a function costs, before it can tell that it has begun.
const ENTRY_FUEL: u64 = 1;

/// Whose fuel it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Outside of every function that tells of itself.
    Host,
    /// In a function, by its number.
    Function(u32),
    /// Too deep, or one context too many.
    Truncated,
}

/// A function in the context of its callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallNode {
    /// The caller, an earlier node; of the first node, itself.
    pub parent: u32,
    /// Which function.
    pub place: Place,
    /// Used by the function itself.
    pub fuel: u64,
    /// How often it began.
    pub calls: u64,
}

/// What a function used over all contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSum {
    /// Which function.
    pub function: u32,
    /// Used by the function itself.
    pub fuel: u64,
    /// How often it began.
    pub calls: u64,
}

/// A tree that grows. Nothing counts but what lies between [`start`](Self::start) and
/// [`stop`](Self::stop), and only what counts gets nodes.
#[derive(Debug)]
pub(super) struct CallTree {
    nodes: Vec<CallNode>,
    children: HashMap<(u32, Place), u32>,
    sums: Vec<FunctionSum>,
    /// The functions that are running.
    frames: Vec<Frame>,
    truncated: Option<u32>,
    counting: bool,
    /// Until when everything has been given to a function.
    last: u64,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    function: u32,
    /// Its node, once it is known.
    node: Option<u32>,
}

const ROOT: u32 = 0;

impl CallTree {
    pub(super) fn new() -> Self {
        let root = CallNode {
            parent: ROOT,
            place: Place::Host,
            fuel: 0,
            calls: 0,
        };
        Self {
            nodes: vec![root],
            children: HashMap::new(),
            sums: Vec::new(),
            frames: Vec::new(),
            truncated: None,
            counting: false,
            last: 0,
        }
    }

    pub(super) fn start(&mut self, now: u64) {
        self.counting = true;
        self.last = now;
    }

    pub(super) fn stop(&mut self, now: u64) {
        if self.counting {
            self.give(now);
            self.counting = false;
        }
    }

    pub(super) fn enter(&mut self, function: u32, now: u64) {
        if self.counting {
            self.give(now.saturating_sub(ENTRY_FUEL));
        }
        self.frames.push(Frame {
            function,
            node: None,
        });
        if self.counting {
            let node = self.current();
            self.nodes[node as usize].calls += 1;
            self.sum(function).calls += 1;
        }
    }

    pub(super) fn leave(&mut self, now: u64) {
        if self.counting {
            self.give(now);
        }
        self.frames.pop();
    }

    /// Nodes that were used, parents first, and sums of the functions that were.
    pub(super) fn into_parts(self) -> (Vec<CallNode>, Vec<FunctionSum>) {
        let used = |sum: &FunctionSum| sum.fuel > 0 || sum.calls > 0;
        (self.nodes, self.sums.into_iter().filter(used).collect())
    }

    /// Gives what was used since the last time to the function that is running.
    fn give(&mut self, now: u64) {
        let fuel = now.saturating_sub(self.last);
        self.last = self.last.max(now);
        if fuel == 0 {
            return;
        }
        let node = self.current();
        self.nodes[node as usize].fuel += fuel;
        if let Some(Frame { function, .. }) = self.frames.last() {
            let function = *function;
            self.sum(function).fuel += fuel;
        }
    }

    fn sum(&mut self, function: u32) -> &mut FunctionSum {
        for number in self.sums.len() as u32..=function {
            self.sums.push(FunctionSum {
                function: number,
                fuel: 0,
                calls: 0,
            });
        }
        &mut self.sums[function as usize]
    }

    /// The node of the function that is running, and with it those of its callers.
    fn current(&mut self) -> u32 {
        let known = self.frames.iter().rposition(|frame| frame.node.is_some());
        let mut node = known.and_then(|at| self.frames[at].node).unwrap_or(ROOT);
        for at in known.map_or(0, |at| at + 1)..self.frames.len() {
            node = if at < DEPTH_MAX {
                self.child(node, Place::Function(self.frames[at].function))
            } else {
                self.truncated()
            };
            self.frames[at].node = Some(node);
        }
        node
    }

    fn child(&mut self, parent: u32, place: Place) -> u32 {
        if self.truncated == Some(parent) {
            return parent;
        }
        if let Some(node) = self.children.get(&(parent, place)) {
            return *node;
        }
        // The last one is kept for what does not fit.
        if self.nodes.len() >= NODES_MAX - 1 {
            return self.truncated();
        }
        self.add(parent, place)
    }

    fn truncated(&mut self) -> u32 {
        let node = self.truncated;
        let node = node.unwrap_or_else(|| self.add(ROOT, Place::Truncated));
        self.truncated = Some(node);
        node
    }

    fn add(&mut self, parent: u32, place: Place) -> u32 {
        let node = self.nodes.len() as u32;
        self.nodes.push(CallNode {
            parent,
            place,
            fuel: 0,
            calls: 0,
        });
        self.children.insert((parent, place), node);
        node
    }
}

#[cfg(test)]
mod tests;
