use super::*;

const KEY: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn a_policy_says_what_it_says() {
    let text = format!(
        "[[publisher]]\nname='acme'\nnamespaces=['acme','acme-labs']\nthreshold=2\n\
         [[publisher.key]]\nfingerprint='{KEY}'\nfrom=2026-01-01T00:00:00Z\n\
         until=2027-01-01 00:00:00+01:00\n\
         revoked={{at=2026-05-01T00:00:00Z, reason='lost'}}\n\
         [[publisher.identity]]\nissuer='https://x'\nsubject='a@b'\n\
         [[killed]]\ndigest='{KEY}'\nreason='bad'\n[pins]\n'acme/x@1.2.0'='{KEY}'\n\
         [[index]]\nurl='https://x'\nroot='{KEY}'\n"
    );
    let policy = Policy::parse(&text).unwrap();
    let publisher = &policy.publishers[0];
    let key = &publisher.keys[0];
    assert_eq!(publisher.threshold.get(), 2);
    assert_eq!(key.until.unwrap().to_string(), "2026-12-31T23:00:00Z");
    assert_eq!(key.revoked.as_ref().unwrap().reason, "lost");
    assert_eq!(publisher.identities[0].subject, "a@b");
    assert_eq!(
        policy.pins[&"acme/x@1.2.0".parse().unwrap()],
        KEY.parse().unwrap()
    );
    assert_eq!(Policy::parse("").unwrap(), Policy::default());
}

#[test]
fn what_is_misspelt_twice_there_or_no_moment_is_refused_with_its_line() {
    let publisher = "[[publisher]]\nname='acme'\nnamespaces=['acme']\n";
    let key = format!("[[publisher.key]]\nfingerprint='{KEY}'\n");
    for (text, wanted) in [
        (format!("{publisher}treshold=2"), "unknown field `treshold`"),
        (format!("{publisher}threshold=0"), "line 4"),
        (format!("{publisher}threshold=-1"), "line 4"),
        (
            format!("{publisher}{key}untill=2026-01-01T00:00:00Z"),
            "unknown field `untill`",
        ),
        (
            format!("{publisher}{key}until=2026-01-01"),
            "should be a time like",
        ),
        (
            format!("{publisher}{key}until=2026-01-01T00:00:00"),
            "line 6",
        ),
        (
            format!("{publisher}{key}revoked={{reason='x'}}"),
            "missing field `at`",
        ),
        (format!("{publisher}{key}revoked=true"), "line 6"),
        (
            format!("{publisher}{key}from=2026-01-01T00:00:00Z\nuntil=2025-01-01T00:00:00Z"),
            "before it is from",
        ),
        (format!("{publisher}{key}{key}"), "line 7: the key"),
        (
            format!(
                "{publisher}{key}{}{key}",
                publisher.replace("'acme'\nn", "'b'\nn")
            ),
            "line 10: the key",
        ),
        (
            format!("{publisher}{publisher}"),
            "line 5: the publisher `acme` stands there twice",
        ),
        (
            publisher.replace("['acme']", "['acme','*']"),
            "`*` should be 1 to 64 of a-z",
        ),
        (publisher.replace("'acme'\nn", "'Ac'\nn"), "`Ac` should be"),
        ("[pins]\n'acme/x'='x'".into(), "not a version"),
        (
            format!("[pins]\n'a/x@1.0.0'='{KEY}'\n'a/x@1.0.0'='{KEY}'"),
            "duplicate key",
        ),
        ("[trust]".into(), "unknown field `trust`"),
        ("x".into(), "line 1"),
    ] {
        let error = Policy::parse(&text).unwrap_err();
        assert!(error.contains(wanted), "{text}\n{error}");
    }
}

#[test]
fn an_identity_stands_once_and_one_of_another_issuer_is_another() {
    let publisher = "[[publisher]]\nname='acme'\nnamespaces=['acme']\n";
    let identity = |issuer| format!("[[publisher.identity]]\nissuer='{issuer}'\nsubject='s'\n");
    let (one, two) = (identity("one"), identity("two"));
    assert!(Policy::parse(&format!("{publisher}{one}{two}")).is_ok());
    let error = Policy::parse(&format!("{publisher}{one}{one}")).unwrap_err();
    assert!(error.contains("line 9: the identity `s`"), "{error}");
}
