use super::*;
use bytes::Bytes;
use dyno_fixture as fixture;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::Row as Read;

fn read(run: &Run) -> (SerializedFileReader<Bytes>, Vec<Read>) {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    let reader = SerializedFileReader::new(Bytes::from(out)).unwrap();
    let rows = reader
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    (reader, rows)
}

fn field(row: &Read, name: &str) -> Field {
    let mut columns = row.get_column_iter();
    columns
        .find(|(column, _)| *column == name)
        .unwrap()
        .1
        .clone()
}

#[test]
fn every_sample_reads_back_in_its_order() {
    let run = fixture::full();
    let (_, read) = read(&run);
    let rows: Vec<Row<'_>> = rows(&run).collect();
    assert_eq!(read.len(), rows.len());
    assert!(rows.len() > 100);
    for (read, row) in read.iter().zip(&rows) {
        let names: Vec<_> = read
            .get_column_iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, COLUMNS.each_ref().map(|(name, _)| *name));
        assert_eq!(field(read, "case"), Field::Str(row.case.spec.name.clone()));
        assert_eq!(field(read, "wall_ns"), Field::ULong(row.sample.wall_ns));
        assert_eq!(
            field(read, "iterations"),
            Field::ULong(row.sample.iterations)
        );
        assert_eq!(field(read, "sample"), Field::ULong(row.index as u64));
        assert_eq!(
            field(read, "confirming"),
            Field::Bool(row.process.confirming)
        );
        let per_iteration = row.sample.wall_ns as f64 / row.sample.iterations as f64;
        assert_eq!(
            field(read, "wall_ns_per_iteration"),
            Field::Double(per_iteration)
        );
    }
}

#[test]
fn a_digest_that_is_not_known_is_null() {
    let mut run = fixture::full();
    run.plugins[0].cases.truncate(1);
    run.plugins.push(run.plugins[0].clone());
    run.plugins[0].digest = None;
    let (_, read) = read(&run);
    assert_eq!(field(&read[0], "digest"), Field::Null);
    let digest = run.plugins[2].digest.clone().unwrap();
    assert_eq!(field(read.last().unwrap(), "digest"), Field::Str(digest));
}

#[test]
fn a_case_without_samples_is_named_in_the_metadata() {
    let run = fixture::full();
    let (reader, _) = read(&run);
    let metadata = reader.metadata().file_metadata();
    let all = metadata.key_value_metadata().unwrap();
    let cases = all.iter().find(|pair| pair.key == "dyno.cases").unwrap();
    let cases: Value = serde_json::from_str(cases.value.as_ref().unwrap()).unwrap();
    assert_eq!(cases[1]["case"], "bare");
    assert_eq!(cases[1]["outcome"]["kind"], "skipped");
    assert_eq!(
        cases.as_array().unwrap().len(),
        run.plugins[0].cases.len() + 1
    );
}

#[test]
fn a_run_without_samples_is_still_a_file() {
    let mut run = fixture::full();
    run.plugins.clear();
    assert!(read(&run).1.is_empty());
}
