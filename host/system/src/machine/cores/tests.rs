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
