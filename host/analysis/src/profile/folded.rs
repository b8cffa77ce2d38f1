//! Collapsed stacks: one line a stack, `main;work;step 1234`, the form in which everybody's tools
//! exchange them (Gregg, "The Flame Graph", CACM 59(6), 2016).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{HOST, Profile, TRUNCATED};
use dyno_measure::Place;

/// All stacks of a profile together, bytes. A guest decides how deep its stacks are and how long
/// its names; past this the stacks that used least count as truncated.
const BYTES_MAX: usize = 16 << 20;

/// The stacks of a profile with the fuel of all its iterations: sorted lines, each stack once.
/// Their sum is the profile's fuel.
#[must_use]
pub fn folded(profile: &Profile) -> String {
    let mut out = String::new();
    for (stack, fuel) in stacks(profile, BYTES_MAX) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{stack} {fuel}");
    }
    out
}

fn stacks(profile: &Profile, bytes_max: usize) -> BTreeMap<String, u64> {
    let lengths = lengths(profile);
    let mut used: Vec<usize> = (0..profile.nodes.len())
        .filter(|node| profile.nodes[*node].fuel > 0)
        .collect();
    used.sort_by_key(|node| (std::cmp::Reverse(profile.nodes[*node].fuel), *node));
    let mut stacks: BTreeMap<String, u64> = BTreeMap::new();
    let mut left = bytes_max;
    for node in used {
        let stack = match left.checked_sub(lengths[node]) {
            Some(rest) => {
                left = rest;
                stack(profile, node)
            }
            None => TRUNCATED.to_owned(),
        };
        let sum = stacks.entry(stack).or_default();
        *sum = sum.saturating_add(profile.nodes[node].fuel);
    }
    stacks
}

/// How long each node's stack is, without writing any.
fn lengths(profile: &Profile) -> Vec<usize> {
    let mut lengths: Vec<usize> = Vec::with_capacity(profile.nodes.len());
    for node in &profile.nodes {
        // A caller comes first; where it does not, the stack ends.
        let above = lengths.get(node.parent as usize).copied().unwrap_or(0);
        lengths.push(above + profile.name(node.place).len() + 1);
    }
    lengths
}

fn stack(profile: &Profile, leaf: usize) -> String {
    let mut names = Vec::new();
    let mut at = leaf;
    while let Some(node) = profile.nodes.get(at) {
        if node.place == Place::Host {
            break;
        }
        names.push(frame(profile.name(node.place)));
        if node.parent as usize >= at {
            break;
        }
        at = node.parent as usize;
    }
    if names.is_empty() {
        return HOST.to_owned();
    }
    names.reverse();
    names.join(";")
}

/// A name as it may stand in a stack. One that ends with a number behind a space would be read as
/// the fuel of another name.
fn frame(name: &str) -> String {
    let name = name.replace([';', '\n', '\r'], ":");
    match name.rsplit_once(' ') {
        Some((start, end)) if end.starts_with(|char: char| char.is_ascii_digit()) => {
            format!("{start}_{end}")
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{profile, rename};
    use super::*;

    #[test]
    fn a_line_a_stack_and_all_of_the_fuel() {
        let mut profile = profile(2, &[("a", 5, 0), ("ab", 20, 2), ("abc", 1, 1)]);
        profile.nodes[0].fuel = 4;
        rename(&mut profile, 2, "b");
        assert_eq!(folded(&profile), "[host] 4\na 5\na;b 20\na;b;b 1\n");
    }

    #[test]
    fn a_name_cannot_pass_for_another_stack_or_another_number() {
        let mut profile = profile(1, &[("a", 7, 1), ("ab", 8, 1)]);
        rename(&mut profile, 0, "x;y\n99 12");
        rename(&mut profile, 1, "f 12 3.5");
        assert_eq!(folded(&profile), "x:y:99_12 7\nx:y:99_12;f 12_3.5 8\n");
    }

    #[test]
    fn what_is_too_much_is_truncated_from_the_smallest() {
        let profile = profile(1, &[("a", 5, 0), ("ab", 20, 2), ("abc", 1, 1)]);
        let stacks = stacks(&profile, 20);
        let lines: Vec<(&str, u64)> = stacks.iter().map(|(key, fuel)| (&**key, *fuel)).collect();
        assert_eq!(lines, [("[truncated]", 1), ("a", 5), ("a;b", 20)]);
    }

    #[test]
    fn a_worker_that_lies_about_callers_does_no_harm() {
        let mut profile = profile(1, &[("abc", 1, 1)]);
        profile.nodes[2].parent = 3;
        profile.nodes[3].parent = 2;
        profile.nodes[1].parent = 99;
        assert_eq!(folded(&profile), "b;c 1\n");
    }
}
