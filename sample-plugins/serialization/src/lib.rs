//! Writes and reads one generated document as JSON, CBOR and MessagePack. Throughput is in nodes,
//! because the formats need different numbers of bytes for the same document. The three readers of
//! a document expect the same checksum: that of the document.

mod document;

use std::fmt::Display;

use document::{Node, generate};
use dyno_guest::{Suite, plugin};

/// The sizes, each with the checksum of its document.
const DOCUMENTS: [(u32, u64); 3] = [
    (100, 0xcc43_b432_acae_89dd),
    (1_000, 0x9f5b_7a87_4deb_0178),
    (10_000, 0x09e7_63d4_e370_8e51),
];

fn suite(s: &mut Suite) {
    format(s, "json", serde_json::to_vec, |bytes| {
        serde_json::from_slice(bytes)
    });
    format(s, "cbor", write_cbor, |bytes| ciborium::from_reader(bytes));
    format(s, "msgpack", rmp_serde::to_vec_named, |bytes| {
        rmp_serde::from_slice(bytes)
    });
}

/// The cases of one format.
fn format<W, R>(
    s: &mut Suite,
    format: &str,
    write: impl Fn(&Node) -> Result<Vec<u8>, W> + Copy + 'static,
    read: impl Fn(&[u8]) -> Result<Node, R> + Copy + 'static,
) where
    W: Display + 'static,
    R: Display + 'static,
{
    for (nodes, checksum) in DOCUMENTS {
        s.case(format!("write/{format}/{nodes}"))
            .description("Writes a document to a new buffer")
            .group("write")
            .param("format", format)
            .param("nodes", nodes)
            .throughput_elements(nodes.into())
            .run(move |b| {
                let document = generate(nodes);
                b.iter(|| write(&document))
            });

        s.case(format!("read/{format}/{nodes}"))
            .description("Reads a document into a tree of its own, and drops the tree")
            .group("read")
            .param("format", format)
            .param("nodes", nodes)
            .throughput_elements(nodes.into())
            .expected(checksum)
            .run(move |b| {
                let bytes = write(&generate(nodes))?;
                Ok::<_, W>(b.iter(|| read(&bytes)))
            });
    }
}

fn write_cbor(document: &Node) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>> {
    let mut bytes = Vec::new();
    ciborium::into_writer(document, &mut bytes)?;
    Ok(bytes)
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use dyno_guest::Checksum;

    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(18));
    }

    /// The readers' expected checksums are those of the documents, and not of what a reader gave.
    #[test]
    fn expected_are_the_documents() {
        let checksums = DOCUMENTS.map(|(nodes, _)| (nodes, generate(nodes).checksum()));
        assert_eq!(checksums, DOCUMENTS);
    }

    #[test]
    fn what_was_written_reads_back() {
        let document = generate(1_000);
        let json = serde_json::to_vec(&document).unwrap();
        assert_eq!(serde_json::from_slice::<Node>(&json).unwrap(), document);
        let cbor = write_cbor(&document).unwrap();
        assert_eq!(
            ciborium::from_reader::<Node, _>(cbor.as_slice()).unwrap(),
            document
        );
        let msgpack = rmp_serde::to_vec_named(&document).unwrap();
        assert_eq!(rmp_serde::from_slice::<Node>(&msgpack).unwrap(), document);
    }
}
