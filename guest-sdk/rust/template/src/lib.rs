//! What this plugin measures: how long it takes to count the words of texts of several lengths.

use dyno_guest::{Suite, plugin};

/// The code to be measured. Put yours in its place, or depend on the crate that it is in.
fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Registers the cases. The closure of a case is called when that case runs: it prepares the input,
/// which is not timed, and ends with `iter`, whose routine is timed.
fn suite(s: &mut Suite) {
    for words in [100, 10_000] {
        s.case(format!("words/{words}"))
            .description("Counts the words of a text")
            .group("words")
            .param("words", words)
            .throughput_elements(words)
            // What the routine must return: wrong code is not fast, it fails.
            .expected(words)
            .run(move |b| {
                let text = "lorem ipsum ".repeat(words as usize / 2);
                b.iter(|| count_words(&text))
            });
    }
}

plugin!(suite);

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_runs() {
        assert!(dyno_guest::test::run_all(super::suite).is_ok());
    }
}
