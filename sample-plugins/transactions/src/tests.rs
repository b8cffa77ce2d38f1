use dyno_guest::Checksum;

use super::*;

#[test]
fn every_case_runs() {
    let checksums = dyno_guest::test::run_all(suite);
    assert_eq!(checksums.map(|cases| cases.len()), Ok(16));
}

/// The expected checksums come from `HashMap`, and not from the crate that is measured.
#[test]
fn expected_are_the_documents_of_the_standard_library() {
    let document = Document::<HashMap<Id, Node>>::generate(NODES);
    assert_eq!(document.checksum(), UNCHANGED);
    let checksums = TRANSACTIONS.map(|(count, _)| {
        let next = commit(&document, &steps(count)).unwrap();
        (count, next.checksum())
    });
    assert_eq!(checksums, TRANSACTIONS);
}

/// A version that changed afterwards would be no version.
#[test]
fn the_old_version_stays() {
    let document = Document::<HashTrieMap<Id, Node>>::generate(NODES);
    let next = commit(&document, &steps(1_000)).unwrap();
    assert_ne!(next.checksum(), UNCHANGED);
    assert_eq!(document.checksum(), UNCHANGED);
    assert!(commit(&document, &[Step::Remove(Id::MAX)]).is_err());
}
