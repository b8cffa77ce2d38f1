//! Hands the host as much as the limits allow in every case: the supervisor must hold out, however
//! many cases there are.

use std::hint::black_box;
use std::io::Write as _;

use dyno_guest::{Measured, SplitMix64, Suite, plugin};

/// What one host call may copy is 1 MiB, and so is what a case may write.
const NEARLY_A_MIB: usize = 1_000_000;

/// Four kinds of it: as many cases as a plugin may list.
const CASES: usize = 250;

fn suite(s: &mut Suite) {
    for number in 0..CASES {
        s.bench(format!("output/{number}"), |b| {
            std::io::stdout().write_all(&text())?;
            Ok::<_, std::io::Error>(b.iter(work))
        });
        s.bench(format!("error/{number}"), |_| {
            Err::<Measured, _>(String::from_utf8_lossy(&text()).into_owned())
        });
        s.bench(format!("growth/{number}"), |b| {
            #[cfg(target_arch = "wasm32")]
            for _ in 0..3500 {
                core::arch::wasm32::memory_grow(0, 1);
            }
            b.iter(work)
        });
        s.bench(format!("samples/{number}"), |b| {
            // Slow once, so that one iteration seems to make a sample; then fast, and never twice
            // the same, so that no interval becomes narrow.
            let mut random = SplitMix64::new(1);
            let mut times = 100_000_000;
            b.iter(|| {
                let spun = spin(times);
                times = random.below(1000).into();
                spun
            })
        });
    }
}

/// Letters, which JSON leaves as they are.
fn text() -> Vec<u8> {
    vec![b'x'; NEARLY_A_MIB]
}

fn work() -> u64 {
    spin(1000)
}

fn spin(times: u64) -> u64 {
    (0..black_box(times)).fold(0, |sum, number| sum ^ black_box(number)) & 1
}

plugin!(suite);
