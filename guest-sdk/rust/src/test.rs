//! Runs a suite natively, so that its cases can be tested with `cargo test` before they are
//! measured. A small stand-in for the host asks for a few batches and watches that the contract is
//! kept; it measures nothing.
//!
//! ```
//! use dyno_guest::Suite;
//!
//! fn suite(s: &mut Suite) {
//!     s.case("sum/100").expected(4950).run(|b| b.iter(|| (0..100u64).sum::<u64>()));
//! }
//!
//! // In a `#[test]`:
//! assert_eq!(dyno_guest::test::run_all(suite), Ok(vec![("sum/100".to_string(), 4950)]));
//! ```

use crate::host;
use crate::suite::{Case, Suite};

/// The iterations of the batches that a case is asked for.
pub const BATCHES: [u64; 3] = [1, 3, 10];

/// The cases that `suite` registers, as the host would list them.
pub fn cases(suite: impl FnOnce(&mut Suite)) -> Vec<Case> {
    Suite::list(suite)
}

/// Runs the case `name` for a few batches and returns its checksum.
///
/// # Errors
/// What the host would fail the case for: an error of its own, a checksum that changes between
/// batches or is not the expected one, a name that is not registered or is registered twice.
pub fn run(suite: impl Fn(&mut Suite), name: &str) -> Result<u64, String> {
    run_case(&cases(&suite), name, || Suite::run(&suite, name))
}

/// Runs every case, and returns the name and the checksum of each.
///
/// # Errors
/// The first failure, as of [`run`], with the name of its case.
pub fn run_all(suite: impl Fn(&mut Suite)) -> Result<Vec<(String, u64)>, String> {
    run_each(cases(&suite), |name| Suite::run(&suite, name))
}

/// [`run_all`] for whatever lists `cases` and runs one by its name.
pub(crate) fn run_each(
    cases: Vec<Case>,
    run: impl Fn(&str) -> Result<(), String>,
) -> Result<Vec<(String, u64)>, String> {
    let mut checksums = Vec::new();
    for Case { name, .. } in &cases {
        match run_case(&cases, name, || run(name)) {
            Ok(checksum) => checksums.push((name.clone(), checksum)),
            Err(message) => return Err(format!("{name}: {message}")),
        }
    }
    Ok(checksums)
}

/// Drives `run`, which runs the case `name` of `cases`, and checks what it computed.
fn run_case(
    cases: &[Case],
    name: &str,
    run: impl FnOnce() -> Result<(), String>,
) -> Result<u64, String> {
    let mut named = cases.iter().filter(|case| case.name == name);
    let expected = named.next().and_then(|case| case.expected);
    if named.next().is_some() {
        return Err(format!("two cases are named {name:?}"));
    }
    let checksums = host::drive(&BATCHES, run)?;
    let checksum = checksums.first().copied().unwrap_or_default();
    if checksums.iter().any(|other| *other != checksum) {
        return Err(format!(
            "nondeterministic: the batches' checksums are {checksums:#x?}"
        ));
    }
    match expected {
        Some(expected) if expected != checksum => Err(format!(
            "the checksum is {checksum:#x} where {expected:#x} was expected"
        )),
        _ => Ok(checksum),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::suite::Throughput;

    fn suite(s: &mut Suite) {
        s.case("sum/10")
            .description("Adds the numbers below 10")
            .group("sum")
            .param("numbers", 10)
            .param("order", "ascending")
            .throughput_elements(10)
            .expected(45)
            .run(|b| b.iter(|| (0..10u64).sum::<u64>()));
        s.bench("bare", |b| b.iter(|| "text"));
    }

    #[test]
    fn cases_are_listed_with_all_that_was_said_of_them() {
        let sum = Case {
            name: "sum/10".into(),
            description: "Adds the numbers below 10".into(),
            group: Some("sum".into()),
            params: vec![
                ("numbers".into(), "10".into()),
                ("order".into(), "ascending".into()),
            ],
            throughput: Some(Throughput::Elements(10)),
            expected: Some(45),
        };
        let bare = Case {
            name: "bare".into(),
            ..Case::default()
        };
        assert_eq!(cases(suite), [sum, bare]);
    }

    #[test]
    fn cases_run_by_name() {
        assert_eq!(run(suite, "sum/10"), Ok(45));
        assert_eq!(
            run(suite, "none"),
            Err("there is no case named \"none\"".into())
        );
    }

    #[test]
    fn failures_are_told() {
        let wrong = |s: &mut Suite| s.case("wrong").expected(1).run(|b| b.iter(|| 2u8));
        assert_eq!(
            run_all(wrong),
            Err("wrong: the checksum is 0x2 where 0x1 was expected".into())
        );
        let twice = |s: &mut Suite| {
            s.bench("twice", |b| b.iter(|| ()));
            s.bench("twice", |b| b.iter(|| ()));
        };
        assert_eq!(
            run(twice, "twice"),
            Err("two cases are named \"twice\"".into())
        );
        let changing = |s: &mut Suite| {
            s.bench("changing", |b| {
                let count = Cell::new(0u32);
                b.iter(|| count.replace(count.get() + 1))
            });
        };
        assert!(
            run(changing, "changing").is_err_and(|message| message.starts_with("nondeterministic"))
        );
    }

    /// What the other cases of a plugin need to find their throughput would otherwise be counted
    /// as memory of the case that runs.
    #[test]
    fn throughput_is_computed_for_the_list_only() {
        thread_local!(static COMPUTED: Cell<u32> = const { Cell::new(0) });
        let register = |s: &mut Suite| {
            s.case("case")
                .throughput_with(|| {
                    COMPUTED.set(COMPUTED.get() + 1);
                    Throughput::Bytes(7)
                })
                .run(|b| b.iter(|| ()));
        };
        assert_eq!(cases(register)[0].throughput, Some(Throughput::Bytes(7)));
        assert_eq!(COMPUTED.get(), 1);
        assert!(Suite::run(register, "none").is_err());
        assert_eq!(COMPUTED.get(), 1);
    }
}
