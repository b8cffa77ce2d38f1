//! How a metric of a case went over many runs, and where its level probably changed.

use maud::{Markup, html};

use super::axis::{Axis, Path, Unit, WIDTH, lines_across, names_at_left, picture, share};
use super::words::{self, Guest, counted};
use dyno_model::{History, Point};
use dyno_wording::conditions;

const HEIGHT: f64 = 110.0;

/// One chart for each metric.
pub(super) fn section(histories: &[&History]) -> Markup {
    html! { @for history in histories { (chart(history)) } }
}

fn chart(history: &History) -> Markup {
    let ends = history
        .points
        .iter()
        .flat_map(|point| [point.lower, point.median, point.upper]);
    let Some(axis) = Axis::over(ends) else {
        return html! {};
    };
    let points = &history.points;
    let x = |i: usize| (i as f64 + 0.5) / points.len() as f64;
    let changes: Vec<usize> = history
        .change_points
        .iter()
        .copied()
        .filter(|i| (1..points.len()).contains(i))
        .collect();
    let [whiskers, line, dots] = curves(points, axis, x);
    let ticks = axis.ticks(3, unit(history));
    let label = format!(
        "History of {} over {}; {}",
        history.metric.spec().title,
        counted(points.len(), "run", "runs"),
        counted(changes.len(), "change of level", "changes of level")
    );
    html! {
        figure.history.level {
            figcaption { "History: " (history.metric.spec().title) small { " " (counted(points.len(), "run", "runs")) "" } }
            svg.plot height=(HEIGHT + 20.0) role="img" aria-label=(label) {
                @for &i in &changes {
                    @let at = share((x(i - 1) + x(i)) / 2.0);
                    line.turn x1=(at) x2=(at) y2=(HEIGHT) {}
                }
                (picture(HEIGHT, HEIGHT, html! {
                    (lines_across(&ticks, HEIGHT))
                    path.whiskers d=(whiskers) {}
                    path d=(line) {}
                    path.points d=(dots) {}
                }))
                (names_at_left(&ticks, HEIGHT))
                @if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    text x="0" y=(HEIGHT + 14.0) { (day(first)) }
                    text.last x="100%" y=(HEIGHT + 14.0) { (day(last)) }
                }
            }
            @for &i in &changes {
                p.note { "Probably a new level from " (day(&points[i])) ": "
                    (words::value(history.metric, points[i - 1].median)) " → " (words::value(history.metric, points[i].median))
                    " (run " code { (words::shown(&points[i].run)) } ")." }
            }
            @for point in points.iter().filter(|point| !point.differences.is_empty()) {
                p.note { "Another machine from " (day(point)) ": "
                    @for (at, one) in point.differences.iter().enumerate() {
                        @let [base, candidate] = conditions::values(one);
                        @if at > 0 { "; " }
                        (Guest(&conditions::name(one))) " " (Guest(base)) " → " (Guest(candidate))
                    }
                    " (run " code { (words::shown(&point.run)) } ")." }
            }
        }
    }
}

/// Intervals, the line through the estimates, and the estimates as points.
fn curves(points: &[Point], axis: Axis, x: impl Fn(usize) -> f64) -> [String; 3] {
    let y = |value| (1.0 - axis.at(value)) * HEIGHT;
    let (mut whiskers, mut dots) = (Path::default(), Path::default());
    for (i, point) in points.iter().enumerate() {
        let x = x(i) * WIDTH;
        whiskers.start(x, y(point.lower));
        whiskers.line(x, y(point.upper));
        dots.dot(x, y(point.median));
    }
    let line = Path::through(
        points
            .iter()
            .enumerate()
            .map(|(i, point)| (x(i) * WIDTH, y(point.median))),
    );
    [whiskers.data(), line.data(), dots.data()]
}

fn unit(history: &History) -> Unit {
    match history.metric.unit() {
        "ns" => Unit::Time,
        "bytes" => Unit::Bytes,
        _ => Unit::Count,
    }
}

fn day(point: &Point) -> String {
    let date = point.started_at.split('T').next().unwrap_or_default();
    words::shown(date)
}
