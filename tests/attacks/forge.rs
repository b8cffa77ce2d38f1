//! Takes packages apart, and puts them together again, changed: every hash is right again and
//! whoever has a key can sign it, so that only the check that is tried can find the change.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use super::super::support::{Bench, plugin};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(crate) const PAYLOAD: &str = "application/vnd.in-toto+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const SECTION: &str = "dyno:manifest";

/// What the package of most tests says that it is.
pub(crate) const RELEASE: &str = "acme/json@1.2.0";

/// A signing key that `dyno key generate` made.
pub(crate) struct Key {
    signing: SigningKey,
    /// The public half, as a file.
    pub(crate) public: PathBuf,
    pub(crate) fingerprint: String,
}

impl Key {
    pub(crate) fn generate(bench: &Bench, name: &str) -> Self {
        let path = bench.path(format!("{name}.key"));
        let mut generate = bench.command();
        generate
            .args(["key", "generate", "--no-passphrase", "--output"])
            .arg(&path);
        let said = super::super::support::finish(generate).exits(0);
        let pem = fs::read_to_string(&path).unwrap();
        Self {
            signing: SigningKey::from(SecretKey::from_pkcs8_pem(&pem).unwrap()),
            public: path.with_extension("pub"),
            fingerprint: said.stdout.lines().next().unwrap().to_owned(),
        }
    }

    /// The fingerprint as a bundle has it.
    pub(crate) fn hint(&self) -> String {
        let hex = self.fingerprint.strip_prefix("sha256:").unwrap().as_bytes();
        let pairs = hex.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<_> = pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        BASE64_STANDARD.encode(bytes)
    }

    /// A bundle in which this key signed some payload.
    pub(crate) fn bundle(&self, payload_type: &str, payload: &[u8]) -> Value {
        let (kind, bytes) = (payload_type.len(), payload.len());
        let mut signed = format!("DSSEv1 {kind} {payload_type} {bytes} ").into_bytes();
        signed.extend(payload);
        let signature: DerSignature = self.signing.sign(&signed);
        json!({
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": self.hint()}},
            "dsseEnvelope": {
                "payload": BASE64_STANDARD.encode(payload),
                "payloadType": payload_type,
                "signatures": [{"sig": BASE64_STANDARD.encode(signature.as_bytes())}],
            },
        })
    }
}

/// What is signed of a manifest that is a release.
pub(crate) fn statement(manifest: &[u8], release: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": release, "digest": {"sha256": hex(manifest)}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    })
}

/// The parts of a package.
#[derive(Clone)]
pub(crate) struct Forge {
    pub(crate) component: Vec<u8>,
    pub(crate) config: Vec<u8>,
    pub(crate) manifest: Vec<u8>,
    /// Each with the annotations of the manifest that carries it.
    pub(crate) bundles: Vec<(Vec<u8>, Value)>,
}

impl Forge {
    /// `acme/json@1.2.0` as `dyno pack` makes it: a suite with one case, not signed.
    pub(crate) fn suite() -> Self {
        static PACKED: OnceLock<Forge> = OnceLock::new();
        let suite = || Self::pack("acme/json", "1.2.0", "suite.wat", &plugin(&["add"]));
        PACKED.get_or_init(suite).clone()
    }

