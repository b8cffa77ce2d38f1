//! Which core to measure on: the calmest.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::cpu;
use super::tree::Tree;

/// A tick that an idle core may show in the time that it is watched: housekeeping, or the end of
/// what ran before.
const IDLE_TICKS: u64 = 1;

/// `cores` from the one to measure on first to the last choice: none whose sibling another run
/// measures on, then the least busy, itself and its siblings, then the highest, since kernels place
/// interrupts and housekeeping on the first. `wait` lets some time pass, in which they are watched.
pub(super) fn by_calm(
    tree: Tree<'_>,
    cores: &[u32],
    is_taken: impl Fn(u32) -> bool,
    wait: impl FnOnce(),
) -> Vec<u32> {
    let mut ranked = cores.to_vec();
    if ranked.len() < 2 {
        return ranked;
    }
    let before = busy_ticks(tree);
    wait();
    let after = busy_ticks(tree);
    let busy = |core: &u32| {
        let ticks = |at: &BTreeMap<u32, u64>| at.get(core).copied().unwrap_or(0);
        let ticks = ticks(&after).saturating_sub(ticks(&before));
        ticks.saturating_sub(IDLE_TICKS)
    };
    ranked.sort_by_cached_key(|core| {
        let siblings = cpu::siblings(tree, *core);
        let is_shared = siblings.iter().any(|sibling| is_taken(*sibling));
        let beside: u64 = siblings.iter().map(busy).sum();
        (is_shared, busy(core), beside, Reverse(*core))
    });
    ranked
}

/// Ticks that each core was busy since start-up, what other virtual machines took included
/// (proc(5)): `cpu0 user nice system idle iowait irq softirq steal …`.
fn busy_ticks(tree: Tree<'_>) -> BTreeMap<u32, u64> {
    let stat = tree.text("proc/stat").unwrap_or_default();
    let core = |line: &str| {
        let mut words = line.strip_prefix("cpu")?.split_whitespace();
        let core = words.next()?.parse().ok()?;
        let ticks: Vec<u64> = words.take(8).map_while(|word| word.parse().ok()).collect();
        let busy = ticks
            .iter()
            .enumerate()
            .filter(|(at, _)| !matches!(at, 3 | 4));
        Some((core, busy.map(|(_, ticks)| ticks).sum()))
    };
    stat.lines()
        .filter(|line| !line.starts_with("cpu "))
        .filter_map(core)
        .collect()
}

#[cfg(test)]
mod tests;
