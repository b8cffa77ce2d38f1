//! What was counted and not timed: memory over the metered pass, and fuel per iteration as the
//! batches grew.

use maud::{Markup, html};

use super::axis::{Axis, Path, Unit, WIDTH, lines_across, names_at_left, picture, share};
use super::words;
use dyno_model::{Count, CountBatch, CountMethod, MemoryProfile};
use dyno_wording::{advice, amount, bytes, duration};

const HEIGHT: f64 = 110.0;

/// Time beyond the last growth, as a part of the chart: the profile does not say how long the pass
/// went on.
const TAIL: f64 = 0.12;

/// Memory and fuel beside each other.
pub(super) fn section(count: &Count) -> Markup {
    html! {
        (memory(&count.memory))
        (fuel(count))
    }
}

fn memory(profile: &MemoryProfile) -> Markup {
    let level = |value: u64| bytes(value as f64);
    html! {
        figure.level {
            figcaption { "Memory of the guest" }
            @if profile.growth.is_empty() {
                p { (level(profile.peak_bytes)) ", and it never grew." }
            } @else {
                (timeline(profile))
                p { (level(profile.baseline_bytes)) " at start, " b { (level(profile.peak_bytes)) " peak" } ", "
                    (level(profile.released_bytes)) " after release, " (bytes(profile.mean_bytes)) " mean" }
            }
            @for advice in advice::memory(profile) { p.advice { b { "Hint: " } (advice) "." } }
        }
    }
}

/// Memory as it grew, with the level after release at the end.
fn timeline(profile: &MemoryProfile) -> Markup {
    let end = profile
        .growth
        .iter()
        .map(|growth| growth.at_ns)
        .max()
        .unwrap_or_default() as f64;
    let end = end.max(1.0) / (1.0 - TAIL);
    let axis = Axis {
        lower: 0.0,
        upper: (profile.peak_bytes as f64).max(1.0) * 1.08,
    };
    let y = |bytes: f64| (1.0 - axis.at(bytes)) * HEIGHT;
    let mut path = Path::default();
    let mut level = profile.baseline_bytes as f64;
    path.start(0.0, y(level));
    for growth in &profile.growth {
        let x = growth.at_ns as f64 / end * WIDTH;
        path.line(x, y(level));
        level = growth.bytes as f64;
        path.line(x, y(level));
    }
    path.line(WIDTH, y(level));
    let line = path.data();
    let ticks = axis.ticks(3, Unit::Bytes);
    let area = format!("{line}V{HEIGHT}H0z");
    let mean = format!("{:.0}", y(profile.mean_bytes));
    html! {
        svg.plot height=(HEIGHT + 20.0) role="img" aria-label="Memory over time" {
            (picture(HEIGHT, HEIGHT, html! { (lines_across(&ticks, HEIGHT)) path.area d=(area) {} path d=(line) {} }))
            (names_at_left(&ticks, HEIGHT))
            line.mean x2="100%" y1=(mean) y2=(mean) {}
            text.last x=(share(1.0)) y=(mean) dy="-4" { "mean" }
            circle.released cx="100%" cy=(format!("{:.0}", y(profile.released_bytes as f64))) r="4" {}
            text x="0" y=(HEIGHT + 14.0) { "0" }
            text.last x="100%" y=(HEIGHT + 14.0) { "last growth at " (duration(end * (1.0 - TAIL))) " · released" }
        }
    }
}

fn fuel(count: &Count) -> Markup {
    // Equal passes are the rule, and one line says it.
    let are_equal = count
        .passes
        .windows(2)
        .all(|pair| pair[0].batches == pair[1].batches);
    let shown = if are_equal {
        &count.passes[..count.passes.len().min(1)]
    } else {
        &count.passes[..]
    };
    html! {
        figure {
            figcaption { "Fuel per iteration" small { " by batch" } }
            @for (i, pass) in shown.iter().enumerate() {
                p {
                    @if !are_equal { "pass " (i + 1) ": " }
                    (pass.batches.iter().map(batch).collect::<Vec<_>>().join(" · "))
                }
            }
            p.note { (method(count)) }
        }
    }
}

fn batch(batch: &CountBatch) -> String {
    let fuel = batch.fuel as f64 / batch.iterations.max(1) as f64;
    format!(
        "{} × {}",
        amount(batch.iterations as f64),
        amount((fuel * 1000.0).round() / 1000.0)
    )
}

fn method(count: &Count) -> String {
    let how = match count.method {
        CountMethod::Slope => "from the two largest batches",
        CountMethod::Single => "of a single, long iteration",
    };
    let agree = if count.deterministic {
        "passes equal"
    } else {
        "the passes differ"
    };
    let settled = if count.settled {
        ""
    } else {
        "; not settled within 0.1 %"
    };
    format!(
        "{} {how}; {agree}{settled}; {} untimed",
        amount(count.fuel_per_iteration),
        words::percent(count.untimed_share)
    )
}
