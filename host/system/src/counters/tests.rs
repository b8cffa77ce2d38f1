use super::*;
use imp::Event;

fn work() {
    let mut sum = 0_u64;
    for n in 0..1_000_000_u64 {
        sum = std::hint::black_box(sum.wrapping_add(n * n));
    }
}

/// If this fails, what a guest does on its thread is not counted, or counted as far more than
/// it is.
#[test]
fn what_a_later_thread_does_is_counted_and_what_was_before_is_not() {
    let mut counters = software();
    assert_eq!(counters.lap(), Counts::default(), "nothing to count from");
    std::thread::scope(|scope| {
        let counted = scope.spawn(|| {
            work();
            counters.lap();
            work();
            let counted = counters.lap();
            let little = counters.lap();
            for metric in COUNTERS {
                let (much, little) = (counted.get(metric), little.get(metric));
                assert!(much.unwrap() > 100_000, "{counted:?}");
                assert!(little.is_none_or(|little| little < much.unwrap()));
            }
        });
        counted.join().unwrap();
    });
}

#[test]
fn a_counter_that_shared_or_stood_still_says_nothing() {
    let reading = |count, enabled_ns, running_ns| Reading {
        count,
        enabled_ns,
        running_ns,
    };
    let before = reading(100, 1_000, 1_000);
    assert_eq!(reading(150, 1_500, 1_500).since(before), Some(50));
    assert_eq!(reading(150, 1_500, 1_400).since(before), None, "it shared");
    assert_eq!(reading(100, 1_500, 1_500).since(before), None, "nothing");
    assert_eq!(
        reading(150, 1_000, 1_000).since(before),
        None,
        "stood still"
    );
    assert_eq!(reading(50, 1_500, 1_500).since(before), None, "went back");
}

#[test]
fn what_is_not_there_is_said() {
    // A kind of event that no kernel has.
    let none = Event {
        kind: u32::MAX,
        number: 0,
    };
    let error = Counters::of(&[(COUNTERS[0], none)]).unwrap_err();
    assert!(matches!(error, CountersError::Unsupported), "{error}");
    assert!(!availability().is_empty());
}
