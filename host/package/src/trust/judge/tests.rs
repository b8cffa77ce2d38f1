//! The decision as a table.

use super::*;

/// acme signs for `acme` with two of a, b, c and an account, of which b is revoked and c has its
/// time; solo signs for `solo` with d; ring and solo share `shared`.
const POLICY: &str = "
[[publisher]]
name = 'acme'
namespaces = ['acme']
threshold = 2
[[publisher.key]]
fingerprint = 'sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
[[publisher.key]]
fingerprint = 'sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'
revoked = { at = 2026-05-01T00:00:00Z, reason = 'stolen' }
[[publisher.key]]
fingerprint = 'sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc'
from = 2026-01-01T00:00:00Z
until = 2027-01-01T00:00:00Z
[[publisher.identity]]
issuer = 'https://issuer.example'
subject = 'dev@acme.example'

[[publisher]]
name = 'solo'
namespaces = ['solo', 'shared']
[[publisher.key]]
fingerprint = 'sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'

[[publisher]]
name = 'ring'
namespaces = ['shared']
[[publisher.key]]
fingerprint = 'sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'

[[publisher]]
name = 'gone'
namespaces = ['gone']
";

/// `i` is acme's account, `j` that of another issuer, anything else the key of that digit.
fn signer(letter: char) -> Signer {
    let identity = |issuer: &str| {
        Signer::Identity(Identity {
            issuer: issuer.into(),
            subject: "dev@acme.example".into(),
        })
    };
    match letter {
        'i' => identity("https://issuer.example"),
        'j' => identity("https://forger.example"),
        digit => {
            let hex = digit.to_string().repeat(64);
            Signer::Key(format!("sha256:{hex}").parse().unwrap())
        }
    }
}

fn judged(namespace: &str, signers: &str, now: &str) -> String {
    let verified: Vec<Signer> = signers.chars().map(signer).collect();
    let policy = Policy::parse(POLICY).unwrap();
    match policy.judge(namespace, &verified, now.parse().unwrap()) {
        Ok(accepted) => format!("{} {}", accepted.publisher, accepted.signers.len()),
        Err(refusal) => refusal.to_string(),
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn signatures_are_enough_or_the_reason_why_not_is_told() {
    let now = "2026-06-01T00:00:00Z";
    for (namespace, signers, at, wanted) in [
        ("acme", "ac", now, "acme 2"),
        ("acme", "ca", now, "acme 2"),
        ("acme", "ai", now, "acme 2"),
        ("acme", "aci", now, "acme 3"),
        ("solo", "d", now, "solo 1"),
        // What counts for nothing does no harm.
        ("acme", "abdcf", now, "acme 2"),
        // Shared: either.
        ("shared", "d", now, "solo 1"),
        ("shared", "e", now, "ring 1"),
        // Unknown publisher, whichever key signed.
        ("new", "", now, "nobody is trusted for the namespace `new`"),
        ("new", "d", now, "nobody is trusted for the namespace `new`"),
        // No known key.
        (
            "acme",
            "",
            now,
            "by a key that is trusted for the namespace `acme`, which belongs to acme",
        ),
        (
            "acme",
            "f",
            now,
            "by a key that is trusted for the namespace `acme`, which belongs to acme",
        ),
        (
            "acme",
            "j",
            now,
            "by a key that is trusted for the namespace `acme`, which belongs to acme",
        ),
        ("shared", "", now, "which belongs to solo, ring"),
        ("gone", "", now, "which belongs to gone"),
        // Known for something else.
        (
            "solo",
            "a",
            now,
            "is trusted for acme (acme), and not for the namespace `solo`",
        ),
        (
            "solo",
            "i",
            now,
            "is trusted for acme (acme), and not for the namespace `solo`",
        ),
        (
            "acme",
            "d",
            now,
            "is trusted for shared, solo (solo), and not for the namespace `acme`",
        ),
        (
            "solo",
            "e",
            now,
            "is trusted for shared (ring), and not for the namespace `solo`",
        ),
        // Revoked, even before it was.
        (
            "acme",
            "b",
            now,
            "was revoked at 2026-05-01T00:00:00Z: stolen",
        ),
        (
            "acme",
            "b",
            "2026-04-01T00:00:00Z",
            "was revoked at 2026-05-01T00:00:00Z: stolen",
        ),
        // Of several faults the gravest is told, whoever comes first.
        ("acme", "bdf", now, "was revoked at"),
        ("solo", "ab", now, "is trusted for acme (acme), and not"),
        (
            "acme",
            "cd",
            "2027-01-01T00:00:00Z",
            "is trusted for shared, solo (solo), and not",
        ),
        // Out of its time; both ends.
        (
            "acme",
            "c",
            "2027-01-01T00:00:00Z",
            "was valid until 2027-01-01T00:00:00Z",
        ),
        (
            "acme",
            "c",
            "2025-12-31T23:59:59Z",
            "is valid from 2026-01-01T00:00:00Z",
        ),
        ("acme", "ac", "2026-12-31T23:59:59Z", "acme 2"),
        ("acme", "ac", "2026-01-01T00:00:00Z", "acme 2"),
        // Below the threshold: each counts once, and only if it counts.
        (
            "acme",
            "a",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "aaa",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "iii",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "ab",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "ad",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "aj",
            now,
            "1 of the 2 keys that acme needs have signed",
        ),
        (
            "acme",
            "ac",
            "2028-01-01T00:00:00Z",
            "1 of the 2 keys that acme needs have signed",
        ),
    ] {
        let told = judged(namespace, signers, at);
        assert!(told.contains(wanted), "{namespace} {signers} {at}: {told}");
    }
}

#[test]
fn two_publishers_of_one_namespace_do_not_add_up() {
    let text = POLICY.replace("name = 'ring'", "name = 'ring'\nthreshold = 2");
    let text = text.replace("name = 'solo'", "name = 'solo'\nthreshold = 2");
    let policy = Policy::parse(&text).unwrap();
    let verified = [signer('d'), signer('e')];
    let refusal = policy.judge("shared", &verified, Timestamp::UNIX_EPOCH);
    assert!(
        matches!(refusal, Err(Refusal::Threshold { found: 1, .. })),
        "{refusal:?}"
    );
}
