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
mod tests {
    use super::*;
    use crate::machine::facts::tests::tree;

    const SIBLINGS: [(&str, &str); 4] = [
        (
            "sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
            "0,2",
        ),
        (
            "sys/devices/system/cpu/cpu1/topology/thread_siblings_list",
            "1,3",
        ),
        (
            "sys/devices/system/cpu/cpu2/topology/thread_siblings_list",
            "0,2",
        ),
        (
            "sys/devices/system/cpu/cpu3/topology/thread_siblings_list",
            "1,3",
        ),
    ];

    /// The order of `cores` where each was busy for so many of ten ticks.
    fn ranked(siblings: bool, busy: [u64; 4], taken: &[u32], cores: &[u32]) -> Vec<u32> {
        let stat = |after: u64| {
            let core = |(core, busy): (usize, u64)| {
                format!(
                    "cpu{core} {} 0 0 {} 0 0 0 0 0 0\n",
                    100 + after * busy,
                    100 + after * (10 - busy)
                )
            };
            let cores = busy.into_iter().enumerate().map(core).collect::<String>();
            format!("cpu  9 9 9 9 9 9 9 9 0 0\n{cores}")
        };
        let files = if siblings {
            SIBLINGS.to_vec()
        } else {
            Vec::new()
        };
        let root = tree(&files);
        std::fs::create_dir_all(root.path().join("proc")).unwrap();
        let write = |text: String| std::fs::write(root.path().join("proc/stat"), text).unwrap();
        write(stat(0));
        let tree = Tree { root: root.path() };
        by_calm(tree, cores, |core| taken.contains(&core), || write(stat(1)))
    }

    #[test]
    fn the_least_busy_core_comes_first_and_of_equals_the_last() {
        let all = [0, 1, 2, 3];
        assert_eq!(ranked(false, [0; 4], &[], &all), [3, 2, 1, 0]);
        assert_eq!(ranked(false, [0, 0, 9, 10], &[], &all), [1, 0, 2, 3]);
        assert_eq!(
            ranked(false, [0, 0, 0, 1], &[], &all)[0],
            3,
            "one tick is idle"
        );
        assert_eq!(
            ranked(false, [0; 4], &[], &[0, 2]),
            [2, 0],
            "only what is allowed"
        );
        assert_eq!(
            ranked(false, [10; 4], &[], &[1]),
            [1],
            "one core is all there is"
        );
    }

    #[test]
    fn siblings_of_a_core_that_is_measured_on_or_busy_are_avoided() {
        let all = [0, 1, 2, 3];
        // Core 1 is another run's: its sibling 3 is idle, and still the last choice.
        assert_eq!(ranked(true, [0, 0, 0, 0], &[1], &all), [2, 1, 0, 3]);
        assert_eq!(
            ranked(true, [0, 9, 0, 0], &[], &all)[0],
            2,
            "its sibling is busy"
        );
        assert_eq!(
            ranked(true, [0, 0, 0, 0], &[1], &[3]),
            [3],
            "there is no choice"
        );
    }
}
