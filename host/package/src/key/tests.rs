use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2;
use pkcs8::{Document, EncryptedPrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::openssl::Openssl;
use super::*;

/// The key of RFC 6979, appendix A.2.5.
const RFC_6979_KEY: &str = "-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDJr6nYRbp1FmtcIVdn
sdaTTlDD2zbomxJ7imIrEg9nIQ==
-----END PRIVATE KEY-----
";

// Made with openssl for these tests, and used nowhere else.
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvudV4414HZu720t+
1OEcOUnDcyKux+Wz90vVHOjFBaChRANCAARZSVKEJ6elaDQ+BIBDvt5nwoMYSytr
8ceFnpnec6j9JzkS785t+9sBVgjGQ94/D3EZB4B6ERjIkf0UtF0ORkxq
-----END PRIVATE KEY-----
";
const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEWUlShCenpWg0PgSAQ77eZ8KDGEsr
a/HHhZ6Z3nOo/Sc5Eu/ObfvbAVYIxkPePw9xGQeAehEYyJH9FLRdDkZMag==
-----END PUBLIC KEY-----
";
const P256_COMPRESSED: &str = "-----BEGIN PUBLIC KEY-----
MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACWUlShCenpWg0PgSAQ77eZ8KDGEsr
a/HHhZ6Z3nOo/Sc=
-----END PUBLIC KEY-----
";
const SEC1: &str = "-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIL7nVeONeB2bu9tLftThHDlJw3Mirsfls/dL1RzoxQWgoAoGCCqGSM49
AwEHoUQDQgAEWUlShCenpWg0PgSAQ77eZ8KDGEsra/HHhZ6Z3nOo/Sc5Eu/Obfvb
AVYIxkPePw9xGQeAehEYyJH9FLRdDkZMag==
-----END EC PRIVATE KEY-----
";
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDD8JRUyVtejIfbIpdu7
gZm9XxXBSTgX/txAsNFCUMaEZ4wqkxvStkCycrjuyrXB2+6hZANiAARAFG77ksCW
KMRp6UcgmG7EWhoNXLV3t2ESKF112RrJHh8fHrdi55qfbrG7RuOKir1FfKsash9q
wII1/Uv+GIAC7ZvPUBX/JMCbvCD3Hy27AmWi0zFn8+E0nnPvBeONglU=
-----END PRIVATE KEY-----
";
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIGTFB/qzNkm1+DRkSC9e2YXJn9wAaeNanzXYfzHkhYjY
-----END PRIVATE KEY-----
";

pub(crate) fn key() -> PrivateKey {
    read(P256).unwrap()
}

/// Reads a key that must not need a passphrase.
fn read(text: &str) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(text, &mut || panic!("asked for a passphrase"))
}

fn read_with(text: &str, passphrase: &str) -> Result<PrivateKey, KeyError> {
    PrivateKey::from_pem(text, &mut || Ok(Zeroizing::new(passphrase.into())))
}

#[test]
fn a_key_survives_its_file_and_asks_only_if_that_is_encrypted() {
    let key = PrivateKey::generate().unwrap();
    assert_ne!(key.public(), PrivateKey::generate().unwrap().public());
    let plain = key.to_pem(None).unwrap();
    assert_eq!(read(&plain).unwrap().public(), key.public());
    assert_eq!(*read(P256).unwrap().to_pem(None).unwrap(), *P256);

    let encrypted = key.to_pem(Some("a passphrase")).unwrap();
    assert!(encrypted.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_ne!(encrypted, key.to_pem(Some("a passphrase")).unwrap());
    let opened = read_with(&encrypted, "a passphrase").unwrap();
    assert_eq!(opened.public(), key.public());
    for wrong in ["A passphrase", ""] {
        assert_eq!(
            read_with(&encrypted, wrong).unwrap_err(),
            KeyError::Passphrase
        );
    }
    let none = PrivateKey::from_pem(&encrypted, &mut || Err(KeyError::NoPassphrase));
    assert_eq!(none.unwrap_err(), KeyError::NoPassphrase);
    assert_eq!(key.to_pem(Some("")).unwrap_err(), KeyError::NoPassphrase);
}

#[test]
fn a_public_key_survives_its_file_and_has_one_form_and_one_name() {
    let public = PublicKey::from_pem(P256_PUBLIC).unwrap();
    assert_eq!(public, *key().public());
    assert_eq!(public.to_pem(), P256_PUBLIC);
    assert_eq!(PublicKey::from_der(public.der()), Ok(public.clone()));
    assert_eq!(
        PublicKey::from_pem(P256_COMPRESSED),
        Err(KeyError::NotCanonical)
    );
    let longer = [public.der(), b"\0"].concat();
    assert!(matches!(
        PublicKey::from_der(&longer),
        Err(KeyError::Malformed { .. })
    ));
    // Its point does not lie on the curve.
    let mut off = public.der().to_vec();
    off[90] ^= 1;
    assert!(matches!(
        PublicKey::from_der(&off),
        Err(KeyError::Malformed { .. })
    ));

    let fingerprint = public.fingerprint();
    assert_eq!(
        fingerprint.to_string(),
        format!("sha256:{}", fingerprint.hex())
    );
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    let json = serde_json::to_string(&fingerprint).unwrap();
    assert_eq!(json, format!("\"{fingerprint}\""));
    assert_eq!(
        serde_json::from_str::<Fingerprint>(&json).unwrap(),
        fingerprint
    );
    assert!(serde_json::from_str::<Fingerprint>("\"sha256:../..\"").is_err());
}

#[test]
fn signatures_are_those_of_rfc_6979() {
    let key = read(RFC_6979_KEY).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02X}")).collect::<String>();
    // Appendix A.2.5, SHA-256, message "sample": r and s, each with a leading zero in DER.
    let r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
    let s = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
    let signature = key.sign(b"sample");
    assert_eq!(hex(&signature), format!("3046022100{r}022100{s}"));
    assert!(key.public().verify(b"sample", &signature));
}

