use super::*;
use crate::study::{Known, Level, Null};
use dyno_model::Machine;

fn rate(lower: f64, upper: f64, count: u64) -> Rate {
    Rate {
        count,
        of: 20,
        lower,
        upper,
    }
}

/// A study whose rates lie on the lines of the picture.
fn study() -> Study {
    let null = rate(0.0, 0.2, 0);
    let level = |added, found| Level {
        added,
        found,
        cases: Vec::new(),
    };
    Study {
        machine: Machine::default(),
        host: String::new(),
        runs: Vec::new(),
        plugins: 0,
        null: Null {
            false_gates: null,
            unsure_gates: null,
            false_verdicts: null,
            pooled: null,
        },
        known: Known {
            wrong: null,
            held: null,
            levels: vec![
                level(0.05, rate(0.2, 0.6, 10)),
                level(0.5, rate(0.8, 1.0, 20)),
            ],
        },
        trials: Vec::new(),
    }
}

/// What stands in all quotes behind a name, in the elements that begin like this.
fn values(svg: &str, element: &str, names: &[&str]) -> Vec<Vec<f64>> {
    let lines = svg.lines().filter(|line| line.starts_with(element));
    let value = |line: &str, name: &&str| -> f64 {
        let (_, after) = line.split_once(&format!(" {name}=\"")).unwrap();
        after.split_once('"').unwrap().0.parse().unwrap()
    };
    lines
        .map(|line| names.iter().map(|name| value(line, name)).collect())
        .collect()
}

/// The area is 56 to 620 wide, which three columns divide into 188 each, and 300 (none) to 40 (all)
/// high, which is 26 a tenth.
#[test]
fn a_share_has_its_height_and_a_level_its_column() {
    let svg = plot(&study());
    let (grid, bars): (Vec<_>, Vec<_>) = values(&svg, "<line", &["x1", "y1", "x2", "y2"])
        .into_iter()
        .partition(|line| line[0] != line[2]);
    let heights = [300.0, 248.0, 196.0, 144.0, 92.0, 40.0];
    assert_eq!(grid, heights.map(|y| vec![56.0, y, 620.0, y]));
    let bar = |x, lower, upper| vec![x, lower, x, upper];
    let expected = [
        bar(150.0, 300.0, 248.0),
        bar(338.0, 248.0, 144.0),
        bar(526.0, 92.0, 40.0),
    ];
    assert_eq!(bars, expected);
    assert!(svg.contains("points=\"150.0,300.0 338.0,170.0 526.0,40.0\""));
}

#[test]
fn labels_stand_beside_what_they_name() {
    let svg = plot(&study());
    let label = |x: &str, y: &str, anchor: &str, text: &str| {
        let line = format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n");
        assert!(svg.contains(&line), "{line}{svg}");
    };
    let shares = [
        ("304.0", "0 %"),
        ("252.0", "20 %"),
        ("200.0", "40 %"),
        ("148.0", "60 %"),
        ("96.0", "80 %"),
        ("44.0", "100 %"),
    ];
    for (y, text) in shares {
        label("48.0", y, "end", text);
    }
    let levels = [
        ("150.0", "+0 % (20)"),
        ("338.0", "+5 % (20)"),
        ("526.0", "+50 % (20)"),
    ];
    for (x, text) in levels {
        label(x, "320.0", "middle", text);
    }
}
