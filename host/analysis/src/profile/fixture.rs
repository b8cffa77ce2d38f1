//! Profiles for tests, here and where they are shown.

use dyno_measure::{CallNode, FunctionSum, Place};

use super::Profile;

/// A profile of stacks of one-letter functions, such as `("ab", 10, 2)`: 10 fuel in `b`, which
/// `a` called twice.
pub(crate) fn profile(iterations: u64, stacks: &[(&str, u64, u64)]) -> Profile {
    let mut profile = Profile {
        functions: ('a'..='z').map(String::from).collect(),
        iterations,
        ..Profile::default()
    };
    profile.nodes.push(node(0, Place::Host));
    for (stack, fuel, calls) in stacks {
        let mut at = 0;
        let mut function = 0;
        for letter in stack.bytes() {
            function = u32::from(letter - b'a');
            at = child(&mut profile.nodes, at, Place::Function(function));
        }
        let leaf = &mut profile.nodes[at as usize];
        (leaf.fuel, leaf.calls) = (*fuel, *calls);
        profile.sums.push(FunctionSum {
            function,
            fuel: *fuel,
            calls: *calls,
        });
        profile.fuel += fuel;
    }
    profile
}

pub(crate) fn rename(profile: &mut Profile, function: usize, name: &str) {
    let mut names = profile.functions.to_vec();
    names[function] = name.into();
    profile.functions = names.into();
}

fn node(parent: u32, place: Place) -> CallNode {
    CallNode {
        parent,
        place,
        fuel: 0,
        calls: 0,
    }
}

fn child(nodes: &mut Vec<CallNode>, parent: u32, place: Place) -> u32 {
    let is_it = |it: &CallNode| it.parent == parent && it.place == place;
    let known = nodes.iter().skip(1).position(is_it);
    if known.is_none() {
        nodes.push(node(parent, place));
    }
    known.map_or(nodes.len() - 1, |at| at + 1) as u32
}
