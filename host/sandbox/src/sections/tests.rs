use super::*;

/// A component with nothing in it but a nested module that has a section of its own.
fn component() -> Vec<u8> {
    wat::parse_str(r#"(component (core module (@custom "version" "9.9.9")))"#).unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).into(), (*v).into()))
        .collect()
}

fn append(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = wasm_encoder::CustomSection {
        name: name.into(),
        data: data.into(),
    };
    wasm_encoder::ComponentSection::append_to_component(&section, component);
}

#[test]
fn what_is_written_is_read_and_what_is_nested_is_not() {
    assert_eq!(sections(&component()).unwrap(), BTreeMap::new());
    let said = labels(&[
        (NAME, "json"),
        ("version", "1.2.0"),
        ("description", "größer"),
        ("licenses", "MIT OR Apache-2.0"),
        (MANIFEST_SECTION, "{}"),
    ]);
    let labelled = label(&component(), &said).unwrap();
    assert_eq!(sections(&labelled).unwrap(), said);
    assert_eq!(label(&labelled, &said), Err(SectionError::Packed));
    // A label that was there is replaced, and not added to.
    let again = labels(&[("version", "1.3.0")]);
    let first = label(&component(), &labels(&[("version", "1.2.0")])).unwrap();
    assert_eq!(
        sections(&label(&first, &again).unwrap()).unwrap()["version"],
        "1.3.0"
    );
}

#[test]
fn a_section_stands_once_is_text_and_has_an_end() {
    for name in [MANIFEST_SECTION, "version"] {
        let mut twice = component();
        append(&mut twice, name, b"1");
        append(&mut twice, name, b"1");
        assert_eq!(sections(&twice), Err(SectionError::Twice(name.into())));
    }
    let refused = |data: &[u8]| {
        let mut component = component();
        append(&mut component, "description", data);
        sections(&component).unwrap_err().to_string()
    };
    assert!(refused(b"\xff").contains("not UTF-8"));
    assert!(refused(&vec![b'x'; SECTION_BYTES_MAX + 1]).contains("longer than 256 KiB"));
}

#[test]
fn a_label_that_does_not_fit_is_refused() {
    let bad = [
        ("licenses", "free as in beer"),
        ("source", "not a url"),
        ("homepage", "javascript:alert(1)"),
    ];
    for (name, text) in bad {
        let refused = label(&component(), &labels(&[(name, text)]));
        assert!(matches!(refused, Err(SectionError::Label { .. })), "{name}");
    }
}
