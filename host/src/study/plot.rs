//! The power curve as a picture: how often a share of added work is called a regression.

use std::fmt::Write as _;

use super::{Power, Study};

/// Size of the picture and of the area of the curves in it, pixels.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 300.0;

/// A curve: its name, colour, dashes, and what it shows.
type Curve = (&'static str, &'static str, &'static str, fn(&Power) -> f64);

const CURVES: [Curve; 3] = [
    ("CPU time, 10 blocks", "#0b6e4f", "", |power| power.cpu),
    ("wall time, 10 blocks", "#b5541c", "6 3", |power| power.wall),
    ("gate at 10 %, confirmed", "#3b4b8f", "2 3", |power| {
        power.gated
    }),
];

/// Draws the power curve as SVG, with text that a reader of the picture can find.
#[must_use]
pub fn plot(study: &Study) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Share of trials that call added work a regression</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">Share of {} trials that call added work a regression</text>\n",
        study.trials
    );
    for tenth in [0, 2, 4, 6, 8, 10] {
        let share = f64::from(tenth) / 10.0;
        line(&mut svg, [LEFT, y(share), RIGHT, y(share)], "#ddd");
        let label = format!("{} %", tenth * 10);
        text(&mut svg, LEFT - 8.0, y(share) + 4.0, "end", &label);
    }
    let columns = study.power.len();
    for (at, power) in study.power.iter().enumerate() {
        let label = format!("+{:.0} %", power.added * 100.0);
        text(&mut svg, x(at, columns), BOTTOM + 20.0, "middle", &label);
    }
    for (row, (name, colour, dashes, value)) in CURVES.iter().enumerate() {
        let points = study.power.iter().enumerate();
        let points: Vec<String> = points
            .map(|(at, power)| format!("{:.1},{:.1}", x(at, columns), y(value(power))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            points.join(" ")
        );
        let at = LEFT + row as f64 * 180.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{at}\" x2=\"{}\" y1=\"340\" y2=\"340\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>",
            at + 24.0
        );
        text(&mut svg, at + 30.0, 344.0, "start", name);
    }
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
        "<line x1=\"{x1}\" y1=\"{y1:.1}\" x2=\"{x2}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}
