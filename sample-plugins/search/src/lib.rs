//! Builds a full-text index over 100 to 5,000 generated documents with probly-search, and answers
//! queries from it, ranked by BM25. Throughput is in documents. The expected results come from
//! reading every document, which is what an index is there to avoid.

mod library;

use std::borrow::Cow;

use dyno_guest::{Checksum, Fnv1a, Suite, plugin};
use library::{Document, library};
use probly_search::score::bm25;
use probly_search::{FieldAccessor, Index, QueryResult};

/// Queries: the numbers of their words, the frequent ones first. A word also finds those that begin
/// with it.
const QUERIES: [(&str, &[usize]); 3] = [
    ("frequent", &[1]),
    ("rare", &[1_200]),
    ("three-words", &[40, 400, 1_500]),
];

/// Numbers of documents, each with the checksums of the documents that its queries find.
const LIBRARIES: [(usize, [u64; QUERIES.len()]); 3] = [
    (
        100,
        [
            0xf318_18b1_b3c3_a61c,
            0xfb2c_7bdf_380b_b7e2,
            0x593b_312f_034d_da6a,
        ],
    ),
    (
        1_000,
        [
            0x1a53_cdfa_9bc9_a4cd,
            0x6b8d_f647_4200_7130,
            0xfbdf_eecb_a214_4204,
        ],
    ),
    (
        5_000,
        [
            0x8a90_fb2f_0f1c_6385,
            0xbc8a_586b_84dc_b845,
            0xcc65_46f0_9de6_e5c8,
        ],
    ),
];

fn suite(s: &mut Suite) {
    for (documents, checksums) in LIBRARIES {
        s.case(format!("index/{documents}"))
            .description("Builds an index of titles and texts, and drops it")
            .group("index")
            .param("documents", documents)
            .throughput_elements(documents as u64)
            .expected(checksums[0])
            .run(move |b| {
                let library = library(documents);
                b.iter(|| Built(index(&library)))
            });

        for ((name, words), checksum) in QUERIES.into_iter().zip(checksums) {
            s.case(format!("query/{name}/{documents}"))
                .description("Finds the documents with any of the words, the best first")
                .group("query")
                .param("query", name)
                .param("documents", documents)
                .throughput_elements(documents as u64)
                .expected(checksum)
                .run(move |b| {
                    let index = index(&library(documents));
                    let query = query_of(words);
                    b.iter(|| Found(search(&index, &query)))
                });
        }
    }
}

fn index(library: &[Document]) -> Index<usize> {
    let fields: [FieldAccessor<Document>; 2] = [
        |document| vec![&document.title],
        |document| vec![&document.text],
    ];
    let mut index = Index::new(fields.len());
    for (key, document) in library.iter().enumerate() {
        index.add_document(&fields, words_of, key, document);
    }
    index
}

/// Titles count twice.
fn search(index: &Index<usize>, query: &str) -> Vec<QueryResult<usize>> {
    index.query(query, &mut bm25::new(), words_of, &[2.0, 1.0])
}

fn words_of(text: &str) -> Vec<Cow<'_, str>> {
    text.split(' ').map(Cow::from).collect()
}

fn query_of(words: &[usize]) -> String {
    let words: Vec<String> = words.iter().copied().map(library::word).collect();
    words.join(" ")
}

/// What a query found. The order of equal scores is open, and their last bits are the logarithm's.
struct Found(Vec<QueryResult<usize>>);

impl Checksum for Found {
    fn feed(&self, hash: &mut Fnv1a) {
        let mut keys: Vec<usize> = self.0.iter().map(|result| result.key).collect();
        keys.sort_unstable();
        keys.feed(hash);
    }
}

/// An index, which is as good as what it finds.
struct Built(Index<usize>);

impl Checksum for Built {
    fn feed(&self, hash: &mut Fnv1a) {
        Found(search(&self.0, &query_of(QUERIES[0].1))).feed(hash);
    }
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(12));
    }

    /// Without an index: every word of every document.
    fn read_through(library: &[Document], words: &[usize]) -> Vec<usize> {
        let query = query_of(words);
        let has = |text: &str| {
            text.split(' ')
                .any(|word| query.split(' ').any(|wanted| word.starts_with(wanted)))
        };
        let found = library.iter().enumerate();
        found
            .filter(|(_, document)| has(&document.title) || has(&document.text))
            .map(|(key, _)| key)
            .collect()
    }

    #[test]
    fn expected_are_the_documents_with_the_words() {
        let checksums = LIBRARIES.map(|(documents, _)| {
            let library = library(documents);
            let found = QUERIES.map(|(_, words)| read_through(&library, words).checksum());
            (documents, found)
        });
        assert_eq!(checksums, LIBRARIES);
    }

    /// A query that finds all or nothing would measure little.
    #[test]
    fn queries_find_some() {
        let library = library(1_000);
        let found = QUERIES.map(|(_, words)| read_through(&library, words).len());
        assert!(
            found.iter().all(|found| (1..1_000).contains(found)),
            "{found:?}"
        );
        assert!(found[0] > 10 * found[1], "{found:?}");
    }
}