#[test]
fn a_signature_is_good_for_its_key_and_message_only() {
    let (key, other) = (key(), PrivateKey::generate().unwrap());
    let signature = key.sign(b"message");
    assert!(key.public().verify(b"message", &signature));
    assert!(!key.public().verify(b"messagf", &signature));
    assert!(!other.public().verify(b"message", &signature));
    for index in 0..signature.len() {
        let mut flipped = signature.clone();
        flipped[index] ^= 1;
        assert!(!key.public().verify(b"message", &flipped), "byte {index}");
    }
    let zero = [0x30, 6, 2, 1, 0, 2, 1, 0];
    for bad in [&[][..], &[0; 64], &zero, &signature[1..]] {
        assert!(!key.public().verify(b"message", bad), "{bad:?}");
    }
    assert!(
        !key.public()
            .verify(b"message", &[&signature[..], b"\0"].concat())
    );
}

#[test]
fn other_keys_are_refused_by_name() {
    for (text, says) in [
        (SEC1.into(), "openssl pkcs8 -topk8"),
        (
            "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n".into(),
            "cosign's own form",
        ),
        (
            "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n".into(),
            "cosign's own form",
        ),
        (P384.into(), "is for the curve P-384"),
        (ED25519.into(), "is for Ed25519"),
        (P256_PUBLIC.into(), "is a `PUBLIC KEY`"),
        (format!("{P256}{P384}"), "more than one PEM block"),
        (P256.replace("MIGH", "MIGI"), "not a PRIVATE KEY as PEM"),
        (
            P256.replace("AwEHBG0", "AwEGBG0"),
            "is for the curve 1.2.840.10045.3.1.6",
        ),
        ("hello".into(), "not a PRIVATE KEY as PEM"),
        (String::new(), "not a PRIVATE KEY as PEM"),
        ("x".repeat(KEY_BYTES_MAX + 1), "16385 bytes are too long"),
        (P256.replace("PRIVATE KEY", "\u{1b}[2J"), "PEM"),
    ] {
        let error = read(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(!error.contains('\u{1b}'), "{error}");
    }
    for (text, says) in [
        (P256, "is a `PRIVATE KEY`"),
        (SEC1, "EC PRIVATE KEY"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "PEM",
        ),
    ] {
        let error = PublicKey::from_pem(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_file_that_asks_for_endless_work_is_refused_before_anybody_types() {
    let scrypt = |cost_parameter, parallelization| {
        let mut kdf = pbes2::ScryptParams {
            salt: pbes2::Salt::new(b"salt").unwrap(),
            cost_parameter,
            block_size: 8,
            parallelization,
            key_length: None,
        };
        kdf.key_length = Some(32);
        pbes2::Kdf::from(kdf)
    };
    let pbkdf2 = |count| {
        pbes2::Pbkdf2Params::hmac_sha256(count, b"salt")
            .unwrap()
            .into()
    };
    for (kdf, says) in [
        (scrypt(1 << 40, 1), "scrypt with N=1099511627776"),
        (scrypt(u64::MAX, u16::MAX), "scrypt"),
        (scrypt(1 << 14, 60_000), "p=60000"),
        (pbkdf2(90_000_000), "PBKDF2 with 90000000 iterations"),
    ] {
        let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: pbes2::Parameters { kdf, encryption }.into(),
            encrypted_data: OctetStringRef::new(&[0; 160]).unwrap(),
        };
        let document = Document::try_from(info.to_der().unwrap()).unwrap();
        let pem = document
            .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
            .unwrap();
        let error = read(&pem).unwrap_err();
        assert!(matches!(error, KeyError::Cost(_)), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn nothing_prints_the_secret() {
    let key = key();
    let shown = format!("{key:?} {key:#?}");
    assert!(shown.contains(&key.public().fingerprint().hex()), "{shown}");
    // The first bytes of the secret, as a debug list and as hex.
    assert!(
        !shown.contains("190, 231") && !shown.to_lowercase().contains("bee755"),
        "{shown}"
    );
}

#[test]
fn openssl_reads_our_files_and_names_the_same_key() {
    let Some(openssl) = Openssl::find() else {
        return;
    };
    let key = PrivateKey::generate().unwrap();
    let public = key.public();
    openssl.file("plain.pem", key.to_pem(None).unwrap().as_bytes());
    openssl.file(
        "encrypted.pem",
        key.to_pem(Some("open")).unwrap().as_bytes(),
    );
    openssl.file("public.pem", public.to_pem());
    for from in [
        "pkey -in plain.pem",
        "pkey -in encrypted.pem -passin pass:open",
        "pkey -pubin -in public.pem",
    ] {
        let pem = openssl.run(&format!("{from} -pubout"), b"");
        assert_eq!(String::from_utf8(pem).unwrap(), public.to_pem(), "{from}");
    }
    let (is_open, _) = openssl.try_run("pkey -in encrypted.pem -passin pass:shut -noout", b"");
    assert!(!is_open);
    let der = openssl.run("pkey -pubin -in public.pem -outform DER", b"");
    let digest = openssl.run("dgst -sha256 -binary", &der);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(public.fingerprint().hex(), hex);
    let base64 = openssl.run("base64 -A", &digest);
    assert_eq!(public.hint().as_bytes(), base64);
}

#[test]
fn we_read_what_openssl_writes_and_refuse_what_is_no_key_of_ours() {
    let Some(openssl) = Openssl::find() else {
        return;
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let genpkey = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    let plain = text(openssl.run(genpkey, b""));
    openssl.file("plain.pem", &plain);
    let public = text(openssl.run("pkey -in plain.pem -pubout", b""));
    let public = PublicKey::from_pem(&public).unwrap();
    assert_eq!(*read(&plain).unwrap().public(), public);
    for how in [
        "-scrypt",
        "-scrypt -scrypt_N 8192 -scrypt_r 8 -scrypt_p 2",
        "-v2 aes-256-cbc",
        "-v2 aes-128-cbc -v2prf hmacWithSHA512",
        "-v2 aes-256-cbc -iter 100000",
    ] {
        let pem = openssl.run(
            &format!("pkcs8 -topk8 -in plain.pem -passout pass:open {how}"),
            b"",
        );
        let key = read_with(&text(pem), "open").unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(*key.public(), public, "{how}");
    }
    for how in [
        "-v2 des3",
        "-v1 PBE-SHA1-3DES",
        "-v2 aes-256-cbc -v2prf hmacWithSHA1",
    ] {
        let pem = openssl.run(
            &format!("pkcs8 -topk8 -in plain.pem -passout pass:open {how}"),
            b"",
        );
        assert_eq!(
            read_with(&text(pem), "open").unwrap_err(),
            KeyError::Encryption,
            "{how}"
        );
    }
    for (algorithm, says) in [
        ("RSA -pkeyopt rsa_keygen_bits:2048", "is for RSA"),
        ("EC -pkeyopt ec_paramgen_curve:secp256k1", "secp256k1"),
        (
            "EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            "without a name",
        ),
    ] {
        let pem = text(openssl.run(&format!("genpkey -algorithm {algorithm}"), b""));
        let error = read(&pem).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        openssl.file("other.pem", &pem);
        let pem = text(openssl.run("pkey -in other.pem -pubout", b""));
        let error = PublicKey::from_pem(&pem).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn openssl_and_we_verify_each_other() {
    let Some(openssl) = Openssl::find() else {
        return;
    };
    let key = key();
    openssl.file("key.pem", key.to_pem(None).unwrap().as_bytes());
    openssl.file("public.pem", key.public().to_pem());
    openssl.file("signature", key.sign(b"message"));
    let verify = "dgst -sha256 -verify public.pem -signature signature";
    assert!(openssl.try_run(verify, b"message").0);
    assert!(!openssl.try_run(verify, b"massage").0);
    let signature = openssl.run("dgst -sha256 -sign key.pem", b"message");
    assert!(key.public().verify(b"message", &signature));
    assert!(!key.public().verify(b"massage", &signature));
}