    /// `acme/program@1.2.0`: a plain command that asks for `wasi:cli`.
    pub(crate) fn program() -> Self {
        static PACKED: OnceLock<Forge> = OnceLock::new();
        let text = r#"(component
            (import "wasi:cli/exit@0.2.0" (instance
                (export "exit" (func (param "status" (result))))))
            (core module $module (func (export "run") (result i32) i32.const 0))
            (core instance $instance (instantiate $module))
            (func $run (result (result)) (canon lift (core func $instance "run")))
            (instance $program (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $program)))"#;
        let program = || Self::pack("acme/program", "1.2.0", "program.wat", text);
        PACKED.get_or_init(program).clone()
    }

    fn pack(id: &str, version: &str, component: &str, text: &str) -> Self {
        let bench = Bench::new();
        let toml = format!(
            "[plugin]\nname = 'x'\n[build]\ncomponent = '{component}'\n[package]\nid = '{id}'\nversion = '{version}'\n"
        );
        bench.write("x/plugin.toml", toml);
        bench.write(format!("x/{component}"), text);
        bench.dyno(["pack", "x", "--output", "x.oci.tar"]).exits(0);
        Self::open(&bench.path("x.oci.tar"))
    }

    /// Takes a package file apart.
    pub(crate) fn open(path: &Path) -> Self {
        let files: BTreeMap<_, _> = files_of(path).into_iter().collect();
        let blob = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            files[&format!("blobs/sha256/{}", digest.strip_prefix("sha256:").unwrap())].clone()
        };
        let index = parse(&files["index.json"]);
        let manifest = blob(&index["manifests"][0]);
        let described = parse(&manifest);
        let listed = &index["manifests"][1];
        let referrers = match listed.is_null() {
            true => Vec::new(),
            false => parse(&blob(listed))["manifests"]
                .as_array()
                .unwrap()
                .clone(),
        };
        Self {
            component: blob(&described["layers"][0]),
            config: blob(&described["config"]),
            manifest,
            bundles: (referrers.iter())
                .map(|referrer| {
                    let carrier = parse(&blob(referrer));
                    (blob(&carrier["layers"][0]), carrier["annotations"].clone())
                })
                .collect(),
        }
    }

    /// Another component, with everything that describes it; no longer signed.
    pub(crate) fn with_component(mut self, component: Vec<u8>) -> Self {
        let layer = described("application/wasm", &component);
        self.component = component;
        self.with_config(|config| config["layerDigests"] = json!([layer["digest"]]))
            .with_manifest(|manifest| manifest["layers"] = json!([layer]))
    }

    /// A config that says something else.
    pub(crate) fn with_config(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut config = parse(&self.config);
        change(&mut config);
        self.with_config_bytes(config.to_string())
    }

    pub(crate) fn with_config_bytes(mut self, config: impl Into<Vec<u8>>) -> Self {
        self.config = config.into();
        let kind = "application/vnd.wasm.config.v0+json";
        let config = described(kind, &self.config);
        self.with_manifest(|manifest| manifest["config"] = config)
    }

    /// An OCI manifest that says something else.
    pub(crate) fn with_manifest(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut manifest = parse(&self.manifest);
        change(&mut manifest);
        self.with_manifest_bytes(manifest.to_string())
    }

    pub(crate) fn with_manifest_bytes(mut self, manifest: impl Into<Vec<u8>>) -> Self {
        self.manifest = manifest.into();
        self.bundles.clear();
        self
    }

    /// An annotation with another value.
    pub(crate) fn annotated(self, key: &str, value: &str) -> Self {
        self.with_manifest(|manifest| manifest["annotations"][key] = value.into())
    }

    /// A component whose own manifest says something else.
    pub(crate) fn saying(self, change: impl FnOnce(&mut Value)) -> Self {
        let mut own = parse(&section_of(&self.component, SECTION));
        change(&mut own);
        self.saying_text(&own.to_string())
    }

    pub(crate) fn saying_text(self, text: &str) -> Self {
        let mut component = without_section(&self.component, SECTION);
        component.extend(section(SECTION, text.as_bytes()));
        self.with_component(component)
    }

    /// Another version, wherever the package says it.
    pub(crate) fn of_version(self, version: &str) -> Self {
        let mut component = without_section(&self.component, "version");
        component.extend(section("version", version.as_bytes()));
        self.with_component(component)
            .annotated("org.opencontainers.image.version", version)
    }

    /// Another id, wherever the package says it.
    pub(crate) fn of_id(self, id: &str) -> Self {
        self.saying(|own| own["id"] = id.into())
            .annotated("dev.dyno.id", id)
    }

    /// Signed as what it says that it is.
    pub(crate) fn signed_by(self, key: &Key) -> Self {
        let annotations = &parse(&self.manifest)["annotations"];
        let text = |key: &str| annotations[key].as_str().unwrap_or_default().to_owned();
        let version = text("org.opencontainers.image.version");
        let release = format!("{}@{version}", text("dev.dyno.id"));
        self.signed_as(key, &release)
    }

    /// Signed as another release than it says that it is.
    pub(crate) fn signed_as(self, key: &Key, release: &str) -> Self {
        let statement = statement(&self.manifest, release);
        self.stating(key, &statement.to_string())
    }

    /// With a signature over any text.
    pub(crate) fn stating(self, key: &Key, statement: &str) -> Self {
        let bundle = key.bundle(PAYLOAD, statement.as_bytes());
        self.with_bundle(bundle.to_string(), key)
    }

    /// With any bundle, which brings this key along as those of `dyno sign` do.
    pub(crate) fn with_bundle(mut self, bundle: impl Into<Vec<u8>>, key: &Key) -> Self {
        let pem = fs::read_to_string(&key.public).unwrap();
        self.bundles
            .push((bundle.into(), json!({"dev.dyno.public-key": pem})));
        self
    }

    /// All files of the layout.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut subject = described(MANIFEST, &self.manifest);
        let mut blobs = vec![
            self.component.clone(),
            self.config.clone(),
            self.manifest.clone(),
        ];
        let mut listed = Vec::new();
        for (bundle, annotations) in &self.bundles {
            let carrier = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
                "config": described(EMPTY, b"{}"), "layers": [described(BUNDLE, bundle)],
                "subject": subject, "annotations": annotations,
            })
            .to_string();
            listed.push(described(MANIFEST, carrier.as_bytes()));
            blobs.extend([b"{}".to_vec(), bundle.clone(), carrier.into_bytes()]);
        }
        let index = |manifests| {
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string()
        };
        let listed = index(listed);
        let mut referrers = described(INDEX, listed.as_bytes());
        let tag = "org.opencontainers.image.ref.name";
        referrers["annotations"][tag] = format!("sha256-{}", hex(&self.manifest)).into();
        subject["annotations"][tag] = "1.2.0".into();
        blobs.push(listed.into_bytes());
        let mut files: BTreeMap<_, _> = (blobs.into_iter())
            .map(|blob| (format!("blobs/sha256/{}", hex(&blob)), blob))
            .collect();
        files.insert(
            "index.json".into(),
            index(vec![subject, referrers]).into_bytes(),
        );
        files.insert(
            "oci-layout".into(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        );
        files.into_iter().collect()
    }

    /// The package file.
    pub(crate) fn tar(&self) -> Vec<u8> {
        tar_of(&self.files())
    }
}

