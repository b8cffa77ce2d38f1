//! The store as files: what the verbs change, what they leave, and what they refuse.

mod bounds;
mod damaged;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use p256::pkcs8::{EncodePublicKey as _, LineEnding};

use super::*;
use dyno_model::chain;

/// The same key for the same number, which is not zero.
pub(super) fn key(number: u8) -> PublicKey {
    let mut scalar = [0; 32];
    scalar[31] = number;
    let secret = p256::SecretKey::from_slice(&scalar).unwrap();
    let pem = secret.public_key().to_public_key_pem(LineEnding::LF);
    PublicKey::from_pem(&pem.unwrap()).unwrap()
}

pub(super) fn grant(publisher: &str, namespaces: &[&str], conflict: Conflict) -> Grant {
    Grant {
        publisher: publisher.into(),
        namespaces: namespaces.iter().map(|it| (*it).to_owned()).collect(),
        conflict,
        threshold: None,
    }
}

pub(super) fn refuse(publisher: &str, namespaces: &[&str]) -> Grant {
    grant(publisher, namespaces, Conflict::Refuse)
}

pub(super) fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

pub(super) fn signed(trust: &Trust, namespace: &str, number: u8) -> Result<Accepted, Refusal> {
    trust.judge(namespace, &[Signer::Key(key(number).fingerprint())], now())
}

/// A store in which acme has key 1 for `acme`.
pub(super) fn with_acme() -> (tempfile::TempDir, Trust) {
    let home = tempfile::tempdir().unwrap();
    let mut trust = Trust::open(home.path()).unwrap();
    trust
        .add(&[key(1)], &refuse("acme", &["acme"]), None, None)
        .unwrap();
    (home, trust)
}

fn policy_path(home: &tempfile::TempDir) -> PathBuf {
    home.path().join("trust/policy.toml")
}

#[test]
fn nobody_is_trusted_where_there_is_no_store_and_looking_makes_none() {
    let home = tempfile::tempdir().unwrap();
    let trust = Trust::open(home.path()).unwrap();
    assert_eq!(*trust.list(), Policy::default());
    assert!(trust.candidates("acme").is_empty());
    assert!(matches!(
        signed(&trust, "acme", 1),
        Err(Refusal::Unknown { .. })
    ));
    assert!(!home.path().join("trust").exists());
}

#[test]
fn what_was_added_is_there_when_it_is_opened_again_for_the_user_alone() {
    let (home, trust) = with_acme();
    let again = Trust::open(home.path()).unwrap();
    assert_eq!(again.list(), trust.list());
    assert_eq!(again.candidates("acme"), [&key(1)]);
    assert!(again.candidates("other").is_empty());
    assert_eq!(again.key(&key(1).fingerprint()), Some(&key(1)));
    assert_eq!(signed(&again, "acme", 1).unwrap().publisher, "acme");
    let pem = format!("keys/{}.pub", key(1).fingerprint().hex());
    for (path, mode) in [
        ("", 0o700),
        ("keys", 0o700),
        ("policy.toml", 0o600),
        (&pem, 0o600),
    ] {
        let path = home.path().join("trust").join(path);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            mode,
            "{path:?}"
        );
    }
}

#[test]
fn a_key_in_the_place_of_another_is_refused_unless_the_user_says_so() {
    let (home, mut trust) = with_acme();
    let before = fs::read(policy_path(&home)).unwrap();
    let mut refused = |number, grant: Grant| {
        let error = trust.add(&[key(number)], &grant, None, None).unwrap_err();
        assert_eq!(fs::read(policy_path(&home)).unwrap(), before);
        error.to_string()
    };
    let error = refused(2, refuse("forger", &["acme"]));
    assert!(error.contains("`acme` belongs to acme already"), "{error}");
    let error = refused(2, refuse("acme", &["acme"]));
    assert!(
        error.contains("acme is known by another key already"),
        "{error}"
    );
    let error = refused(2, refuse("acme", &["acme-tools"]));
    assert!(
        error.contains("acme is known by another key already"),
        "{error}"
    );
    for conflict in [Conflict::Refuse, Conflict::Share, Conflict::Replace] {
        let error = refused(1, grant("other", &["other"], conflict));
        assert!(error.contains("belongs to acme already"), "{error}");
    }
    for bad in [
        refuse("acme", &[]),
        refuse("Acme", &["x"]),
        refuse("x", &["*"]),
        refuse("x", &["a/b"]),
    ] {
        let error = refused(3, bad);
        assert!(error.contains("should be"), "{error}");
    }
}

