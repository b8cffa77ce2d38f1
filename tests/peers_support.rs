//! What the tests with peers share: an author with a key, somebody who trusts that key, and package
//! files taken apart and put together again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::support::{Bench, Said, fib, repository};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// Somebody with a key, who packs acme/fib.
pub(crate) struct Author {
    pub(crate) bench: Bench,
}

impl Author {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        bench.dyno(["key", "generate", "--no-passphrase"]).exits(0);
        Self { bench }
    }

    /// With a key that exists already.
    pub(crate) fn with_key(key: &Path) -> Self {
        let bench = Bench::new();
        bench
            .dyno(["key", "import", "--no-passphrase", text(key)])
            .exits(0);
        Self { bench }
    }

    fn keys(&self) -> PathBuf {
        self.bench.path("../home/.local/share/dyno/keys")
    }

    pub(crate) fn public_key(&self) -> PathBuf {
        self.keys().join("signing.pub")
    }

    /// A plugin directory for a version of acme/fib. Each version is another component.
    pub(crate) fn plugin(&self, version: &str) -> PathBuf {
        let manifest = fs::read_to_string(fib().join("plugin.toml")).unwrap();
        let manifest = manifest
            .replace("dyno-samples/fib", "acme/fib")
            .replace("0.1.0", version);
        let dir = format!("fib-{version}");
        self.bench.write(format!("{dir}/plugin.toml"), manifest);
        let text = fs::read(fib().join("fib.wat")).unwrap();
        self.bench.write(format!("{dir}/fib.wat"), text);
        self.bench.path(dir)
    }

    /// A package file that nobody signed.
    pub(crate) fn unsigned(&self, version: &str) -> PathBuf {
        let file = self.bench.path(format!("acme-fib-{version}.oci.tar"));
        let plugin = self.plugin(version);
        self.bench
            .dyno(["pack", text(&plugin), "--output", text(&file)])
            .exits(0);
        file
    }

    /// A signed package file.
    pub(crate) fn package(&self, version: &str) -> PathBuf {
        let file = self.unsigned(version);
        self.bench.dyno(["sign", text(&file)]).exits(0);
        file
    }

    /// Somebody who trusts this author for `acme`, and nobody else.
    pub(crate) fn user(&self) -> Bench {
        let user = Bench::new();
        trust(&user, self);
        user
    }
}

/// Trusts an author for `acme`.
pub(crate) fn trust(user: &Bench, author: &Author) {
    let key = author.public_key();
    user.dyno(["trust", "add", "--namespace", "acme", text(&key)])
        .exits(0);
}

