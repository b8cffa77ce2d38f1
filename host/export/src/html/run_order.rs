//! Every time of a case in the order in which it was taken, process beside process: a drift, a
//! throttled machine, a neighbour, or two modes of one program show here. Written here are for each
//! process its density, and a ribbon through the middle half of neighbouring samples; the script
//! draws every sample between them.

use maud::{Markup, html};

use super::axis::{Axis, Path, Unit, WIDTH, lines_across, names_at_left, picture, share};
use super::distribution::hill;
use super::samples::{Samples, Series, Side};
use dyno_stats as stats;
use dyno_wording as wording;

/// Pixels, and units of the nested picture: finer, for smooth curves.
const HEIGHT: f64 = 240.0;
const UNITS: f64 = 500.0;

/// Parts into which the samples of all processes are divided, and the fewest of one process.
const PARTS: usize = 15;
const PARTS_MIN: usize = 2;

/// The highest density takes this part of its process's place.
const HILL: f64 = 0.85;

/// More processes than this have no room for their names.
const NAMED_MAX: usize = 40;

/// The chart.
pub(super) fn chart(samples: &Samples<'_>) -> Markup {
    let ticks = samples.axis.ticks(5, Unit::Time);
    let places = places(samples);
    let curves = html! {
        (lines_across(&ticks, UNITS))
        g.hills { @for (series, place, _) in &places { path class=[class(series.side)] d=(density(series, samples.axis, *place)) {} } }
        g.ribbons { @for (series, place, _) in &places { path class=[class(series.side)] d=(ribbon(&series.times, samples.axis, *place)) {} } }
    };
    html! {
        figure {
            figcaption { "Samples" @if places.iter().any(|(series, ..)| series.side != Side::Only) { (sides()) } }
            svg.plot height=(HEIGHT + 20.0) role="img" aria-label="Samples in run order" tabindex="0" {
                (picture(HEIGHT, UNITS, curves))
                (names_at_left(&ticks, HEIGHT))
                @if places.len() <= NAMED_MAX {
                    g.x transform={ "translate(0 " (HEIGHT + 14.0) ")" } { @for (series, place, i) in &places {
                        text x=(share(place.from + place.width / 2.0)) { (letter(series, *i)) }
                    } }
                }
            }
            (beyond(samples))
        }
    }
}

fn sides() -> Markup {
    html! { small { " " span.pb { "■" } " B base " span.pc { "●" } " C candidate" } }
}

/// Where a process stands, as parts of the width: as wide as it has samples.
#[derive(Clone, Copy)]
struct Place {
    from: f64,
    width: f64,
}

fn places<'s, 'a>(samples: &'s Samples<'a>) -> Vec<(&'s Series<'a>, Place, usize)> {
    let total = samples.count() as f64;
    let mut begun = 0;
    let place = |(i, series): (usize, &'s Series<'a>)| {
        let from = begun as f64 / total;
        begun += series.times.len();
        (
            series,
            Place {
                from,
                width: series.times.len() as f64 / total,
            },
            i,
        )
    };
    samples.series.iter().enumerate().map(place).collect()
}

/// The class that gives a side its colour. Where there is only one, the style gives its processes
/// theirs by their number.
fn class(side: Side) -> Option<&'static str> {
    match side {
        Side::Only => None,
        Side::Base => Some("pb"),
        Side::Candidate => Some("pc"),
    }
}

/// A process in the little room below the chart.
fn letter(series: &Series<'_>, index: usize) -> String {
    match series.side {
        Side::Only => (index + 1).to_string(),
        Side::Base => "B".into(),
        Side::Candidate => "C".into(),
    }
}

fn density(series: &Series<'_>, axis: Axis, place: Place) -> String {
    let (left, width) = (place.from * WIDTH, place.width * WIDTH * HILL);
    hill(&series.times, axis, left, width, UNITS)
        .unwrap_or_default()
        .data()
}

/// The quartiles of one process. They stand in the middle of their part of its samples; the first
/// and the last reach to its ends.
fn ribbon(times: &[f64], axis: Axis, place: Place) -> String {
    let parts = ((PARTS as f64 * place.width) as usize).max(PARTS_MIN);
    let size = times.len().div_ceil(parts);
    let x = |sample: f64| (place.from + place.width * sample / times.len() as f64) * WIDTH;
    let edge = |q: f64| {
        let last = times.len().div_ceil(size) - 1;
        let points = times.chunks(size).enumerate().flat_map(move |(i, part)| {
            let y = (1.0 - axis.at(stats::quantile(part, q).unwrap_or_default())) * UNITS;
            let middle = x((i * size) as f64 + part.len() as f64 / 2.0);
            let start = (i == 0).then(|| x(0.0));
            let end = (i == last).then(|| x(times.len() as f64));
            start
                .into_iter()
                .chain([middle])
                .chain(end)
                .map(move |x| (x, y))
        });
        points.collect::<Vec<_>>()
    };
    let mut path = Path::through(edge(0.75).into_iter().chain(edge(0.25).into_iter().rev()));
    path.close();
    path.data()
}

/// Names what lies beyond the axis: nothing is dropped.
fn beyond(samples: &Samples<'_>) -> Markup {
    let beyond: Vec<f64> = samples.beyond().collect();
    let low = beyond.iter().copied().fold(f64::INFINITY, f64::min);
    let high = beyond.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    html! {
        @if !beyond.is_empty() {
            p.note {
                (beyond.len()) " of " (samples.count()) " lie beyond the axis, at its edge: " (wording::duration(low))
                @if low < high { " to " (wording::duration(high)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ribbon_stays_in_its_place_and_rises_with_the_time() {
        let times: Vec<f64> = (0..100).map(f64::from).collect();
        let axis = Axis {
            lower: 0.0,
            upper: 100.0,
        };
        let data = ribbon(
            &times,
            axis,
            Place {
                from: 0.75,
                width: 0.25,
            },
        );
        assert!(data.starts_with("M750 ") && data.ends_with('z'), "{data}");
        let y: f64 = data[5..].split(['l', 'h']).next().unwrap().parse().unwrap();
        assert!(
            y > 0.75 * UNITS,
            "the first samples are the fastest: {data}"
        );
        for few in 1..9 {
            assert!(
                !ribbon(
                    &times[..few],
                    axis,
                    Place {
                        from: 0.0,
                        width: 0.01
                    }
                )
                .is_empty()
            );
        }
    }
}
