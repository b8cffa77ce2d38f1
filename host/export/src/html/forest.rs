//! Changes with their intervals on one scale, against the zone of what is equivalent and the
//! threshold of the gate: a forest plot. It is a list, whose every row says in words what its
//! picture shows.

use maud::{Markup, html};

use super::axis::share;
use super::words;
use dyno_model::{Change, Rules, Verdict, word};

/// Changes of which the axis names some, as a part of the base: dense where most are.
const NAMED: [f64; 17] = [
    -0.9, -0.75, -0.5, -0.3, -0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
    4.0,
];

/// Two names closer than this would touch, as a part of the width of a narrow chart.
const GAP_MIN: f64 = 0.16;

/// The axis reaches to a change of this size at most, in natural logarithms: to a fifth and to five
/// times.
const REACH_MAX: f64 = 1.61;

/// One row.
pub(super) struct Row<'a> {
    /// What stands at the left.
    pub(super) name: Markup,
    /// The change that is drawn.
    pub(super) change: &'a Change,
    /// What decides over colour and sign.
    pub(super) verdict: Verdict,
}

/// The chart.
pub(super) fn chart(rows: &[Row<'_>], rules: &Rules, label: &str) -> Markup {
    let axis = Scale::over(rows, rules);
    html! {
        div.forest {
            (head(axis))
            ol aria-label=(label) {
                @for row in rows {
                    li class=(word(&row.verdict)) {
                        span.name { (row.name) }
                        (picture(row, axis, rules))
                        span.value {
                            b { (words::change(row.change.ratio)) }
                            " " small { (interval(row.change)) }
                        }
                        span.word { (words::badge(row.verdict)) }
                    }
                }
            }
        }
    }
}

/// Both ends of a change's interval; `exact` if it was counted.
pub(super) fn interval(change: &Change) -> String {
    if change.pairs == 0 {
        return "counted".into();
    }
    format!(
        "{} to {}",
        words::change(change.lower),
        words::change(change.upper)
    )
}

/// A symmetric scale of logarithms: a half lies as far to the left as the double to the right.
#[derive(Clone, Copy)]
struct Scale {
    reach: f64,
}

impl Scale {
    fn over(rows: &[Row<'_>], rules: &Rules) -> Self {
        let least = (1.0 + rules.threshold).ln() * 1.3;
        let ends = rows
            .iter()
            .flat_map(|row| [row.change.lower, row.change.upper, row.change.ratio]);
        let widest = ends
            .filter(|ratio| *ratio > 0.0)
            .map(|ratio| ratio.ln().abs() * 1.08);
        Self {
            reach: widest.fold(least, f64::max).clamp(0.02, REACH_MAX),
        }
    }

    /// Where a ratio stands, 0 to 1, and whether that is beyond the axis.
    fn at(self, ratio: f64) -> (f64, bool) {
        let log = ratio.max(f64::MIN_POSITIVE).ln();
        (
            (0.5 + 0.5 * log / self.reach).clamp(0.0, 1.0),
            log.abs() > self.reach,
        )
    }

    fn share(self, ratio: f64) -> String {
        share(self.at(ratio).0)
    }

    /// What the axis names: no change first, then what is farthest out, as long as there is room.
    fn names(self) -> Vec<(f64, f64)> {
        let mut names: Vec<(f64, f64)> = Vec::new();
        let mut wanted = NAMED.to_vec();
        wanted.sort_by(|a, b| {
            (*a != 0.0, b.abs())
                .partial_cmp(&(*b != 0.0, a.abs()))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        for change in wanted {
            let (at, is_beyond) = self.at(1.0 + change);
            let is_free = names.iter().all(|(_, other)| (other - at).abs() >= GAP_MIN);
            if !is_beyond && is_free && (0.03..=0.97).contains(&at) {
                names.push((change, at));
            }
        }
        names
    }
}

fn head(scale: Scale) -> Markup {
    html! {
        div.head aria-hidden="true" {
            span.name { "◂ faster" }
            svg.plot height="20" {
                @for (change, at) in scale.names() {
                    text x=(share(at)) y="14" { (tick(change)) }
                }
            }
            span.value { "slower ▸" }
            span.word {}
        }
    }
}

fn tick(change: f64) -> String {
    match change {
        0.0 => "0".into(),
        _ if change < 0.0 => format!("−{}", words::percent(-change)),
        _ => format!("+{}", words::percent(change)),
    }
}

fn picture(row: &Row<'_>, scale: Scale, rules: &Rules) -> Markup {
    let change = row.change;
    let (zone, zone_end) = (
        scale.at(1.0 - rules.equivalence).0,
        scale.at(1.0 + rules.equivalence).0,
    );
    let threshold = scale.share(1.0 + rules.threshold);
    let ((lower, is_left), (upper, is_right)) = (scale.at(change.lower), scale.at(change.upper));
    html! {
        span.strip { svg.plot aria-hidden="true" {
            rect.zone x=(share(zone)) width=(share(zone_end - zone)) height="100%" {}
            line.zero x1=(share(0.5)) x2=(share(0.5)) y2="100%" {}
            line.threshold x1=(threshold) x2=(threshold) y2="100%" {}
            line.whisker x1=(share(lower)) x2=(share(upper)) y1="50%" y2="50%" {}
            @if is_left { text.arrow x="0" y="50%" dy="4" { "◂" } }
            @if is_right { text.arrow.last x="100%" y="50%" dy="4" { "▸" } }
            circle cx=(scale.share(change.ratio)) cy="50%" r="5" {}
        } }
    }
}

/// What the marks of the chart mean.
pub(super) fn legend(rules: &Rules) -> Markup {
    html! {
        p.legend {
            span.key.zone {} "equivalent: within " (words::percent(rules.equivalence)) " "
            span.key.threshold {} "threshold: +" (words::percent(rules.threshold)) " "
            span.key.whisker {} (words::percent(rules.confidence)) " interval of the change"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_symmetric_and_its_names_do_not_touch() {
        for reach in [0.02, 0.13, 0.3, 0.8, REACH_MAX] {
            let scale = Scale { reach };
            assert_eq!(scale.at(1.0), (0.5, false));
            let ((left, _), (right, _)) = (scale.at(0.99), scale.at(1.0 / 0.99));
            assert!((left + right - 1.0).abs() < 1e-12);
            assert_eq!(scale.at(1e9), (1.0, true));
            assert_eq!(scale.at(-1.0), (0.0, true));
            let names = scale.names();
            assert!(names.contains(&(0.0, 0.5)));
            for (i, (_, a)) in names.iter().enumerate() {
                assert!(names[..i].iter().all(|(_, b)| (a - b).abs() >= GAP_MIN));
            }
        }
    }
}
