use super::*;
use dyno_fixture as fixture;
use dyno_model::visible::is_visible;

fn rows(run: &Run) -> (String, Vec<Vec<String>>) {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(out.as_slice());
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect());
    (String::from_utf8(out.clone()).unwrap(), rows.collect())
}

fn column(name: &str) -> usize {
    COLUMNS.iter().position(|column| *column == name).unwrap()
}

#[test]
fn every_measurement_and_every_failure_has_its_row() {
    let run = fixture::full();
    let (_, rows) = rows(&run);
    assert_eq!(rows[0], COLUMNS);
    let expected: usize = run
        .plugins
        .iter()
        .map(|plugin| {
            plugin
                .cases
                .iter()
                .map(|case| case.measurements.len().max(1))
                .sum::<usize>()
                .max(1)
        })
        .sum();
    assert_eq!(rows.len() - 1, expected);
    for row in &rows[1..] {
        assert!(!row[column("outcome")].is_empty(), "{row:?}");
    }
}

#[test]
fn numbers_stay_numbers_and_come_back_exactly() {
    let mut run = fixture::full();
    let estimate = &mut run.plugins[0].cases[0].measurements[0].estimate;
    (estimate.lower, estimate.median, estimate.upper) = (-1.5, 0.1 + 0.2, f64::MAX);
    let (_, rows) = rows(&run);
    let number = |name| rows[1][column(name)].parse::<f64>().unwrap();
    assert_eq!(rows[1][column("lower")], "-1.5");
    assert_eq!(number("median"), 0.1 + 0.2);
    assert_eq!(number("upper"), f64::MAX);
}

#[test]
fn a_guest_starts_no_formula_and_no_line() {
    let hostile = [
        "=cmd|' /C calc'!A1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "a\u{1b}[2J",
        "a\u{202e}b",
        "a\nb,\"c\"",
        "\u{feff}=1",
    ];
    for name in hostile {
        let mut run = fixture::full();
        let spec = &mut run.plugins[0].cases[0].spec;
        spec.name = name.to_owned();
        spec.group = Some(name.to_owned());
        spec.params = vec![(name.to_owned(), name.to_owned())];
        run.plugins[0].label = name.to_owned();
        let before = rows(&fixture::full()).0.lines().count();
        let (text, rows) = rows(&run);
        assert_eq!(text.lines().count(), before, "{name:?} made a line");
        assert!(
            !text.chars().any(|c| !is_visible(c) && c != '\n'),
            "{name:?}"
        );
        for column in ["plugin", "case", "group", "parameters"].map(column) {
            let cell = &rows[1][column];
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']),
                "{cell:?}"
            );
            assert_eq!(rows[1].len(), COLUMNS.len());
        }
    }
}
