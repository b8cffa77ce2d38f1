//! Raw samples as bytes: what the `samples` column of the report holds for one worker process.
//!
//! A time pass leaves millions of samples and none is dropped, so they are kept in columns, in
//! about five bytes each where a [`Sample`] takes fifty-six. The layout, versions 2 and 3:
//!
//! ```text
//! byte     1         the version
//! varint   count     how many samples
//! runs     iterations of each sample
//! varints  wall_ns   zigzag of the difference to the sample before (before the first: 0)
//! varints  cpu_ns    zigzag of wall_ns - cpu_ns of the same sample
//! runs     switches  of each sample
//! runs     waits     of each sample; not in version 1
//! varint   counters  of how many what they counted follows; version 3 alone, which is written where there is any:
//!   varint   which     its place in `COUNTERS`
//!   varints  counts    of each sample; 0 where it did not count
//! 4 bytes  CRC-32 (IEEE) of everything before, little-endian
//! ```
//!
//! - *varint*: unsigned LEB128, low seven bits first, at most ten bytes.
//! - *zigzag*: `(d << 1) ^ (d >> 63)` of the difference as a signed number; differences wrap, so
//!   that any `u64` can follow any other.
//! - *runs*: pairs of varints, value and how often it repeats (at least once), until the lengths
//!   add up to `count`. Iterations never change after calibration and switches are nearly always 0.
//!
//! The wall and CPU columns take at least one byte for each sample, so a count that the blob could
//! not hold is refused before anything is allocated. The CRC is there because SQLite has none of
//! its own: without it a flipped bit on the disk would be read as another measurement.

use dyno_model::{COUNTERS, Metric, Sample};

/// The newest, with what the processor counted.
const VERSION: u8 = 3;
/// The same of samples of which nothing was counted, which older versions of Dyno read.
const VERSION_WITHOUT_COUNTS: u8 = 2;
/// The first one, without `waits`: still read.
const VERSION_WITHOUT_WAITS: u8 = 1;
/// Bytes of the closing CRC.
const CRC_BYTES: usize = 4;
/// The least that one sample can take: a byte of wall and a byte of CPU time.
const MIN_SAMPLE_BYTES: usize = 2;

/// Why a blob is not samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It ends in the middle.
    #[error("ends in the middle of a sample")]
    Truncated,
    /// It was written by a newer host.
    #[error("has the sample format {0}, and this version reads {VERSION}")]
    Version(u8),
    /// Its bytes are not those that were written.
    #[error("does not match its checksum")]
    Checksum,
    /// A number does not fit its field.
    #[error("holds a number that is too large")]
    Overflow,
    /// More than there can be.
    #[error("holds {0} samples, more than its process has")]
    TooMany(usize),
    /// Counts and lengths contradict each other.
    #[error("holds counts that contradict each other")]
    Count,
}

/// Packs samples. Every list of samples can be packed.
#[must_use]
pub fn pack(samples: &[Sample]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + samples.len() * 6);
    let counted = counted(samples);
    out.push(match counted.is_empty() {
        true => VERSION_WITHOUT_COUNTS,
        false => VERSION,
    });
    put(&mut out, samples.len() as u64);
    put_runs(&mut out, samples.iter().map(|s| s.iterations));
    let mut before = 0;
    for sample in samples {
        put(&mut out, zigzag(sample.wall_ns.wrapping_sub(before)));
        before = sample.wall_ns;
    }
    for sample in samples {
        put(&mut out, zigzag(sample.wall_ns.wrapping_sub(sample.cpu_ns)));
    }
    put_runs(&mut out, samples.iter().map(|s| u64::from(s.switches)));
    put_runs(&mut out, samples.iter().map(|s| u64::from(s.waits)));
    if !counted.is_empty() {
        put(&mut out, counted.len() as u64);
    }
    for (place, metric) in counted {
        put(&mut out, place as u64);
        for sample in samples {
            put(&mut out, sample.counts.get(metric).unwrap_or(0));
        }
    }
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Unpacks samples; exactly what [`pack`] was given, or an error.
///
/// # Errors
/// For every blob that `pack` did not write.
pub fn unpack(blob: &[u8]) -> Result<Vec<Sample>, PackError> {
    unpack_at_most(blob, usize::MAX)
}

