//! What a memory profile suggests to the author of a case, in sentences. Pure; what it says is a
//! hint beside the numbers and never a verdict.

use super::bytes;
use dyno_model::MemoryProfile;

/// Below this, a page or two more or less is not worth a word (a WebAssembly page is 64 KiB).
const NOTABLE_BYTES: u64 = 1 << 20;

/// After release, a case that gave nothing back still holds nearly its peak. Linear memory never
/// shrinks, so this is true of every case that grows: it is worth a sentence only if it grew
/// notably.
const KEPT_SHARE: f64 = 0.9;

/// A peak this many times the mean was needed for a short while only.
const SPIKE_OVER_MEAN: f64 = 3.0;

/// Growing this often in small steps costs a call to the host each time.
const MANY_GROWTHS: usize = 64;

/// What can be seen in the profile, the most important first; nothing for most cases.
#[must_use]
pub fn memory(profile: &MemoryProfile) -> Vec<String> {
    [kept(profile), spike(profile), steps(profile)]
        .into_iter()
        .flatten()
        .collect()
}

fn grown(profile: &MemoryProfile) -> Option<u64> {
    let grown = profile.peak_bytes.saturating_sub(profile.baseline_bytes);
    (grown >= NOTABLE_BYTES).then_some(grown)
}

fn kept(profile: &MemoryProfile) -> Option<String> {
    let grown = grown(profile)?;
    let share = profile.released_bytes as f64 / profile.peak_bytes as f64;
    (share >= KEPT_SHARE).then(|| {
        format!(
            "memory after release is {:.0} % of the peak: the case keeps the {} that it allocated",
            share * 100.0,
            bytes(grown as f64)
        )
    })
}

fn spike(profile: &MemoryProfile) -> Option<String> {
    grown(profile)?;
    let times = profile.peak_bytes as f64 / profile.mean_bytes.max(1.0);
    (times >= SPIKE_OVER_MEAN).then(|| {
        format!(
            "the peak is {times:.1} times the mean: most of the memory is needed for a short while \
             only, so working in parts would lower the peak"
        )
    })
}

fn steps(profile: &MemoryProfile) -> Option<String> {
    let grown = grown(profile)?;
    let count = profile.growth.len();
    (count >= MANY_GROWTHS).then(|| {
        format!(
            "memory grew {count} times, by {} on average: reserving once what is needed would save \
             those calls",
            bytes(grown as f64 / count as f64)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::MemoryGrowth;

    const MIB: u64 = 1 << 20;

    fn profile(peak: u64, released: u64, mean: f64, growths: usize) -> MemoryProfile {
        MemoryProfile {
            baseline_bytes: MIB,
            peak_bytes: peak,
            released_bytes: released,
            mean_bytes: mean,
            growth: vec![
                MemoryGrowth {
                    at_ns: 1,
                    bytes: peak
                };
                growths
            ],
        }
    }

    #[test]
    fn what_is_kept_is_said_with_its_share() {
        let said = memory(&profile(100 * MIB, 92 * MIB, 90e6, 3));
        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with(
                "memory after release is 92 % of the peak: the case keeps the 99.00 MiB"
            )
        );
    }

    #[test]
    fn a_case_that_hardly_grows_or_gives_back_is_left_in_peace() {
        assert!(memory(&profile(MIB, MIB, 1e6, 0)).is_empty());
        assert!(memory(&profile(MIB + (64 << 10), MIB + (64 << 10), 1e6, 1)).is_empty());
        assert!(memory(&profile(100 * MIB, 40 * MIB, 80e6, 3)).is_empty());
        assert!(memory(&profile(0, 0, 0.0, 0)).is_empty());
    }

    #[test]
    fn a_spike_and_many_small_steps_are_seen() {
        let said = memory(&profile(100 * MIB, 10 * MIB, 20e6, 99));
        assert!(
            said[0].starts_with("the peak is 5.2 times the mean"),
            "{said:?}"
        );
        assert!(
            said[1].starts_with("memory grew 99 times, by 1.000 MiB on average"),
            "{said:?}"
        );
    }
}
