//! What this plugin measures: how long it takes to count the words of texts of several lengths. Written
//! as for Criterion. To measure benches that you have, let `path` in `Cargo.toml` be their file.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// The code to be measured. Put yours in its place, or depend on the crate that it is in.
fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn words(c: &mut Criterion) {
    let mut group = c.benchmark_group("words");
    for words in [100, 10_000] {
        group.throughput(Throughput::Elements(words));
        group.bench_with_input(BenchmarkId::from_parameter(words), &words, |b, &words| {
            // Not timed. Nobody but you checks the result of a Criterion bench.
            let text = "lorem ipsum ".repeat(words as usize / 2);
            assert_eq!(count_words(&text), words as usize);
            b.iter(|| count_words(&text))
        });
    }
    group.finish();
}

criterion_group!(benches, words);
criterion_main!(benches);
