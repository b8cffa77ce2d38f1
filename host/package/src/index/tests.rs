//! Attacks on an index, each tried: an attacker who serves the files, who holds some of the keys,
//! or who stands between.

mod chain;
mod edit;
mod memory;
mod network;
mod roots;

use dyno_model::chain;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tough::async_trait;

use super::*;
use crate::key::PrivateKey;
use crate::oci::Descriptor;
use dyno_plugin::Digest;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A release as an index lists it; version 1.0.0 if the name has none.
pub(super) fn listed(release: &str) -> Listed {
    let at = if release.contains('@') { "" } else { "@1.0.0" };
    let release = format!("{release}{at}").parse().unwrap();
    let manifest = manifest(&format!("{release}"));
    let entry = Entry {
        description: "Does something.".into(),
        kind: "wasm".into(),
        licences: "MIT OR (Apache-2.0 WITH LLVM-exception)".into(),
        capabilities: vec!["env".into()],
        publisher: "Acme".into(),
        keywords: Vec::new(),
        location: format!("registry.example/x@{}", manifest.digest)
            .parse()
            .unwrap(),
        yanked: false,
    };
    Listed {
        release,
        manifest: manifest.digest,
        size: manifest.size,
        entry,
    }
}

fn manifest(text: &str) -> Descriptor {
    Descriptor::of("manifest", text.as_bytes())
}

/// An index, a user who trusts its first root, and one key for everything.
struct World {
    dir: TempDir,
    state: TempDir,
    key: PrivateKey,
}

impl World {
    /// With acme/fib@1.0.0 and zeta/fib@1.0.0.
    fn new() -> Self {
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
            state: tempfile::tempdir().unwrap(),
            key: PrivateKey::generate().unwrap(),
        };
        let mut editor =
            IndexEditor::create(world.dir.path(), &Holders::one(world.key.public())).unwrap();
        for release in ["acme/fib", "zeta/fib"] {
            let listed = listed(release);
            let namespace = listed.release.id.namespace().to_string();
            editor
                .delegate(&namespace, &Holder::one(world.key.public().clone()))
                .unwrap();
            add(&mut editor, &listed);
        }
        editor.sign(&[&world.key], &Expiries::default()).unwrap();
        world
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("metadata").join(name)
    }

    /// The newest file of a role.
    fn newest(&self, role: &str) -> PathBuf {
        (1..100)
            .map(|version| self.file(&format!("{version}.{role}.json")))
            .rfind(|path| path.exists())
            .unwrap()
    }

    fn root(&self) -> Vec<u8> {
        std::fs::read(self.file("1.root.json")).unwrap()
    }

    /// All files, to be put back later.
    fn copy(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = std::fs::read_dir(self.dir.path().join("metadata")).unwrap();
        files
            .map(|file| file.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect()
    }

    async fn editor(&self) -> IndexEditor {
        IndexEditor::open(self.dir.path()).await.unwrap()
    }

    /// One more release.
    async fn release(&self, release: &str) {
        let mut editor = self.editor().await;
        add(&mut editor, &listed(release));
        editor.sign(&[&self.key], &Expiries::default()).unwrap();
    }

    async fn load(&self) -> Result<Index, IndexError> {
        Index::load(
            &Source::Dir(self.dir.path().into()),
            &self.root(),
            self.state.path(),
        )
        .await
    }

    async fn refusal(&self) -> String {
        chain(&self.load().await.unwrap_err())
    }

    /// Changes what is signed, signs it with a key, and signs a snapshot and a timestamp over it
    /// with our own: what who holds those two can do.
    fn forge(&self, role: &str, key: &PrivateKey, change: impl FnOnce(&mut Value)) {
        self.resign(&self.newest(role), key, change);
        self.repin(role);
    }

    fn repin(&self, role: &str) {
        let bytes = std::fs::read(self.newest(role)).unwrap();
        let pin = |meta: &mut Value| {
            meta["length"] = bytes.len().into();
            meta["hashes"]["sha256"] = Digest::of(&bytes).hex().into();
        };
        self.resign(&self.newest("snapshot"), &self.key, |signed| {
            pin(&mut signed["meta"][format!("{role}.json")])
        });
        let bytes = std::fs::read(self.newest("snapshot")).unwrap();
        self.resign(&self.file("timestamp.json"), &self.key, |signed| {
            let meta = &mut signed["meta"]["snapshot.json"];
            meta["length"] = bytes.len().into();
            meta["hashes"]["sha256"] = Digest::of(&bytes).hex().into();
        });
    }

    fn resign(&self, path: &Path, key: &PrivateKey, change: impl FnOnce(&mut Value)) {
        let mut value: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        change(&mut value["signed"]);
        // Sorted and compact, and no text in it that would be escaped but for line ends of keys:
        // those stand as they are in the canonical form.
        let canonical = value["signed"].to_string().replace("\\n", "\n");
        value["signatures"][0]["sig"] = hex(&key.sign(canonical.as_bytes())).into();
        std::fs::write(path, value.to_string()).unwrap();
    }
}

fn add(editor: &mut IndexEditor, listed: &Listed) {
    let manifest = manifest(&listed.release.to_string());
    editor
        .add(&listed.release, &manifest, listed.entry.clone())
        .unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn restore(files: &[(PathBuf, Vec<u8>)], which: impl Fn(&str) -> bool) {
    for (path, bytes) in files {
        if which(path.file_name().unwrap().to_str().unwrap()) {
            std::fs::write(path, bytes).unwrap();
        }
    }
}
