use super::*;
use proptest::prelude::*;

fn any_sample() -> impl Strategy<Value = Sample> {
    let edge = || prop_oneof![Just(0), Just(u64::MAX), 0..300_u64, any::<u64>()];
    let times = prop_oneof![Just(0), any::<u32>()];
    let counts = [edge(), edge()];
    (edge(), edge(), edge(), times.clone(), times, counts).prop_map(
        |(iterations, wall_ns, cpu_ns, switches, waits, counts)| Sample {
            iterations,
            wall_ns,
            cpu_ns,
            switches,
            waits,
            counts: COUNTERS.into_iter().zip(counts).collect(),
        },
    )
}

/// A body with a CRC that fits, as an attacker would send it.
fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let crc = crc32fast::hash(&body);
    body.extend_from_slice(&crc.to_le_bytes());
    body
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(samples in prop::collection::vec(any_sample(), 0..200)) {
        prop_assert_eq!(unpack(&pack(&samples)), Ok(samples));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(unpack(&bytes).is_err());
    }

    #[test]
    fn hostile_bytes_with_a_good_checksum_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut body = vec![VERSION];
        body.extend(bytes);
        if let Ok(samples) = unpack(&sealed(body.clone())) {
            prop_assert!(samples.len() <= body.len() / MIN_SAMPLE_BYTES);
        }
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_seen(
        samples in prop::collection::vec(any_sample(), 1..20),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let blob = pack(&samples);
        let at = at.index(blob.len());
        prop_assert!(unpack(&blob[..at]).is_err());
        let mut flipped = blob.clone();
        flipped[at] ^= 1 << bit;
        prop_assert!(unpack(&flipped).is_err());
    }
}

#[test]
fn a_count_that_cannot_be_there_is_refused_before_allocating() {
    // 2^60 samples in one run of each column: allocating them would be 32 EiB.
    let mut body = vec![VERSION_WITHOUT_COUNTS];
    put(&mut body, 1 << 60);
    put(&mut body, 7);
    put(&mut body, 1 << 60);
    assert_eq!(unpack(&sealed(body)), Err(PackError::Count));
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn contradictions_are_refused() {
    let two = [Sample {
        iterations: 3,
        wall_ns: 9,
        cpu_ns: 8,
        switches: 0,
        waits: 1,
        counts: Default::default(),
    }; 2];
    let body = |blob: Vec<u8>| blob[..blob.len() - CRC_BYTES].to_vec();
    let good = body(pack(&two));
    assert_eq!(
        good,
        [2, 2, 3, 2, 18, 0, 2, 2, 0, 2, 1, 2],
        "the layout of version 2"
    );
    let old = two.map(|sample| Sample { waits: 0, ..sample });
    let version_1 = sealed(vec![1, 2, 3, 2, 18, 0, 2, 2, 0, 2]);
    assert_eq!(unpack(&version_1), Ok(old.to_vec()));
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        unpack(&sealed(bad))
    };
    assert_eq!(with(0, 4), Err(PackError::Version(4)));
    assert_eq!(with(0, 3), Err(PackError::Truncated), "counters follow");
    let more = |more: &[u8]| unpack(&sealed([&[3], &good[1..], more].concat()));
    let counted = |counts: [u64; 2]| {
        let counts = counts.map(|count| [(COUNTERS[0], count)].into_iter().collect());
        let mut counted = two;
        for (sample, counts) in counted.iter_mut().zip(counts) {
            sample.counts = counts;
        }
        counted.to_vec()
    };
    assert_eq!(more(&[1, 0, 5, 0]), Ok(counted([5, 0])), "version 3");
    assert_eq!(
        pack(&counted([5, 0])),
        sealed([&[3], &good[1..], &[1, 0, 5, 0]].concat())
    );
    assert_eq!(
        more(&[1, 99, 5, 0]),
        Err(PackError::Count),
        "no such counter"
    );
    assert_eq!(more(&[1, 0, 5]), Err(PackError::Truncated));
    assert_eq!(
        more(&[9, 0, 5, 0]),
        Err(PackError::Truncated),
        "not so many"
    );
    assert_eq!(
        with(3, 0),
        Err(PackError::Count),
        "an empty run would never end"
    );
    assert_eq!(
        with(3, 3),
        Err(PackError::Count),
        "a run longer than the list"
    );
    let mut trailing = good.clone();
    trailing.push(0);
    assert_eq!(unpack(&sealed(trailing)), Err(PackError::Count));
    let tenth_byte_too_big = [vec![VERSION], vec![0xff; 9], vec![2]].concat();
    assert_eq!(
        unpack(&sealed(tenth_byte_too_big)),
        Err(PackError::Overflow)
    );
    let eleven = [vec![VERSION], vec![0xff; 11], vec![0]].concat();
    assert_eq!(unpack(&sealed(eleven)), Err(PackError::Overflow));
    assert_eq!(unpack(&[]), Err(PackError::Truncated));
    assert_eq!(unpack(&[VERSION]), Err(PackError::Truncated));
}

#[test]
fn realistic_samples_take_a_sixth() {
    let samples: Vec<Sample> = (0..1000_u64)
        .map(|i| {
            let wall_ns = 5_000_000 + (i * 7919) % 50_000;
            Sample {
                iterations: 4096,
                wall_ns,
                cpu_ns: wall_ns - 120 - i % 50,
                switches: u32::from(i % 200 == 0),
                waits: 0,
                counts: Default::default(),
            }
        })
        .collect();
    let bytes = pack(&samples).len();
    assert!(bytes < 1000 * size_of::<Sample>() / 6, "{bytes}");
}
