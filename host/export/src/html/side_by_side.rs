//! Cases of one group beside each other, as bars from zero: what a run shows that is not compared
//! with another.

use maud::{Markup, html};

use super::axis::share;
use super::link::link;
use super::view::{Entry, Page};
use super::words::{self, Guest};
use dyno_model::{Estimate, Metric};
use dyno_wording::duration;

/// Bars on the page; the table has all.
const BARS_SHOWN: usize = 40;

/// Height of a row's picture in pixels.
const ROW: f64 = 26.0;

/// Cases that are shown on one scale.
struct Group<'a, 'p> {
    plugin: &'a str,
    /// None for cases of which the plugin did not say that they are comparable.
    name: Option<&'a str>,
    bars: Vec<(&'p Entry<'a>, &'p Estimate)>,
}

/// A chart for each group of two cases or more.
pub(super) fn charts(page: &Page<'_>) -> Markup {
    let mut room = BARS_SHOWN;
    let mut groups = groups(page);
    groups.retain(|group| {
        let is_shown = (2..=room).contains(&group.bars.len());
        room -= if is_shown { group.bars.len() } else { 0 };
        is_shown
    });
    html! { @for group in &groups { (chart(group)) } }
}

fn groups<'a, 'p>(page: &'p Page<'a>) -> Vec<Group<'a, 'p>> {
    let mut groups: Vec<Group<'a, 'p>> = Vec::new();
    for entry in &page.entries {
        let Some((estimate, _)) = entry.headline() else {
            continue;
        };
        let (plugin, name) = (
            entry.plugin.label.as_str(),
            entry.case.spec.group.as_deref(),
        );
        let bar = (entry, estimate);
        match groups
            .iter_mut()
            .find(|group| (group.plugin, group.name) == (plugin, name))
        {
            Some(group) => group.bars.push(bar),
            None => groups.push(Group {
                plugin,
                name,
                bars: vec![bar],
            }),
        }
    }
    groups
}

fn chart(group: &Group<'_, '_>) -> Markup {
    let medians = || group.bars.iter().map(|(_, estimate)| estimate.median);
    let fastest = medians().fold(f64::INFINITY, f64::min);
    let longest = group
        .bars
        .iter()
        .map(|(_, estimate)| estimate.upper.max(estimate.median))
        .fold(0.0, f64::max);
    html! {
        figure.panel {
            figcaption {
                @match group.name {
                    Some(name) => { (Guest(name)) small { " " (Guest(group.plugin)) ", time per iteration" } }
                    None => { (Guest(group.plugin)) small { " time per iteration" } }
                }
            }
            div.bars { ol {
                @for (entry, estimate) in &group.bars {
                    @let is_fastest = group.name.is_some() && estimate.median <= fastest;
                    li.fastest[is_fastest] {
                        span.name { (link(entry)) }
                        (picture(estimate, longest))
                        span.value {
                            b { (duration(estimate.median)) }
                            @if group.name.is_some() && fastest > 0.0 {
                                " " small { (if is_fastest { "fastest".into() } else { format!("{:.2}×", estimate.median / fastest) }) }
                            }
                        }
                    }
                }
            } }
        }
    }
}

fn picture(estimate: &Estimate, longest: f64) -> Markup {
    let at = |value: f64| {
        if longest > 0.0 {
            share((value / longest).clamp(0.0, 1.0))
        } else {
            share(0.0)
        }
    };
    let middle = ROW / 2.0;
    let label = words::interval(Metric::WallTime, estimate);
    html! {
        svg.plot height=(ROW) role="img" aria-label=[label] {
            rect.track y="6" width="100%" height=(ROW - 12.0) rx="3" {}
            rect.bar y="6" width=(at(estimate.median)) height=(ROW - 12.0) rx="3" {}
            line.whisker x1=(at(estimate.lower)) x2=(at(estimate.upper)) y1=(middle) y2=(middle) {}
        }
    }
}
