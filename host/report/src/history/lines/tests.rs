use super::*;
use dyno_model::Point;

/// Which line each of these is in: run, source, digest.
fn lines_of(rows: &[(&str, &str, &str)]) -> Vec<usize> {
    let rows: Vec<Row> = rows
        .iter()
        .map(|(run, source, digest)| Row {
            machine: 1,
            engine: String::new(),
            source: (*source).to_owned(),
            point: Point {
                run: (*run).to_owned(),
                started_at: String::new(),
                digest: Some((*digest).to_owned()),
                median: 1.0,
                lower: 1.0,
                upper: 1.0,
                differences: Vec::new(),
            },
        })
        .collect();
    let lines = lines(&rows);
    let line = |at| lines.iter().position(|line| line.contains(&at)).unwrap();
    (0..rows.len()).map(line).collect()
}

#[test]
fn a_plugin_stays_itself_whatever_becomes_of_its_bytes_or_of_how_it_is_named() {
    let rows = [
        ("1", "x/b.wat", "a"),
        ("2", "./x/b.wat", "b"),
        ("3", "/home/me/x/b.wat", "c"),
        ("4", "moved/b.wasm", "c"),
    ];
    assert_eq!(lines_of(&rows), [0; 4]);
    assert_eq!(
        lines_of(&[("1", "ns/s@1.0.0", "a"), ("2", "ns/s@1.1.0", "b")]),
        [0, 0]
    );
}

#[test]
fn plugins_of_one_run_are_never_one_and_those_of_other_places_are_others() {
    let rows = [
        ("1", "x1/b.wat", "a"),
        ("1", "x2/b.wat", "b"),
        ("2", "x2/b.wat", "a"),
        ("2", "x1/b.wat", "a"),
        ("3", "x2/b.wat", "c"),
    ];
    assert_eq!(lines_of(&rows), [0, 1, 1, 0, 1]);
    assert_eq!(
        lines_of(&[("1", "x1/b.wat", "a"), ("2", "x2/b.wat", "b")]),
        [0, 1]
    );
    assert_eq!(
        lines_of(&[("1", "b.wat", "a"), ("1", "b.wat", "a")]),
        [0, 1]
    );
}
