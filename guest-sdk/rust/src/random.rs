//! The generator for the inputs of a case. An input that every language can generate alike is what
//! makes checksums comparable between implementations of one case.

/// SplitMix64: seeded, portable, and short enough to be written again in any language.
///
/// Not for secrets. Each step adds `0x9e3779b97f4a7c15` to the state, modulo 2^64, and mixes a copy
/// of it: `z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9; z = (z ^ z >> 27) * 0x94d049bb133111eb; z ^ z >> 31`.
///
/// ```
/// let mut random = dyno_guest::SplitMix64::new(0);
/// assert_eq!(random.next_u64(), 0xe220a8397b1dcdaf);
/// ```
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator whose numbers are determined by `seed`.
    pub fn new(seed: u64) -> Self {
        SplitMix64(seed)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, or 0 if that is 0: the upper half of the next 64 bits times `bound`,
    /// divided by 2^32.
    pub fn below(&mut self, bound: u32) -> u32 {
        let upper = self.next_u64() >> 32;
        // The product of a 32-bit number with `bound`, shifted by 32, is below `bound`.
        ((upper * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation (`splitmix64.c`) for the seed 1234567.
    #[test]
    fn published_vectors() {
        let mut random = SplitMix64::new(1_234_567);
        let numbers = [random.next_u64(), random.next_u64(), random.next_u64()];
        assert_eq!(
            numbers,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423
            ]
        );
    }

    #[test]
    fn below_stays_below() {
        let mut random = SplitMix64::new(1);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
        assert!((0..1000).all(|_| random.below(10) < 10));
        assert!((0..1000).any(|_| random.below(u32::MAX) > u32::MAX / 2));
    }
}