#[test]
fn replacing_and_sharing_do_what_they_say() {
    let (_home, mut trust) = with_acme();
    let more = refuse("acme", &["acme-labs"]);
    trust.add(&[key(1)], &more, None, None).unwrap();
    let other = grant("ring", &["acme"], Conflict::Share);
    trust.add(&[key(2)], &other, None, None).unwrap();
    assert!(signed(&trust, "acme", 1).is_ok() && signed(&trust, "acme", 2).is_ok());
    assert!(signed(&trust, "acme-labs", 2).is_err());

    let other = grant("ring", &["acme"], Conflict::Replace);
    trust.add(&[key(3)], &other, None, None).unwrap();
    assert!(signed(&trust, "acme", 3).is_ok());
    for gone in [1, 2] {
        assert!(signed(&trust, "acme", gone).is_err());
    }
    assert!(signed(&trust, "acme-labs", 1).is_ok());
}

#[test]
fn a_validity_is_kept_and_can_be_changed() {
    let (home, mut trust) = with_acme();
    let until = Some("2026-05-01T00:00:00Z".parse().unwrap());
    trust
        .add(&[key(1)], &refuse("acme", &["acme"]), None, until)
        .unwrap();
    assert!(matches!(
        signed(&trust, "acme", 1),
        Err(Refusal::Expired { .. })
    ));
    let (from, until) = (
        "2026-07-01T00:00:00Z".parse().unwrap(),
        "2027-01-01T00:00:00.5Z",
    );
    let until = until.parse().unwrap();
    trust
        .add(
            &[key(1)],
            &refuse("acme", &["acme"]),
            Some(from),
            Some(until),
        )
        .unwrap();
    let trust = Trust::open(home.path()).unwrap();
    assert!(matches!(
        signed(&trust, "acme", 1),
        Err(Refusal::NotYet { .. })
    ));
    assert_eq!(trust.list().publishers[0].keys[0].until, Some(until));
}

#[test]
fn a_revoked_key_counts_no_longer_and_is_not_trusted_again() {
    let (home, mut trust) = with_acme();
    let fingerprint = key(1).fingerprint();
    trust.revoke(&fingerprint, "laptop stolen", now()).unwrap();
    trust
        .revoke(&fingerprint, "another reason", Timestamp::UNIX_EPOCH)
        .unwrap();
    let refusal = signed(&trust, "acme", 1).unwrap_err().to_string();
    assert!(
        refusal.contains("was revoked at 2026-06-01T00:00:00Z: laptop stolen"),
        "{refusal}"
    );
    for conflict in [Conflict::Refuse, Conflict::Share, Conflict::Replace] {
        let again = grant("acme", &["acme"], conflict);
        let error = trust
            .add(&[key(1)], &again, None, None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("was revoked, and is not trusted again"),
            "{error}"
        );
    }
    // The new key needs no other word, since no other counts; the old one stays known.
    trust
        .add(&[key(2)], &refuse("acme", &["acme"]), None, None)
        .unwrap();
    let all = grant("acme", &["acme"], Conflict::Replace);
    trust.add(&[key(3)], &all, None, None).unwrap();
    let trust = Trust::open(home.path()).unwrap();
    assert!(matches!(
        signed(&trust, "acme", 1),
        Err(Refusal::Revoked { .. })
    ));
    assert!(signed(&trust, "acme", 3).is_ok());

    let mut trust = trust;
    let error = trust
        .revoke(&key(9).fingerprint(), "x", now())
        .unwrap_err()
        .to_string();
    assert!(error.contains("the policy has no key"), "{error}");
    for bad in ["", "a\nb", "\u{1b}[2J", &"x".repeat(1025)] {
        let error = trust
            .revoke(&key(3).fingerprint(), bad, now())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("should be one line") && !error.contains('\u{1b}'),
            "{error}"
        );
    }
}

#[test]
fn an_identity_is_trusted_like_a_key() {
    let (_home, mut trust) = with_acme();
    let identity = Identity {
        issuer: "https://issuer.example".into(),
        subject: "dev@ring.example".into(),
    };
    let error = trust
        .add_identity(&identity, b"{}", &refuse("ring", &["acme"]))
        .unwrap_err();
    assert!(matches!(error, TrustError::Taken { .. }), "{error}");
    for _ in 0..2 {
        trust
            .add_identity(&identity, b"{}", &refuse("ring", &["ring"]))
            .unwrap();
    }
    let signer = Signer::Identity(identity.clone());
    assert!(
        trust
            .judge("ring", std::slice::from_ref(&signer), now())
            .is_ok()
    );
    assert!(trust.judge("acme", &[signer], now()).is_err());
    let error = trust
        .add(&[key(2)], &refuse("ring", &["ring"]), None, None)
        .unwrap_err();
    assert!(matches!(error, TrustError::OtherKey { .. }), "{error}");
    let error = trust
        .add_identity(&identity, b"{}", &refuse("acme", &["x"]))
        .unwrap_err();
    assert!(matches!(error, TrustError::Elsewhere { .. }), "{error}");
}

