//! Taking trust away, and what a threshold never lets happen on the way.

use std::num::NonZeroU32;

use super::tests::{grant, key, now, refuse, signed, with_acme};
use super::*;
use crate::keyless::Identity;

fn needing(threshold: u32, grant: Grant) -> Grant {
    let threshold = NonZeroU32::new(threshold);
    Grant { threshold, ..grant }
}

#[test]
fn a_publisher_that_is_removed_owns_nothing_and_its_revoked_keys_stay_revoked() {
    let (home, mut trust) = with_acme();
    assert!(matches!(
        trust.remove_publisher("other"),
        Err(TrustError::Absent { .. })
    ));
    trust.remove_publisher("acme").unwrap();
    assert!(!trust.knows("acme") && trust.list().publishers.is_empty());
    assert!(trust.remove_publisher("acme").is_err());

    trust
        .add(&[key(1)], &refuse("acme", &["acme"]), None, None)
        .unwrap();
    trust
        .revoke(&key(1).fingerprint(), "stolen", now())
        .unwrap();
    trust
        .add(&[key(2)], &refuse("acme", &["acme"]), None, None)
        .unwrap();
    trust.remove_publisher("acme").unwrap();
    let mut trust = Trust::open(home.path()).unwrap();
    assert!(!trust.knows("acme") && trust.key(&key(2).fingerprint()).is_none());
    let again = trust.add(&[key(1)], &refuse("new", &["new"]), None, None);
    assert!(matches!(again, Err(TrustError::RevokedKey(_))), "{again:?}");
    assert!(matches!(
        trust.remove_key(&key(1).fingerprint(), None),
        Err(TrustError::RevokedKey(_))
    ));
    // The name and the namespace are free for another.
    trust
        .add(&[key(3)], &refuse("acme", &["acme"]), None, None)
        .unwrap();
    assert!(signed(&trust, "acme", 3).is_ok());
}

#[test]
fn a_threshold_comes_with_the_keys_for_it_or_not_at_all() {
    let (home, mut trust) = with_acme();
    let before = std::fs::read(home.path().join("trust/policy.toml")).unwrap();
    let two = needing(2, refuse("ring", &["ring"]));
    let alone = trust.add(&[key(2)], &two, None, None).unwrap_err();
    assert!(
        alone
            .to_string()
            .contains("1 of the 2 keys that have to sign"),
        "{alone}"
    );
    // Two of the same are one.
    assert!(trust.add(&[key(2), key(2)], &two, None, None).is_err());
    let after = std::fs::read(home.path().join("trust/policy.toml")).unwrap();
    assert_eq!(before, after);
    trust.add(&[key(2), key(3)], &two, None, None).unwrap();
    assert!(signed(&trust, "ring", 2).is_err());
    let both = [2, 3].map(|it| Signer::Key(key(it).fingerprint()));
    assert!(trust.judge("ring", &both, now()).is_ok());

    // One new key in place of both would leave a threshold that cannot be met.
    let replace = grant("ring", &["ring"], Conflict::Replace);
    let fewer = trust.add(&[key(4)], &replace, None, None);
    assert!(matches!(fewer, Err(TrustError::TooFew { .. })), "{fewer:?}");
    let first = key(2).fingerprint();
    let fewer = trust.remove_key(&first, None);
    assert!(matches!(fewer, Err(TrustError::TooFew { .. })), "{fewer:?}");
    assert!(trust.judge("ring", &both, now()).is_ok());
    trust.remove_key(&first, NonZeroU32::new(1)).unwrap();
    assert!(signed(&trust, "ring", 2).is_err() && signed(&trust, "ring", 3).is_ok());
    // The last one goes with its publisher, so that the namespace does not go by accident.
    let last = trust.remove_key(&key(3).fingerprint(), None);
    assert!(matches!(last, Err(TrustError::TooFew { .. })), "{last:?}");
}

#[test]
fn an_identity_a_pin_and_an_index_can_be_removed() {
    let (home, mut trust) = with_acme();
    let identity = Identity {
        issuer: "https://issuer.example".into(),
        subject: "dev@acme.example".into(),
    };
    let share = grant("acme", &["acme"], Conflict::Share);
    trust.add_identity(&identity, b"{}", &share).unwrap();
    let other = Identity {
        issuer: "https://other.example".into(),
        ..identity.clone()
    };
    assert!(trust.remove_identity(&other, None).is_err());
    trust.remove_identity(&identity, None).unwrap();
    let signer = Signer::Identity(identity);
    assert!(trust.judge("acme", &[signer], now()).is_err());
    assert!(signed(&trust, "acme", 1).is_ok());

    let release: Release = "acme/json@1.2.0".parse().unwrap();
    assert!(trust.unpin(&release).is_err());
    let digest = Digest::of(b"x");
    trust.pin(&release, &digest, Conflict::Refuse).unwrap();
    trust.unpin(&release).unwrap();
    assert_eq!(trust.pinned(&release), None);

    let url = "https://index.example/";
    assert!(trust.unpin_index(url).is_err());
    trust.pin_index(url, b"{}", Conflict::Refuse).unwrap();
    trust.unpin_index(url).unwrap();
    let trust = Trust::open(home.path()).unwrap();
    assert!(trust.root(url).unwrap().is_none() && trust.list().indexes.is_empty());
}
