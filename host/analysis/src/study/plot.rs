//! The power curve as a picture: how often a share of added work is called a regression.

use std::fmt::Write as _;

use super::Study;
use dyno_stats::Rate;

/// Size of the picture and of the area of the curve in it, pixels.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 300.0;

const COLOUR: &str = "#0b6e4f";

/// Draws the power curve as SVG, with text that a reader of the picture can find. The bars are
/// intervals.
#[must_use]
pub fn plot(study: &Study) -> String {
    let null = [(0.0, study.null.false_verdicts)];
    let known = study.known.levels.iter();
    let known = known.map(|level| (level.added, level.found));
    let rates: Vec<(f64, Rate)> = null.into_iter().chain(known).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Share of trials that call added work a change</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">Share of trials that call added work a change, by its size</text>\n"
    );
    for tenth in [0, 2, 4, 6, 8, 10] {
        let share = f64::from(tenth) / 10.0;
        line(&mut svg, [LEFT, y(share), RIGHT, y(share)], "#ddd");
        let label = format!("{} %", tenth * 10);
        text(&mut svg, LEFT - 8.0, y(share) + 4.0, "end", &label);
    }
    let mut points = Vec::new();
    for (column, (added, rate)) in rates.iter().enumerate() {
        let at = x(column, rates.len());
        line(&mut svg, [at, y(rate.lower), at, y(rate.upper)], COLOUR);
        let label = format!("+{:.0} % ({})", added * 100.0, rate.of);
        text(&mut svg, at, BOTTOM + 20.0, "middle", &label);
        points.push(format!("{at:.1},{:.1}", y(rate.share())));
    }
    // Writing into a string cannot fail.
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{COLOUR}\" stroke-width=\"2\"/>",
        points.join(" ")
    );
    svg.push_str("</svg>\n");
    svg
}

fn x(at: usize, columns: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * (at as f64 + 0.5) / columns.max(1) as f64
}

fn y(share: f64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * share
}

fn line(svg: &mut String, [x1, y1, x2, y2]: [f64; 4], colour: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

#[cfg(test)]
mod tests;