/// Trusts the index in a directory.
pub(crate) fn pin(user: &Bench, index: &Path) {
    let root = index.join("metadata/1.root.json");
    user.dyno(["trust", "pin", text(index), text(&root)])
        .exits(0);
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A verb with a path.
pub(crate) fn on(bench: &Bench, verb: &str, path: &Path) -> Said {
    bench.dyno([verb, text(path)])
}

/// Nothing is installed, and nothing says that it was.
#[track_caller]
pub(crate) fn nothing_is_installed(user: &Bench) {
    user.dyno(["installed"]).exits(4);
    assert!(!user.path("dyno.lock").exists(), "there is a dyno.lock");
}

/// This version is installed and runs.
#[track_caller]
pub(crate) fn runs_version(user: &Bench, version: &str) {
    let installed = user.dyno(["installed", "--json"]).exits(0).json();
    assert_eq!(
        installed[0]["release"],
        format!("acme/fib@{version}"),
        "{installed:#}"
    );
    user.run(["acme/fib"]).exits(0).says("fib/20");
}

/// A program of others that `tests/peers/install` installed, or a script that it linked.
pub(crate) fn peer(name: &str) -> PathBuf {
    let path = repository().join("target/peers").join(name);
    assert!(
        path.exists(),
        "{} is not there: run tests/peers/install",
        path.display()
    );
    path
}

/// Another program, on a bench.
pub(crate) fn foreign(bench: &Bench, program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    bench.place(&mut command);
    command
}

/// A JavaScript peer.
pub(crate) fn javascript(bench: &Bench, script: &str) -> Command {
    let mut node = foreign(bench, "node");
    // Its packages are beside the link, and not where the link leads to.
    node.arg("--preserve-symlinks-main").arg(peer(script));
    node
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

/// The files in a package file.
#[derive(Clone)]
pub(crate) struct Package(BTreeMap<String, Vec<u8>>);

impl Package {
    pub(crate) fn read(path: &Path) -> Self {
        let mut archive = tar::Archive::new(File::open(path).unwrap());
        let mut files = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            files.insert(name, bytes);
        }
        Self(files)
    }

    pub(crate) fn write(&self, path: &Path) {
        let mut archive = tar::Builder::new(File::create(path).unwrap());
        for (name, bytes) in &self.0 {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            archive
                .append_data(&mut header, name, bytes.as_slice())
                .unwrap();
        }
        archive.finish().unwrap();
    }

    pub(crate) fn blob(&self, digest: &str) -> Option<&[u8]> {
        let name = format!("blobs/{}", digest.replace(':', "/"));
        self.0.get(&name).map(Vec::as_slice)
    }

    fn json(&self, digest: &Value) -> Value {
        let bytes = self.blob(digest.as_str().unwrap()).unwrap();
        serde_json::from_slice(bytes).unwrap()
    }

    fn entries(&self) -> Vec<Value> {
        let index: Value = serde_json::from_slice(&self.0["index.json"]).unwrap();
        index["manifests"].as_array().unwrap().clone()
    }

    /// What the manifest of the package hashes to.
    pub(crate) fn digest(&self) -> String {
        self.entries()[0]["digest"].as_str().unwrap().to_owned()
    }

    pub(crate) fn manifest(&self) -> &[u8] {
        self.blob(&self.digest()).unwrap()
    }

    pub(crate) fn wasm(&self) -> &[u8] {
        let manifest: Value = serde_json::from_slice(self.manifest()).unwrap();
        self.blob(manifest["layers"][0]["digest"].as_str().unwrap())
            .unwrap()
    }

    /// The tag of the index of its signatures.
    pub(crate) fn signatures_tag(&self) -> String {
        self.digest().replace(':', "-")
    }

    /// The index of its signatures.
    pub(crate) fn signatures(&self) -> Option<&[u8]> {
        let tag = self.signatures_tag();
        let entry = self
            .entries()
            .into_iter()
            .find(|it| it["annotations"]["org.opencontainers.image.ref.name"] == tag)?;
        self.blob(entry["digest"].as_str()?)
    }

    /// The bundles of its signatures.
    pub(crate) fn bundles(&self) -> Vec<Vec<u8>> {
        let Some(index) = self.signatures() else {
            return Vec::new();
        };
        let index: Value = serde_json::from_slice(index).unwrap();
        let manifests = index["manifests"].as_array().unwrap().iter();
        manifests
            .map(|entry| {
                let manifest = self.json(&entry["digest"]);
                let bundle = manifest["layers"][0]["digest"].as_str().unwrap();
                self.blob(bundle).unwrap().to_vec()
            })
            .collect()
    }

    /// The only bundle.
    pub(crate) fn bundle(&self) -> Value {
        let bundles = self.bundles();
        assert_eq!(bundles.len(), 1);
        serde_json::from_slice(&bundles[0]).unwrap()
    }

    fn add(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = sha256(&bytes);
        let descriptor = json!({"mediaType": media_type, "digest": digest, "size": bytes.len()});
        let name = format!("blobs/{}", digest.replace(':', "/"));
        self.0.insert(name, bytes);
        descriptor
    }

    /// The same package with this bundle as its only signature.
    pub(crate) fn signed_with(&self, bundle: &[u8]) -> Self {
        let mut package = self.clone();
        let mut entry = package.entries().swap_remove(0);
        let config = package.add(EMPTY, b"{}".to_vec());
        let layer = package.add(BUNDLE, bundle.to_vec());
        let subject = json!({
            "mediaType": MANIFEST, "digest": entry["digest"], "size": entry["size"],
        });
        let signature = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
            "config": config, "layers": [layer], "subject": subject,
        });
        let signature = package.add(MANIFEST, signature.to_string().into_bytes());
        let listed = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [signature]});
        let mut listed = package.add(INDEX, listed.to_string().into_bytes());
        listed["annotations"] =
            json!({"org.opencontainers.image.ref.name": package.signatures_tag()});
        entry["mediaType"] = json!(MANIFEST);
        let index = json!({
            "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry, listed],
        });
        package
            .0
            .insert("index.json".into(), index.to_string().into_bytes());
        package
    }
}
