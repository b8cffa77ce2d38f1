//! The processes of a case as a table: what the charts show, in numbers, and what no chart shows.

use maud::{Markup, html};

use super::samples::{Samples, Series, Side};
use super::words::counted;
use dyno_model::Process;
use dyno_stats as stats;
use dyno_stats::Outliers;
use dyno_wording::{duration, sentence};

/// The table, and what its outliers are.
pub(super) fn table(samples: &Samples<'_>, failed: &[&Process]) -> Markup {
    html! {
        details.more {
            summary { "Processes" small { " " (outlier_words(samples)) } }
            table {
                thead { tr { @for head in HEADS { th scope="col" { (head) } } } }
                tbody { @for (i, series) in samples.series.iter().enumerate() { (row(series, i)) } }
            }
            @for process in failed {
                p.note { "A process of block " (process.block + 1) " failed: " (super::words::shown(&sentence(&process.outcome))) }
            }
        }
    }
}

const HEADS: [&str; 4] = ["process", "median", "outliers", "first iteration"];

fn row(series: &Series<'_>, index: usize) -> Markup {
    let Series { process, times, .. } = series;
    html! {
        tr {
            th scope="row" { (name(series, index)) }
            td { (duration(stats::median(times).unwrap_or_default())) }
            td { (stats::outliers(times).map(Outliers::total).unwrap_or_default()) " of " (times.len()) }
            td { (duration(process.first_iteration_ns as f64)) }
        }
    }
}

fn name(series: &Series<'_>, index: usize) -> String {
    let number = index + 1;
    let block = series.process.block + 1;
    let confirming = if series.process.confirming {
        ", confirming"
    } else {
        ""
    };
    match series.side {
        Side::Only => format!("{number}{confirming}"),
        Side::Base => format!("{number} base, block {block}{confirming}"),
        Side::Candidate => format!("{number} candidate, block {block}{confirming}"),
    }
}

/// Each process has its own fences: what is usual in one may be rare in another.
fn outlier_words(samples: &Samples<'_>) -> String {
    let mut sum = Outliers::default();
    for found in samples
        .series
        .iter()
        .filter_map(|series| stats::outliers(&series.times))
    {
        sum.low_severe += found.low_severe;
        sum.low_mild += found.low_mild;
        sum.high_mild += found.high_mild;
        sum.high_severe += found.high_severe;
    }
    let kinds = [
        (sum.low_severe, "low severe"),
        (sum.low_mild, "low mild"),
        (sum.high_mild, "high mild"),
        (sum.high_severe, "high severe"),
    ];
    let kinds: Vec<String> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    let count = counted(samples.count(), "sample", "samples");
    if kinds.is_empty() {
        format!("{count}, no outliers")
    } else {
        format!(
            "{count}, {} ({}); none dropped",
            counted(sum.total(), "outlier", "outliers"),
            kinds.join(", ")
        )
    }
}
