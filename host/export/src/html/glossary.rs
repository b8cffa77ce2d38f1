//! What the words and pictures of the page mean, for a reader who has only this file.

use maud::{Markup, html};

use super::view::Page;
use super::words;
use dyno_model::{Comparison, Mark, Verdict, all};
use dyno_wording as wording;

const TERMS: [(&str, &str); 7] = [
    (
        "process",
        "Each case was measured in several fresh processes. Samples of one process are not independent, so a process is the unit: an estimate is drawn from one number for each process, its median.",
    ),
    (
        "fuel",
        "A count of executed WebAssembly operations, taken by the engine in a pass of its own. The same program on the same input takes the same fuel on every machine, so fuel shows changes of work that time cannot.",
    ),
    (
        "time",
        "Wall time of one iteration: the median over processes, each of which is the median of its samples that were not preempted. Nothing is subtracted, and every sample is kept and drawn.",
    ),
    (
        "interval",
        "The range that holds the true value in 95 % of runs, drawn from what differs between processes. Below six processes it is Student's t over their logarithms, from six on order statistics.",
    ),
    (
        "outlier",
        "A sample beyond Tukey's fences of its own process: more than 1.5 (mild) or 3 (severe) interquartile ranges from the quartiles. Outliers are counted and drawn.",
    ),
    (
        "chart of samples",
        "Every sample in the order in which it was taken, process beside process. Dots: every sample; ribbon: the middle half of neighbouring samples; hill: the density of one process, on its side.",
    ),
    (
        "memory",
        "Linear memories and tables of the guest, summed. After release: what it still holds when the case has returned. Resident peak: the whole worker process.",
    ),
];

/// The words of this page: those of comparisons only if it holds one.
pub(super) fn section(page: &Page<'_>) -> Markup {
    html! {
        section #words aria-labelledby="words-title" {
            h2 #words-title { "Words" }
            dl.words {
                @for (term, about) in TERMS { dt { (term) } dd { (about) } }
                @if let Some((comparison, _)) = page.compared { (verdicts(comparison)) }
                @for mark in all::<Mark>() { dt id=(words::mark_anchor(mark)) { span.mark { (wording::mark(mark)) } } dd { (wording::explain(mark)) "." } }
            }
        }
    }
}

fn verdicts(comparison: &Comparison) -> Markup {
    let rules = &comparison.rules;
    let zone = words::percent(rules.equivalence);
    let confidence = words::percent(rules.confidence);
    let about = |verdict| match verdict {
        Verdict::Regressed => {
            format!("Slower: the whole {confidence} interval of the change lies above +{zone}.")
        }
        Verdict::Improved => format!("Faster: the whole {confidence} interval lies below −{zone}."),
        Verdict::Equivalent => format!("The whole interval lies within {zone} of no change."),
        Verdict::Unsure => "The interval allows both. Never a pass.".into(),
        Verdict::Identical => {
            "The same bytes, inputs, engine and configuration: it cannot have changed.".into()
        }
        Verdict::New => "Only the candidate has it.".into(),
        Verdict::Gone => "Only the base has it.".into(),
    };
    html! {
        @for verdict in words::VERDICTS { dt { (words::badge(verdict)) } dd { (about(verdict)) } }
        dt { "severity" }
        dd { "By the estimate: below 10 % drift, from 10 % minor, from 20 % major, above 50 % critical." }
        dt { "gate" }
        dd {
            "Fails if something grew by its threshold or more, is above its hard limit, or is gone: "
            (words::shown(&wording::thresholds(rules, &comparison.exceptions)))
            ". Fresh processes have to confirm that a time grew."
        }
    }
}