/// The same of no more samples than `samples_max`: two bytes can stand for one of fifty-six.
///
/// # Errors
/// As [`unpack`], and before anything is allocated if there are more.
pub(crate) fn unpack_at_most(blob: &[u8], samples_max: usize) -> Result<Vec<Sample>, PackError> {
    let version = *blob.first().ok_or(PackError::Truncated)?;
    if !(VERSION_WITHOUT_WAITS..=VERSION).contains(&version) {
        return Err(PackError::Version(version));
    }
    let (body, crc) = blob
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(PackError::Truncated)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
        return Err(PackError::Checksum);
    }
    let mut rest = body.get(1..).ok_or(PackError::Truncated)?;
    let count = usize::try_from(take(&mut rest)?).map_err(|_| PackError::Overflow)?;
    if count > rest.len() / MIN_SAMPLE_BYTES {
        return Err(PackError::Count);
    }
    if count > samples_max {
        return Err(PackError::TooMany(count));
    }
    let mut samples = vec![
        Sample {
            iterations: 0,
            wall_ns: 0,
            cpu_ns: 0,
            switches: 0,
            waits: 0,
            counts: Default::default(),
        };
        count
    ];
    take_runs(&mut rest, &mut samples, |sample, value| {
        sample.iterations = value;
        Ok(())
    })?;
    let mut before = 0_u64;
    for sample in &mut samples {
        before = before.wrapping_add(unzigzag(take(&mut rest)?));
        sample.wall_ns = before;
    }
    for sample in &mut samples {
        sample.cpu_ns = sample.wall_ns.wrapping_sub(unzigzag(take(&mut rest)?));
    }
    take_runs(&mut rest, &mut samples, |sample, value| {
        sample.switches = u32::try_from(value).map_err(|_| PackError::Overflow)?;
        Ok(())
    })?;
    if version != VERSION_WITHOUT_WAITS {
        take_runs(&mut rest, &mut samples, |sample, value| {
            sample.waits = u32::try_from(value).map_err(|_| PackError::Overflow)?;
            Ok(())
        })?;
    }
    if version == VERSION {
        take_counts(&mut rest, &mut samples)?;
    }
    if rest.is_empty() {
        Ok(samples)
    } else {
        Err(PackError::Count)
    }
}

/// The counters that counted in any of the samples, with their places.
fn counted(samples: &[Sample]) -> Vec<(usize, Metric)> {
    let has = |metric| {
        samples
            .iter()
            .any(|sample| sample.counts.get(metric).is_some())
    };
    let counters = COUNTERS.into_iter().enumerate();
    counters.filter(|(_, metric)| has(*metric)).collect()
}

fn take_counts(rest: &mut &[u8], samples: &mut [Sample]) -> Result<(), PackError> {
    for _ in 0..take(rest)? {
        let place = usize::try_from(take(rest)?).map_err(|_| PackError::Overflow)?;
        let metric = COUNTERS.get(place).ok_or(PackError::Count)?;
        for sample in &mut *samples {
            let counted = [(*metric, take(rest)?)];
            sample.counts = sample.counts.iter().chain(counted).collect();
        }
    }
    Ok(())
}

fn zigzag(difference: u64) -> u64 {
    let signed = difference.cast_signed();
    ((signed << 1) ^ (signed >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> u64 {
    (value >> 1) ^ (value & 1).wrapping_neg()
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, PackError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or(PackError::Truncated)?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return Err(PackError::Overflow);
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(PackError::Overflow)
}

fn put_runs(out: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let mut run: Option<(u64, u64)> = None;
    for value in values {
        match &mut run {
            Some((current, length)) if *current == value => *length += 1,
            _ => {
                if let Some((current, length)) = run {
                    put(out, current);
                    put(out, length);
                }
                run = Some((value, 1));
            }
        }
    }
    if let Some((current, length)) = run {
        put(out, current);
        put(out, length);
    }
}

fn take_runs(
    rest: &mut &[u8],
    mut samples: &mut [Sample],
    set: impl Fn(&mut Sample, u64) -> Result<(), PackError>,
) -> Result<(), PackError> {
    while !samples.is_empty() {
        let value = take(rest)?;
        let length = usize::try_from(take(rest)?).map_err(|_| PackError::Overflow)?;
        if length == 0 {
            return Err(PackError::Count);
        }
        let (run, after) = samples
            .split_at_mut_checked(length)
            .ok_or(PackError::Count)?;
        for sample in run {
            set(sample, value)?;
        }
        samples = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
