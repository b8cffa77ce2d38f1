use std::collections::BTreeSet;

use super::*;

/// The bytes of the data segment at an address of a text.
fn data(text: &str, at: u32) -> Vec<u8> {
    let (_, after) = text
        .split_once(&format!("(data (i32.const {at}) \""))
        .unwrap();
    let (escaped, _) = after.split_once('"').unwrap();
    let bytes = escaped.split('\\').skip(1);
    bytes
        .map(|hex| u8::from_str_radix(hex, 16).unwrap())
        .collect()
}

/// As the host reads the answer to `cases`: a word that is 0 for ok, the address of the records,
/// their number; a record begins with the address and the length of the name.
#[test]
fn the_answer_to_cases_has_the_name_of_each_in_its_place() {
    let versions: [(String, &[&str]); 2] =
        [(plugin(ROUNDS), &BOTTLENECKS), (version(UNITS, 7), &CASES)];
    for (text, cases) in versions {
        let (list, texts) = (data(&text, 16), data(&text, 2048));
        let word = |at: usize| {
            let bytes = list[at..at + 4].try_into().unwrap();
            u32::from_le_bytes(bytes) as usize
        };
        assert_eq!(
            [word(0), word(4), word(8), word(12)],
            [0, 32, cases.len(), 0]
        );
        // The list lies at 16, and its records from 32 on.
        assert_eq!(list.len(), 16 + 80 * cases.len());
        let names = (0..cases.len()).map(|number| {
            let record = 16 + 80 * number;
            let (at, length) = (word(record) - 2048, word(record + 4));
            assert!(list[record + 8..record + 80].iter().all(|byte| *byte == 0));
            String::from_utf8(texts[at..at + length].to_vec()).unwrap()
        });
        assert_eq!(names.collect::<Vec<_>>(), cases);
        assert_eq!(texts.len(), cases.concat().len());
    }
}

/// The parts of a version between the functions that nothing calls, and how long these are.
fn parts(layout: u64) -> (Vec<String>, Vec<usize>) {
    let name = format!("(@custom \"layout\" \"{layout}\")");
    let text = version(UNITS, layout).replace(&name, "");
    let (mut parts, mut unused) = (vec![String::new()], Vec::new());
    for line in text.lines() {
        if line.starts_with("  (func (param i64) (result i64) (local.get 0)") {
            unused.push(line.matches("(i64.mul (i64.const ").count());
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push_str(line);
        }
    }
    (parts, unused)
}

/// If this fails, versions of one number differ by more than where their code lies, or by less.
#[test]
fn layouts_of_a_version_have_the_same_parts_in_another_order() {
    let layouts: Vec<_> = (0..40).map(parts).collect();
    let sorted = |parts: &[String]| parts.iter().cloned().collect::<BTreeSet<_>>();
    let (first, _) = &layouts[0];
    let end = first.len() - 1;
    assert_eq!(end, KNOWN.matches(PARTS).count());
    let mut places = vec![BTreeSet::new(); first.len()];
    for (parts, unused) in &layouts {
        assert_eq!(sorted(parts), sorted(first));
        assert_eq!(parts.len(), first.len());
        // Some hundred bytes of machine code each, at most.
        assert_eq!(unused.len(), end);
        assert!(unused.iter().all(|length| *length < 60), "{unused:?}");
        for (place, part) in parts.iter().enumerate() {
            places[place].insert(part);
        }
    }
    // The head and the end stay where they are.
    assert_eq!((places[0].len(), places[end].len()), (1, 1));
    for place in &places[1..end] {
        assert!(place.len() > 4, "few parts ever stand there");
    }
    let orders: BTreeSet<_> = layouts.iter().map(|(parts, _)| parts).collect();
    assert_eq!(orders.len(), layouts.len());
    let lengths: BTreeSet<usize> = layouts.iter().flat_map(|(_, it)| it.clone()).collect();
    assert!(lengths.contains(&0) && lengths.contains(&59), "{lengths:?}");
}

/// If this fails, versions of two numbers differ by more than their work, or by less.
#[test]
fn versions_of_one_layout_differ_in_their_units_alone() {
    let (one, other) = (version(21, 5), version(22, 5));
    let differing: Vec<_> = one
        .lines()
        .zip(other.lines())
        .filter(|(one, other)| one != other)
        .collect();
    let with_units = KNOWN.lines().filter(|line| line.contains("{{units}}"));
    assert_eq!(differing.len(), with_units.count());
    for (one, other) in differing {
        assert_eq!(one.replace("21", "22"), other);
    }
    assert!(version(UNITS, u64::MAX).contains("(@custom \"layout\" \"18446744073709551615\")"));
}
