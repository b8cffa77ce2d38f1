//! The limits on memory and CPU time.

use nix::libc;

use super::{Confinement, confined, output_of, passes, run, told};

/// What one linear memory reserves.
const RESERVATION: usize = 4 << 30;

fn map(bytes: usize, protection: i32) -> Option<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
    #[allow(unsafe_code)]
    let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    (address != libc::MAP_FAILED).then_some(address.cast())
}

fn make_writable(address: *mut u8, bytes: usize) -> bool {
    // SAFETY: only called on a mapping made by `map`.
    #[allow(unsafe_code)]
    let done = unsafe { libc::mprotect(address.cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) };
    done == 0
}

#[test]
fn reservations_are_not_counted_and_writable_pages_are() {
    passes("reservations");
}

pub(super) fn reservations() {
    confined(&Confinement::run(128 << 20));
    let reserved: Vec<*mut u8> = (0..64)
        .map(|n| map(RESERVATION, libc::PROT_NONE).unwrap_or_else(|| panic!("reservation {n}")))
        .collect();
    // 32 of them may hold 1 MiB each; then one asks for more than the limit.
    for address in &reserved[..32] {
        assert!(make_writable(*address, 1 << 20));
        // SAFETY: the page was made writable in the line above.
        #[allow(unsafe_code)]
        unsafe {
            address.write(1)
        };
    }
    assert!(
        !make_writable(reserved[32], 128 << 20),
        "128 MiB more became writable"
    );
    // In small steps, as a guest grows its memory: the sum counts, over all mappings.
    let steps = (1..)
        .find(|steps| !make_writable(reserved[33], steps << 20))
        .unwrap();
    assert!(
        steps < 96,
        "{steps} MiB became writable beside 32 MiB and the worker's own"
    );
}

#[test]
fn allocations_beyond_the_limit_on_data_fail() {
    passes("data-limit");
}

pub(super) fn data_limit() {
    confined(&Confinement::run(64 << 20));
    assert!(map(32 << 20, libc::PROT_READ | libc::PROT_WRITE).is_some());
    assert!(map(64 << 20, libc::PROT_READ | libc::PROT_WRITE).is_none());
    let mut vector = Vec::<u8>::new();
    assert!(vector.try_reserve_exact(64 << 20).is_err());
    assert!(vector.try_reserve_exact(1 << 20).is_ok());
}

#[test]
fn reservations_beyond_the_limit_on_address_space_fail() {
    passes("address-space-limit");
}

pub(super) fn address_space_limit() {
    confined(&Confinement::compile(1 << 30, 10_000));
    assert!(map(256 << 20, libc::PROT_READ | libc::PROT_WRITE).is_some());
    assert!(map(1 << 30, libc::PROT_NONE).is_none());
    assert!(Vec::<u8>::new().try_reserve_exact(1 << 30).is_err());
}

#[test]
fn cpu_time_beyond_the_limit_ends_the_process() {
    let place = tempfile::tempdir().unwrap();
    let output = output_of("cpu-limit", place.path());
    assert_eq!(
        output.status.code(),
        Some(128 + libc::SIGXCPU),
        "{}",
        told(&output)
    );
}

pub(super) fn cpu_limit() {
    confined(&Confinement {
        cpu_ms: Some(1),
        ..run()
    });
    let mut n = 0_u64;
    // Some thirty seconds: an end, should the limit not work.
    while std::hint::black_box(n) < 100_000_000_000 {
        n += 1;
        if n.is_multiple_of(1_000_000) && cpu_seconds() > 30 {
            break;
        }
    }
    println!("survived");
}

fn cpu_seconds() -> i64 {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
    usage.user_time().tv_sec()
}
