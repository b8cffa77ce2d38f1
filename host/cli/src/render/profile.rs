//! The tables of a profile: which functions use the fuel, and which are responsible for a change.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::columns::{Cell, Columns};
use super::{BOLD, DIM, GREEN, RED, Sink};
use dyno_analysis::profile::{Change, Difference, Profile};
use dyno_wording::escape;

/// Functions that are shown; the files have them all.
const ROWS: usize = 20;

/// Characters of a name that are shown: the rest of a line is for the numbers.
const NAME_CHARS: usize = 72;

/// Shows what functions used by themselves, per iteration, the largest first.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn profile(
    out: &mut Sink<impl Write>,
    plugin: &str,
    case: &str,
    profile: &Profile,
) -> io::Result<()> {
    let (total, iterations) = (profile.fuel, profile.iterations);
    head(out, plugin, case)?;
    writeln!(
        out,
        "  {DIM}{} fuel per iteration · {}{DIM:#}",
        each(total.into(), iterations),
        over(iterations)
    )?;
    let mut functions: Vec<_> = profile.by_name().into_iter().collect();
    functions.sort_by_key(|(_, usage)| Reverse(usage.fuel));
    let mut columns = Columns::new("  ", &["function", "fuel", "share", "calls", ""]);
    for (name, usage) in functions.iter().take(ROWS) {
        columns.row(vec![
            shown(name).into(),
            each(usage.fuel.into(), iterations).into(),
            share(usage.fuel.into(), total.into()).into(),
            each(usage.calls.into(), iterations).into(),
            "".into(),
        ]);
    }
    columns.write(out)?;
    let rest = functions
        .iter()
        .skip(ROWS)
        .map(|(_, usage)| i128::from(usage.fuel));
    more(out, functions.len(), rest.sum(), total.into())
}

/// Shows which functions are responsible for a change, per iteration, the largest change first.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn difference(
    out: &mut Sink<impl Write>,
    plugin: &str,
    case: &str,
    difference: &Difference,
) -> io::Result<()> {
    let (total, iterations) = (difference.fuel(), difference.iterations);
    head(out, plugin, case)?;
    writeln!(
        out,
        "  {DIM}{} → {} fuel per iteration, {}{} · {}{DIM:#}",
        each(difference.base_fuel.into(), iterations),
        each(difference.candidate_fuel.into(), iterations),
        signed(total, iterations),
        match difference.base_fuel {
            0 => String::new(),
            base => format!(" ({:+.2} %)", total as f64 / base as f64 * 100.0),
        },
        over(iterations)
    )?;
    if difference.changes.is_empty() {
        return writeln!(out, "  every function uses what it used before");
    }
    let headers = ["function", "base", "candidate", "change", "share", "calls"];
    let mut columns = Columns::new("  ", &headers);
    for change in difference.changes.iter().take(ROWS) {
        columns.row(row(change, total, iterations));
    }
    columns.write(out)?;
    let rest = difference.changes.iter().skip(ROWS).map(Change::fuel);
    more(out, difference.changes.len(), rest.sum(), total)
}

fn head(out: &mut Sink<impl Write>, plugin: &str, case: &str) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#} {}", escape(plugin), escape(case))
}

fn row(change: &Change, total: i128, iterations: u64) -> Vec<Cell> {
    let fuel = change.fuel();
    let style = if fuel > 0 { RED } else { GREEN };
    let calls = |calls: u64| each(calls.into(), iterations);
    let (before, after) = (change.base.calls, change.candidate.calls);
    vec![
        shown(&change.name).into(),
        each(change.base.fuel.into(), iterations).into(),
        each(change.candidate.fuel.into(), iterations).into(),
        Cell::styled(signed(fuel, iterations), style),
        share(fuel, total).into(),
        if before == after {
            calls(before).into()
        } else {
            format!("{} → {}", calls(before), calls(after)).into()
        },
    ]
}

/// What stands below the last row.
fn more(out: &mut Sink<impl Write>, all: usize, rest: i128, total: i128) -> io::Result<()> {
    match all.checked_sub(ROWS) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(
            out,
            "  {DIM}… {more} more functions, together {}{DIM:#}",
            share(rest, total)
        ),
    }
}

fn over(iterations: u64) -> String {
    match iterations {
        1 => "over 1 iteration".into(),
        more => format!("over {more} iterations"),
    }
}

fn shown(name: &str) -> String {
    let name = escape(name);
    match name.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// A total over all iterations, for one: a whole number if it is one.
fn each(total: i128, iterations: u64) -> String {
    let iterations = i128::from(iterations.max(1));
    if total % iterations == 0 {
        return (total / iterations).to_string();
    }
    format!("{:.3}", total as f64 / iterations as f64)
}

fn signed(total: i128, iterations: u64) -> String {
    let sign = if total > 0 { "+" } else { "" };
    format!("{sign}{}", each(total, iterations))
}

fn share(part: i128, total: i128) -> String {
    if total == 0 {
        return String::new();
    }
    format!("{:.2} %", part as f64 / total as f64 * 100.0)
}

#[cfg(test)]
#[path = "../../../analysis/src/profile/fixture.rs"]
mod fixture;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sink::plain;

    #[test]
    fn the_largest_stand_first_with_their_share_of_an_iteration() {
        let mut it = fixture::profile(2, &[("a", 10, 2), ("ab", 29, 4), ("ac", 1, 3)]);
        fixture::rename(&mut it, 0, "bad\u{1b}[2J");
        let text = plain(|out| profile(out, "p\n", "c\u{202e}", &it));
        assert_eq!(
            text,
            "p\\n c\\u{202e}\n  20 fuel per iteration · over 2 iterations\n\
             \x20 function        fuel    share  calls\n\
             \x20 b             14.500  72.50 %      2\n\
             \x20 bad\\u{1b}[2J       5  25.00 %      1\n\
             \x20 c              0.500   2.50 %  1.500\n"
        );
    }

    #[test]
    fn a_change_has_its_share_of_all_changes() {
        let base = fixture::profile(4, &[("a", 40, 4), ("ab", 80, 4), ("ac", 8, 4)]);
        let candidate = fixture::profile(4, &[("a", 40, 4), ("ab", 120, 8), ("ac", 4, 4)]);
        let it = Difference::between(&base, &candidate).unwrap();
        let text = plain(|out| difference(out, "p", "c", &it));
        assert_eq!(
            text,
            "p c\n  32 → 41 fuel per iteration, +9 (+28.12 %) · over 4 iterations\n\
             \x20 function  base  candidate  change     share  calls\n\
             \x20 b           20         30     +10  111.11 %  1 → 2\n\
             \x20 c            2          1      -1  -11.11 %  1\n"
        );
        let same = Difference::between(&base, &base).unwrap();
        let text = plain(|out| difference(out, "p", "c", &same));
        assert!(
            text.ends_with("  every function uses what it used before\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let stacks: Vec<String> = ('a'..='z').map(String::from).collect();
        let stacks: Vec<(&str, u64, u64)> = stacks.iter().map(|name| (&**name, 2, 1)).collect();
        let text = plain(|out| profile(out, "p", "c", &fixture::profile(1, &stacks)));
        assert!(
            text.ends_with("  … 6 more functions, together 23.08 %\n"),
            "{text}"
        );
    }
}
