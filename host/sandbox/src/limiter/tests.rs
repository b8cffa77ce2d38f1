use wasmtime::ResourceLimiter as _;

use super::*;

#[test]
fn the_limit_is_over_the_sum_of_memories_and_tables() {
    let mut limiter = Limiter::new(1000, 1);
    assert!(limiter.memory_growing(0, 600, None).unwrap());
    assert!(limiter.table_growing(0, 40, None).unwrap());
    assert_eq!(limiter.bytes(), 920);
    assert!(limiter.memory_growing(0, 100, None).is_err());
    assert_eq!(
        limiter.hit,
        Some(LimitHit {
            limit: LimitKind::Memory,
            actual: Some(1020)
        })
    );
}

#[test]
fn endless_growth_is_kept_in_outline() {
    let mut limiter = Limiter::new(u64::MAX, 1);
    for step in 0..10_000 {
        limiter.memory_growing(step, step + 1, None).unwrap();
    }
    let growth = limiter.profile(0).growth;
    assert!((256..=512).contains(&growth.len()), "{}", growth.len());
    assert!(growth.is_sorted_by_key(|event| event.bytes));
}

#[test]
fn growth_that_failed_is_taken_back_and_what_the_module_forbids_is_no_hit() {
    let mut limiter = Limiter::new(1000, 1);
    assert!(limiter.memory_growing(0, 600, None).unwrap());
    limiter
        .memory_grow_failed(wasmtime::Error::msg("no"))
        .unwrap();
    assert_eq!((limiter.bytes(), limiter.is_starved), (0, true));
    let mut limiter = Limiter::new(1000, 1);
    assert!(!limiter.memory_growing(0, 5000, Some(100)).unwrap());
    limiter
        .memory_grow_failed(wasmtime::Error::msg("no"))
        .unwrap();
    let Limiter {
        hit, is_starved, ..
    } = limiter;
    assert_eq!((limiter.bytes(), hit, is_starved), (0, None, false));
}

#[test]
fn what_is_just_within_a_limit_or_a_maximum_is_allowed() {
    let mut limiter = Limiter::new(1000, 3);
    assert!(limiter.memory_growing(0, 600, Some(600)).unwrap());
    assert!(limiter.table_growing(10, 60, None).unwrap());
    assert_eq!((limiter.bytes(), limiter.instances()), (1000, 3));
    assert!(limiter.memory_growing(600, 601, None).is_err());
    assert_eq!(limiter.bytes(), 1000);
}

/// If this fails, a guest that is refused a growth gets back what it holds, and may hold it
/// twice.
#[test]
fn only_the_growth_that_failed_is_taken_back_and_only_once() {
    let failed = || wasmtime::Error::msg("no");
    let mut limiter = Limiter::new(10_000, 1);
    assert!(limiter.memory_growing(0, 600, None).unwrap());
    assert!(limiter.table_growing(0, 10, None).unwrap());
    limiter.table_grow_failed(failed()).unwrap();
    assert_eq!((limiter.bytes(), limiter.is_starved), (600, true));
    limiter.memory_grow_failed(failed()).unwrap();
    assert_eq!((limiter.bytes(), limiter.is_starved), (600, true));
    let mut limiter = Limiter::new(10_000, 1);
    assert!(limiter.memory_growing(0, 600, None).unwrap());
    assert!(!limiter.memory_growing(600, 800, Some(700)).unwrap());
    limiter.memory_grow_failed(failed()).unwrap();
    assert_eq!((limiter.bytes(), limiter.is_starved), (600, false));
}

/// Half of the time at 1000 bytes and half at 3000, in such long times that those of the test
/// itself are nothing.
#[test]
fn the_mean_is_over_time_and_begins_after_instantiation() {
    let long = std::time::Duration::from_secs(1_000_000);
    let mut limiter = Limiter::new(10_000, 1);
    assert!(limiter.memory_growing(0, 5000, None).unwrap());
    limiter
        .memory_grow_failed(wasmtime::Error::msg("no"))
        .unwrap();
    assert!(limiter.memory_growing(0, 1000, None).unwrap());
    limiter.began -= long;
    limiter.advance();
    limiter.begin();
    limiter.began -= long;
    assert!(limiter.memory_growing(1000, 3000, None).unwrap());
    limiter.began -= long;
    let profile = limiter.profile(7);
    assert!((profile.mean_bytes - 2000.0).abs() < 1.0, "{profile:?}");
    let sizes = (
        profile.baseline_bytes,
        profile.peak_bytes,
        profile.released_bytes,
    );
    assert_eq!(sizes, (7, 5000, 3000));
    let [growth] = profile.growth.as_slice() else {
        panic!("{profile:?}");
    };
    let at_s = growth.at_ns / 1_000_000_000;
    assert_eq!((at_s / 1000, growth.bytes), (1000, 3000));
}

#[test]
fn every_growth_is_kept_up_to_a_number_and_then_every_other_one() {
    let mut limiter = Limiter::new(u64::MAX, 1);
    let sizes = |limiter: &Limiter| {
        let growth = limiter.growth.iter();
        growth.map(|event| event.bytes).collect::<Vec<_>>()
    };
    for step in 0..512 {
        limiter.memory_growing(step, step + 1, None).unwrap();
    }
    assert_eq!(sizes(&limiter), (1..=512).collect::<Vec<u64>>());
    limiter.memory_growing(512, 513, None).unwrap();
    let odd = (1..=513).step_by(2);
    assert_eq!(sizes(&limiter), odd.collect::<Vec<u64>>());
}
