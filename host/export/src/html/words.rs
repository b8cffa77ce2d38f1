//! Words and numbers of the page: what a verdict is called, how a change is written, and how a
//! stranger's text is shown.

use maud::{Markup, Render, html};

use dyno_model::{Change, Estimate, GateOutcome, Mark, Metric, Verdict, word};
use dyno_wording as wording;

/// A stranger's text: what cannot be seen is written out, and its direction stays its own.
pub(super) struct Guest<'a>(pub(super) &'a str);

impl Render for Guest<'_> {
    fn render_to(&self, buffer: &mut String) {
        html! { bdi { (shown(self.0)) } }.render_to(buffer);
    }
}

/// The same for places that take no element, such as an attribute or a title.
pub(super) fn shown(text: &str) -> String {
    wording::escape(text)
}

/// A stranger's text of many lines, the first `bytes_max` of it.
pub(super) fn block(text: &str, bytes_max: usize) -> Markup {
    let end = text.floor_char_boundary(bytes_max);
    html! {
        pre tabindex="0" { @for line in wording::lines(&text[..end]) { (line) "\n" } }
        @if end < text.len() {
            p.note { (wording::bytes((text.len() - end) as f64)) " more; the JSON export has all of it." }
        }
    }
}

/// Every verdict, what calls for a reader first.
pub(super) const VERDICTS: [Verdict; 7] = [
    Verdict::Regressed,
    Verdict::Unsure,
    Verdict::Improved,
    Verdict::Equivalent,
    Verdict::Identical,
    Verdict::New,
    Verdict::Gone,
];

/// A sign beside its colour.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Regressed => "▲",
        Verdict::Unsure => "?",
        Verdict::Improved => "▼",
        Verdict::Equivalent => "≈",
        Verdict::Identical => "=",
        Verdict::New => "+",
        Verdict::Gone => "−",
    }
}

/// A verdict with its sign and colour.
pub(super) fn badge(of: Verdict) -> Markup {
    html! { span class={ "badge " (word(&of)) } { (sign(of)) " " (word(&of)) } }
}

/// How a gate ended, in a word and the class of the verdict that looks the same.
pub(super) fn gate(outcome: GateOutcome) -> (&'static str, &'static str) {
    match outcome {
        GateOutcome::Passed => ("passed", "improved"),
        GateOutcome::Unsure => ("unsure", "unsure"),
        GateOutcome::Regressed => ("failed", "regressed"),
    }
}

/// Marks, each a link to what it means.
pub(super) fn marks(marks: &[Mark]) -> Markup {
    html! { @for mark in marks { a.mark href={ "#" (mark_anchor(*mark)) } { (wording::mark(*mark)) } " " } }
}

/// Where the page says what a mark means.
pub(super) fn mark_anchor(mark: Mark) -> String {
    wording::mark(mark).replace(' ', "-")
}

/// A value of a metric with its unit.
pub(super) fn value(metric: Metric, value: f64) -> String {
    wording::value(metric.spec().unit, value)
}

/// Both ends of an interval; nothing if it has no width.
pub(super) fn interval(metric: Metric, estimate: &Estimate) -> Option<String> {
    (estimate.lower < estimate.upper).then(|| {
        format!(
            "{} – {}",
            value(metric, estimate.lower),
            value(metric, estimate.upper)
        )
    })
}

/// A ratio as a change: `+12.3 %`, `−0.12 %`, `×3.40`. What is below a half of the last digit is `0
/// %`.
pub(super) fn change(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    let size = percent.abs();
    let sign = if percent < 0.0 { '−' } else { '+' };
    match size {
        _ if ratio == Change::FROM_NOTHING => "from 0".into(),
        _ if ratio >= 3.0 => format!("×{ratio:.2}"),
        _ if size < 0.005 => "0 %".into(),
        _ if size < 1.0 => format!("{sign}{size:.2} %"),
        _ if size < 99.95 => format!("{sign}{size:.1} %"),
        _ => format!("{sign}{size:.0} %"),
    }
}

/// A share as a percentage without needless zeros: `2 %`, `0.5 %`.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A number and its noun.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_as_exact_as_it_is_small() {
        for (ratio, shown) in [
            (1.0, "0 %"),
            (1.000_01, "0 %"),
            (1.001, "+0.10 %"),
            (0.9876, "−1.2 %"),
            (1.25, "+25.0 %"),
            (2.5, "+150 %"),
            (3.4, "×3.40"),
            (Change::FROM_NOTHING, "from 0"),
            (0.02, "−98.0 %"),
        ] {
            assert_eq!(change(ratio), shown, "{ratio}");
        }
        assert_eq!(
            (percent(0.02), percent(0.005), percent(0.1)),
            ("2 %".into(), "0.5 %".into(), "10 %".into())
        );
    }

    #[test]
    fn a_long_output_is_cut_at_a_character_and_says_so() {
        let cut = block(&"é".repeat(100), 11).into_string();
        assert!(
            cut.contains(&"é".repeat(5)) && !cut.contains(&"é".repeat(6)),
            "{cut}"
        );
        assert!(cut.contains("190 B more"), "{cut}");
    }
}
