//! What just fits into the store, what just does not, and what adding twice or beside something
//! else does.

use super::*;
use dyno_model::{Classify as _, Fault};

const MIB: usize = 1 << 20;

#[test]
fn what_is_there_already_is_added_again_without_a_trace() {
    let (home, mut trust) = with_acme();
    let url = "https://plugins.example/index";
    let release: Release = "acme/x@1.2.0".parse().unwrap();
    let mut add = || {
        let grant = refuse("acme", &["acme"]);
        trust.add(&[key(1)], &grant, None, None).unwrap();
        trust.pin_index(url, b"root", Conflict::Refuse).unwrap();
        let digest = Digest::of(b"x");
        trust.pin(&release, &digest, Conflict::Refuse).unwrap();
        trust.deny(&digest, "bad").unwrap();
        trust.deny(&Digest::of(b"y"), "worse").unwrap();
        fs::read_to_string(policy_path(&home)).unwrap()
    };
    let once = add();
    assert_eq!(add(), once);
    for digest in ["x", "y"].map(|it| Digest::of(it.as_bytes())) {
        assert!(trust.denied(&digest).is_some());
    }
}

#[test]
fn a_key_is_trusted_for_one_more_namespace_of_its_publisher_or_a_new_one() {
    let (_home, mut trust) = with_acme();
    trust.add_for(&key(1), "acme-labs").unwrap();
    trust.add_for(&key(2), "ring").unwrap();
    for (number, namespace, publisher) in [
        (1, "acme", "acme"),
        (1, "acme-labs", "acme"),
        (2, "ring", "ring"),
    ] {
        assert!(trust.knows(namespace) && signed(&trust, namespace, number).is_ok());
        let found = trust.publisher(&key(number).fingerprint());
        assert_eq!(found, Some(publisher));
    }
    assert_eq!(trust.publisher(&key(3).fingerprint()), None);
    let error = trust.add_for(&key(3), "acme").unwrap_err();
    assert!(matches!(error, TrustError::OtherKey { .. }), "{error}");
}

#[test]
fn an_index_is_a_url_or_a_directory_of_at_most_1024_bytes() {
    let (_home, mut trust) = with_acme();
    let mut pin = |url: &str| trust.pin_index(url, b"root", Conflict::Refuse);
    let long = |start: &str, bytes: usize| format!("{start}{}", "x".repeat(bytes - start.len()));
    for good in [
        "https://plugins.example/index",
        "http://localhost:5000/index",
        "/srv/index",
        &long("https://plugins.example/", 1024),
        &long("/srv/", 1024),
    ] {
        pin(good).unwrap();
    }
    for bad in [
        "srv/index",
        "file:///srv/index",
        "/srv/in\ndex",
        &long("https://plugins.example/", 1025),
        &long("/srv/", 1025),
    ] {
        let error = pin(bad).unwrap_err().to_string();
        let expected = "should be a URL with https or http, or the path of a directory";
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_root_has_at_most_a_mebibyte() {
    let (home, mut trust) = with_acme();
    let identity = Identity {
        issuer: "https://issuer.example".into(),
        subject: "dev@acme.example".into(),
    };
    let share = grant("acme", &["acme"], Conflict::Share);
    let (most, more) = (vec![b' '; MIB], vec![b' '; MIB + 1]);
    let url = "https://plugins.example/index";
    let refused = [
        trust.add_identity(&identity, &more, &share).unwrap_err(),
        trust.pin_index(url, &more, Conflict::Refuse).unwrap_err(),
    ];
    for error in refused {
        assert!(
            error.to_string().ends_with("should be at most 1 MiB"),
            "{error}"
        );
    }
    trust.add_identity(&identity, &most, &share).unwrap();
    trust.pin_index(url, &most, Conflict::Refuse).unwrap();
    let trust = Trust::open(home.path()).unwrap();
    assert_eq!(trust.root(url).unwrap().unwrap(), most);
    let trusted: Vec<_> = trust.identities("acme").collect();
    assert_eq!(trusted, [(&identity, most.as_slice())]);
    assert_eq!(trust.identities("other").count(), 0);
}

/// What could not be read again must not be written.
#[test]
fn a_policy_grows_to_a_mebibyte_and_no_further() {
    let (home, mut trust) = with_acme();
    let path = policy_path(&home);
    let before = fs::read_to_string(&path).unwrap();
    let digest = Digest::of(b"x");
    trust.deny(&digest, "bad").unwrap();
    let grown = fs::read_to_string(&path).unwrap();
    let comment = |bytes: usize| format!("{}\n{before}", "#".repeat(bytes - 1));
    let room = MIB - grown.len();

    let text = comment(room + 1);
    fs::write(&path, &text).unwrap();
    let error = trust.deny(&digest, "bad").unwrap_err();
    assert!(matches!(error, TrustError::TooLarge { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    fs::write(&path, comment(room)).unwrap();
    trust.deny(&digest, "bad").unwrap();
    assert_eq!(fs::read(&path).unwrap().len(), MIB);
    let trust = Trust::open(home.path()).unwrap();
    assert_eq!(trust.denied(&digest).unwrap().reason, "bad");
}

#[test]
fn an_identity_of_another_issuer_stays_when_one_is_removed() {
    let (_home, mut trust) = with_acme();
    let identity = |issuer: &str, subject: &str| Identity {
        issuer: format!("https://{issuer}.example"),
        subject: subject.into(),
    };
    let all = [
        identity("one", "dev"),
        identity("two", "dev"),
        identity("one", "ops"),
    ];
    let share = grant("acme", &["acme"], Conflict::Share);
    for identity in &all {
        trust.add_identity(identity, b"{}", &share).unwrap();
    }
    trust.remove_identity(&all[0], None).unwrap();
    assert_eq!(trust.list().publishers[0].identities, all[1..]);
}

/// Whether a user looks at the own machine, at what was asked for, or for what is not there.
#[test]
fn a_fault_is_the_hosts_where_the_store_is_no_good() {
    let (home, mut trust) = with_acme();
    let fault = |changed: Result<(), TrustError>| changed.unwrap_err().fault();
    let absent = trust.revoke(&key(9).fingerprint(), "x", now());
    assert_eq!(fault(absent), Fault::NotFound);
    assert_eq!(fault(trust.remove_publisher("x")), Fault::NotFound);
    assert_eq!(fault(trust.deny(&Digest::of(b"x"), "")), Fault::Usage);
    let taken = trust.add(&[key(2)], &refuse("x", &["acme"]), None, None);
    assert_eq!(fault(taken), Fault::Usage);
    let dir = home.path().join("trust");
    fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
    assert_eq!(fault(trust.deny(&Digest::of(b"x"), "x")), Fault::Host);
    fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
    fs::write(key_path(&dir, &key(1).fingerprint()), key(2).to_pem()).unwrap();
    assert_eq!(fault(trust.deny(&Digest::of(b"x"), "x")), Fault::Host);
}