#[test]
fn pins_denials_and_roots_hold_until_the_user_says_otherwise() {
    let (home, mut trust) = with_acme();
    let release: Release = "acme/x@1.2.0".parse().unwrap();
    let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
    trust.pin(&release, &one, Conflict::Refuse).unwrap();
    trust.pin(&release, &one, Conflict::Refuse).unwrap();
    for conflict in [Conflict::Refuse, Conflict::Share] {
        let error = trust.pin(&release, &two, conflict).unwrap_err().to_string();
        assert!(
            error.contains("acme/x@1.2.0 is pinned to sha256:"),
            "{error}"
        );
    }
    trust.deny(&two, "steals cookies").unwrap();
    trust.deny(&two, "again").unwrap();
    let url = "https://plugins.example/index";
    trust.pin_index(url, b"root", Conflict::Refuse).unwrap();
    let error = trust
        .pin_index(url, b"other", Conflict::Refuse)
        .unwrap_err();
    assert!(matches!(error, TrustError::OtherRoot { .. }), "{error}");
    for bad in ["plugins.example", "javascript:x", ""] {
        assert!(trust.pin_index(bad, b"root", Conflict::Refuse).is_err());
    }
    assert!(
        trust
            .pin_index(url, &vec![0; (1 << 20) + 1], Conflict::Replace)
            .is_err()
    );

    let mut trust = Trust::open(home.path()).unwrap();
    assert_eq!(trust.pinned(&release), Some(one));
    assert_eq!(trust.denied(&two).unwrap().reason, "steals cookies");
    assert_eq!(trust.denied(&one), None);
    assert_eq!(trust.root(url).unwrap().unwrap(), b"root");
    assert_eq!(trust.root("https://other.example").unwrap(), None);
    trust.pin(&release, &two, Conflict::Replace).unwrap();
    trust.pin_index(url, b"other", Conflict::Replace).unwrap();
    assert_eq!(trust.pinned(&release), Some(two));
    let other = home
        .path()
        .join(format!("trust/roots/{}.json", Digest::of(b"other").hex()));
    fs::write(&other, "forged").unwrap();
    let error = trust.root(url).unwrap_err().to_string();
    assert!(error.contains("should be the root file sha256:"), "{error}");
    fs::remove_file(other).unwrap();
    assert!(trust.root(url).is_err());
}

#[test]
fn what_the_user_wrote_around_survives() {
    let (home, mut trust) = with_acme();
    let text = fs::read_to_string(policy_path(&home)).unwrap();
    let text = format!("# mine, keep out\n{text}# met at the conference\n\n[pins] # none yet\n");
    fs::write(policy_path(&home), &text).unwrap();
    trust
        .add(&[key(2)], &refuse("ring", &["ring"]), None, None)
        .unwrap();
    trust.deny(&Digest::of(b"x"), "bad").unwrap();
    let release = "acme/x@1.2.0".parse().unwrap();
    trust
        .pin(&release, &Digest::of(b"y"), Conflict::Refuse)
        .unwrap();
    trust.revoke(&key(1).fingerprint(), "lost", now()).unwrap();
    let changed = fs::read_to_string(policy_path(&home)).unwrap();
    for comment in ["# mine, keep out", "# met at the conference", "# none yet"] {
        assert!(changed.contains(comment), "{changed}");
    }
    assert_eq!(Trust::open(home.path()).unwrap().list(), trust.list());
}

#[test]
fn a_policy_that_is_written_otherwise_is_read_and_not_edited() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("trust")).unwrap();
    fs::write(
        policy_path(&home),
        "publisher = [{ name = 'acme', namespaces = ['acme'] }]",
    )
    .unwrap();
    let mut trust = Trust::open(home.path()).unwrap();
    assert_eq!(trust.list().publishers[0].name, "acme");
    let error = trust
        .add(&[key(1)], &refuse("acme", &["acme"]), None, None)
        .unwrap_err();
    assert!(
        error.to_string().contains("must be edited by hand"),
        "{error}"
    );
}

#[test]
fn eight_who_add_at_once_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 1..=8_u8 {
            let home = home.path();
            scope.spawn(move || {
                let mut trust = Trust::open(home).unwrap();
                let name = format!("publisher-{number}");
                trust
                    .add(&[key(number)], &refuse(&name, &[&name]), None, None)
                    .unwrap();
            });
        }
    });
    assert_eq!(Trust::open(home.path()).unwrap().list().publishers.len(), 8);
}
