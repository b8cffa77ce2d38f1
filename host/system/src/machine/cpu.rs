//! The processor, as `/proc/cpuinfo` and `/sys/devices/system/cpu` describe it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::tree::{Tree, field};

const CPU: &str = "sys/devices/system/cpu";

/// The model's name; on Arm, which has none, the implementer and part numbers.
pub(super) fn model(tree: Tree<'_>) -> Option<String> {
    let info = tree.text("proc/cpuinfo")?;
    // Hypervisors may cut the name down to the vendor's line, so family, model and stepping go with
    // it.
    if let Some(name) = field(&info, "model name") {
        let numbers = ["cpu family", "model", "stepping"].map(|name| field(&info, name));
        return Some(match numbers {
            [Some(family), Some(model), Some(stepping)] => {
                format!("{name} (family {family} model {model} stepping {stepping})")
            }
            _ => name,
        });
    }
    let implementer = field(&info, "CPU implementer")?;
    let part = field(&info, "CPU part")?;
    Some(format!("implementer {implementer} part {part}"))
}

/// Logical processors that are online.
pub(super) fn logical(tree: Tree<'_>) -> Option<usize> {
    let online = tree
        .text(&format!("{CPU}/online"))
        .and_then(|list| list_length(&list));
    online.or_else(|| {
        let info = tree.text("proc/cpuinfo")?;
        let count = info
            .lines()
            .filter(|line| line.starts_with("processor"))
            .count();
        (count > 0).then_some(count)
    })
}

/// Cores, each of which may be several logical processors.
pub(super) fn physical(tree: Tree<'_>) -> Option<usize> {
    let siblings: BTreeSet<String> = each(tree, "topology/thread_siblings_list").collect();
    (!siblings.is_empty()).then_some(siblings.len())
}

/// The other logical processors of a core.
pub(super) fn siblings(tree: Tree<'_>, core: u32) -> Vec<u32> {
    let list = tree.text(&format!("{CPU}/cpu{core}/topology/thread_siblings_list"));
    let ranges = list.as_deref().and_then(ranges).unwrap_or_default();
    let cores = ranges.into_iter().flatten().take(SIBLINGS_MAX);
    let cores = cores.filter_map(|sibling| u32::try_from(sibling).ok());
    cores.filter(|sibling| *sibling != core).collect()
}

/// More threads than this no core has.
const SIBLINGS_MAX: usize = 64;

/// `on` if cores run several threads, `off` if not.
pub(super) fn smt(tree: Tree<'_>) -> Option<String> {
    let word = |on| if on { "on" } else { "off" }.to_owned();
    match tree.number(&format!("{CPU}/smt/active")) {
        Some(active) => Some(word(active != 0)),
        None => Some(word(logical(tree)? > physical(tree)?)),
    }
}

/// The frequency governors in use, such as `performance`; none where the system has no say, as in
/// most virtual machines.
pub(super) fn governors(tree: Tree<'_>) -> Option<String> {
    let governors: BTreeSet<String> = each(tree, "cpufreq/scaling_governor").collect();
    (!governors.is_empty()).then(|| governors.into_iter().collect::<Vec<_>>().join(","))
}

/// `on` if cores may clock above their base frequency, `off` if not.
pub(super) fn turbo(tree: Tree<'_>) -> Option<String> {
    let intel = tree
        .number(&format!("{CPU}/intel_pstate/no_turbo"))
        .map(|off| off == 0);
    let others = || {
        tree.number(&format!("{CPU}/cpufreq/boost"))
            .map(|on| on != 0)
    };
    let on = intel.or_else(others)?;
    Some(if on { "on" } else { "off" }.to_owned())
}

/// How often cores were slowed down by heat since start-up, over all cores.
pub(super) fn throttled(tree: Tree<'_>) -> Option<u64> {
    each(tree, "thermal_throttle/core_throttle_count")
        .filter_map(|count| count.parse().ok())
        .reduce(u64::saturating_add)
}

/// The text of one file of each processor that has it.
fn each<'a>(tree: Tree<'a>, file: &'a str) -> impl Iterator<Item = String> + 'a {
    let is_number = |name: &String| {
        let number = name.strip_prefix("cpu").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    tree.names(CPU)
        .into_iter()
        .filter(is_number)
        .filter_map(move |cpu| tree.text(&format!("{CPU}/{cpu}/{file}")))
}

/// The length of a list such as `0-3,8,10-11`.
fn list_length(list: &str) -> Option<usize> {
    let length =
        |range: RangeInclusive<usize>| range.end().checked_sub(*range.start())?.checked_add(1);
    let mut ranges = ranges(list)?.into_iter();
    ranges.try_fold(0_usize, |sum, range| sum.checked_add(length(range)?))
}

/// The ranges of such a list.
fn ranges(list: &str) -> Option<Vec<RangeInclusive<usize>>> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        Some(first..=last)
    };
    list.split(',').map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores_are_counted() {
        assert_eq!(list_length("0"), Some(1));
        assert_eq!(list_length("0-3,8,10-11"), Some(7));
        for odd in [
            "",
            "-",
            "3-0",
            "a-b",
            "0-",
            "0-18446744073709551615",
            "0-1,,",
        ] {
            assert_eq!(list_length(odd), None, "{odd:?}");
        }
    }
}