/// The plain files in a tar.
pub(crate) fn files_of(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(fs::File::open(path).unwrap());
    let entries = archive.entries().unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.header().entry_type().is_file());
    files
        .map(|mut entry| {
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

pub(crate) fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries = files
        .iter()
        .map(|(name, bytes)| entry(name, EntryType::Regular, bytes));
    ended(entries.collect::<Vec<_>>().concat())
}

/// An entry of a tar, whatever its name and kind are.
pub(crate) fn entry(name: &str, kind: EntryType, bytes: &[u8]) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().next_multiple_of(512), 0);
    [
        header(name, kind, bytes.len() as u64).as_bytes(),
        &padded[..],
    ]
    .concat()
}

pub(crate) fn header(name: &str, kind: EntryType, bytes: u64) -> Header {
    let mut header = Header::new_ustar();
    // `set_path` refuses the names that are tried.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(bytes);
    header.set_cksum();
    header
}

/// With the end that a tar has.
pub(crate) fn ended(mut tar: Vec<u8>) -> Vec<u8> {
    tar.extend([0; 1024]);
    tar
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn described(media_type: &str, bytes: &[u8]) -> Value {
    let digest = format!("sha256:{}", hex(bytes));
    json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
}

pub(crate) fn parse(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// A custom section.
pub(crate) fn section(name: &str, data: &[u8]) -> Vec<u8> {
    let body = [&leb128(name.len())[..], name.as_bytes(), data].concat();
    [&[0][..], &leb128(body.len()), &body].concat()
}

/// What the component says of itself in a section.
pub(crate) fn section_of(component: &[u8], name: &str) -> Vec<u8> {
    let prefix = [&leb128(name.len())[..], name.as_bytes()].concat();
    let mut bodies = sections(component).filter(|(id, _, _)| *id == 0);
    let found = bodies.find_map(|(_, _, body)| body.strip_prefix(&prefix[..]));
    found
        .unwrap_or_else(|| panic!("no section {name}"))
        .to_vec()
}

/// Without the custom sections of a name; at least one was there.
pub(crate) fn without_section(component: &[u8], name: &str) -> Vec<u8> {
    let prefix = [&leb128(name.len())[..], name.as_bytes()].concat();
    let is_it = |id: u8, body: &[u8]| id == 0 && body.starts_with(&prefix);
    let mut rest = component[..8].to_vec();
    let kept = sections(component).filter(|(id, _, body)| !is_it(*id, body));
    kept.for_each(|(_, whole, _)| rest.extend(whole));
    assert!(rest.len() < component.len(), "no section {name}");
    rest
}

/// The sections of a component: id, the whole of it, its body.
fn sections(component: &[u8]) -> impl Iterator<Item = (u8, &[u8], &[u8])> {
    let mut rest = &component[8..];
    std::iter::from_fn(move || {
        let (id, sized) = rest.split_first()?;
        let (mut size, mut digits) = (0, 0);
        loop {
            let digit = sized[digits];
            size |= usize::from(digit & 0x7f) << (7 * digits);
            digits += 1;
            if digit < 0x80 {
                break;
            }
        }
        let (whole, after) = rest.split_at(1 + digits + size);
        rest = after;
        Some((*id, whole, &whole[1 + digits..]))
    })
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut digits = Vec::new();
    loop {
        let digit = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            digits.push(digit);
            return digits;
        }
        digits.push(digit | 0x80);
    }
}
