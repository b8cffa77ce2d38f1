//! The short ways of an index, held against the long one: whatever is changed of its files, with
//! the keepers' key or without, an index that is taken because it looks like the last one is what
//! `tough` makes of it, too.

use std::path::Path;
use std::sync::OnceLock;

use dyno_package::index::{Entry, Expiries, Holder, Holders, Index, IndexEditor, Source};
use dyno_package::key::{KeyError, PrivateKey};
use dyno_package::oci::Descriptor;
use dyno_plugin::Digest;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::files::staging_dir;

/// The key of RFC 6979, A.2.5: signatures of the fuzzer are worth nothing anywhere.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDJr6nYRbp1FmtcIVdn
sdaTTlDD2zbomxJ7imIrEg9nIQ==
-----END PRIVATE KEY-----
";

/// It.
pub(crate) fn key() -> &'static PrivateKey {
    static PARSED: OnceLock<PrivateKey> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut never = || unreachable!("it has no passphrase");
        PrivateKey::from_pem::<KeyError>(KEY, &mut never).expect("a key")
    })
}

/// An index with one release, one with another more, and what a user who loaded the first
/// remembers.
struct World {
    runtime: Runtime,
    first: Files,
    second: Files,
    index: Index,
    state: Files,
    staging_dir: TempDir,
}

/// Files by their paths below a directory.
type Files = Vec<(String, Vec<u8>)>;

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let staging_dir = staging_dir();
        let (dir, state) = (
            staging_dir.path().join("index"),
            staging_dir.path().join("state"),
        );
        for dir in [&dir, &state] {
            std::fs::create_dir(dir).expect("a directory");
        }
        let mut editor =
            IndexEditor::create(&dir, &Holders::one(key().public())).expect("an index");
        editor
            .delegate("acme", &Holder::one(key().public().clone()))
            .expect("a namespace");
        add(&mut editor, "acme/fib@1.0.0");
        let first = read(&dir);
        let index = runtime
            .block_on(Index::load(&Source::Dir(dir.clone()), root(&first), &state))
            .expect("the first index is good");
        let remembered = read(&state);
        add(&mut editor, "acme/fib@1.1.0");
        let second = read(&dir);
        World {
            runtime,
            first,
            second,
            index,
            state: remembered,
            staging_dir,
        }
    })
}

fn add(editor: &mut IndexEditor, release: &str) {
    let manifest = Descriptor::of("manifest", release.as_bytes());
    let entry = Entry {
        description: "Does something.".into(),
        kind: "wasm".into(),
        licences: "MIT".into(),
        capabilities: Vec::new(),
        publisher: "Acme".into(),
        keywords: Vec::new(),
        location: format!("registry.example/x@{}", manifest.digest)
            .parse()
            .expect("a location"),
        yanked: false,
    };
    let release = release.parse().expect("a release");
    editor
        .add(&release, &manifest, entry)
        .expect("it may be listed");
    editor
        .sign(&[key()], &Expiries::default())
        .expect("it can be signed");
}

fn root(files: &Files) -> &[u8] {
    let root = files.iter().find(|(name, _)| name.ends_with("1.root.json"));
    &root.expect("an index has a root").1
}

fn read(dir: &Path) -> Files {
    fn gather(top: &Path, dir: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                gather(top, &path, files);
            } else if let Ok(name) = path.strip_prefix(top) {
                let bytes = std::fs::read(&path).expect("a file");
                files.push((name.to_string_lossy().into_owned(), bytes));
            }
        }
    }
    let mut files = Vec::new();
    gather(dir, dir, &mut files);
    files.sort();
    files
}

fn write(dir: &Path, files: &Files) {
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).expect("a directory");
    for (name, bytes) in files {
        let path = dir.join(name);
        let parent = path.parent().expect("it is below the directory");
        std::fs::create_dir_all(parent).expect("a directory");
        std::fs::write(path, bytes).expect("a file can be written");
    }
}

/// What is done to an index, read off the fuzzer's bytes.
struct Changes<'a> {
    bytes: std::slice::Iter<'a, u8>,
    files: Files,
}

impl Changes<'_> {
    fn next(&mut self) -> Option<u8> {
        self.bytes.next().copied()
    }

    fn file(&mut self, ending: &str) -> Option<&mut Vec<u8>> {
        let mut files = self.files.iter_mut().rev();
        let found = files.find(|(name, _)| name.ends_with(ending));
        found.map(|(_, bytes)| bytes)
    }

    /// Changes what is signed in a file, and signs it again if asked to.
    fn edit(
        &mut self,
        ending: &str,
        is_signed: bool,
        change: impl FnOnce(&mut Value),
    ) -> Option<()> {
        let file = self.file(ending)?;
        let mut value: Value = serde_json::from_slice(file).ok()?;
        change(&mut value["signed"]);
        if is_signed {
            // Sorted and compact, and line ends of keys stand as they are in the canonical form.
            let canonical = value["signed"].to_string().replace("\\n", "\n");
            let signature = key().sign(canonical.as_bytes());
            let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
            *value.pointer_mut("/signatures/0/sig")? = hex.into();
        }
        *file = value.to_string().into_bytes();
        Some(())
    }

    /// Makes the timestamp name the snapshot that there is.
    fn repin(&mut self, is_signed: bool) -> Option<()> {
        let snapshot = self.file("snapshot.json")?.clone();
        self.edit("timestamp.json", is_signed, |signed| {
            let meta = &mut signed["meta"]["snapshot.json"];
            meta["length"] = snapshot.len().into();
            meta["hashes"]["sha256"] = Digest::of(&snapshot).hex().into();
        })
    }

    fn apply(&mut self) -> Option<()> {
        loop {
            let (what, how) = (self.next()?, self.next()?);
            let is_signed = how & 0x80 == 0;
            let small = u64::from(how & 3);
            match what % 12 {
                0 => self.edit("timestamp.json", is_signed, |it| {
                    it["version"] = small.into()
                })?,
                1 => self.edit("timestamp.json", is_signed, |it| {
                    it["expires"] = expires(how)
                })?,
                2 => self.edit("timestamp.json", is_signed, |it| {
                    it["meta"]["snapshot.json"]["version"] = small.into();
                })?,
                3 => self.edit("timestamp.json", is_signed, |it| {
                    it["meta"]["other.json"] = it["meta"]["snapshot.json"].clone();
                })?,
                4 => self.edit("snapshot.json", is_signed, |it| {
                    it["version"] = small.into()
                })?,
                5 => self.edit("snapshot.json", is_signed, |it| {
                    it["expires"] = expires(how)
                })?,
                6 => self.edit("snapshot.json", is_signed, |it| {
                    it["meta"]["acme.json"]["version"] = small.into();
                })?,
                7 => self.edit("snapshot.json", is_signed, |it| match small {
                    0 => it["meta"]["acme.json"]["hashes"] = Value::Null,
                    1 => it["meta"]["acme.json"]["length"] = 1.into(),
                    2 => it["meta"]["more.json"] = it["meta"]["acme.json"].clone(),
                    _ => it["meta"]["targets.json"]["length"] = Value::Null,
                })?,
                8 => self.repin(is_signed)?,
                9 => {
                    // A file of the second index in the place of one of the first.
                    let second = &world().second;
                    let (name, bytes) = second[usize::from(how) % second.len()].clone();
                    self.files.retain(|(other, _)| *other != name);
                    self.files.push((name, bytes));
                    self.files.sort();
                }
                10 => {
                    let at = usize::from(how) % self.files.len();
                    let (bit, place) = (self.next()?, self.next()?);
                    let file = &mut self.files[at].1;
                    let place = usize::from(place) * file.len() / 256;
                    file[place] ^= 1 << (bit % 8);
                }
                _ => {
                    let at = usize::from(how) % self.files.len();
                    self.files.remove(at);
                    if self.files.is_empty() {
                        return None;
                    }
                }
            }
        }
    }
}

/// A time long ago, or in a year.
fn expires(how: u8) -> Value {
    match how & 3 {
        0 => "2001-01-01T00:00:00Z".into(),
        1 => Value::Null,
        _ => "2101-01-01T00:00:00Z".into(),
    }
}

/// Whether a changed index is taken by a user who remembers the one before.
pub(crate) fn shortcut(data: &[u8]) -> bool {
    let world = world();
    let mut changes = Changes {
        bytes: data.iter(),
        files: world.first.clone(),
    };
    let _ = changes.apply();
    let staging_dir = world.staging_dir.path();
    let (dir, known, fresh) = (
        staging_dir.join("i"),
        staging_dir.join("known"),
        staging_dir.join("fresh"),
    );
    write(&dir, &changes.files);
    write(&known, &world.state);
    write(&fresh, &Vec::new());
    let load = |state: &Path| {
        let source = Source::Dir(dir.clone());
        world
            .runtime
            .block_on(Index::load(&source, root(&world.first), state))
    };
    let Ok(by_memory) = load(&known) else {
        return false;
    };
    // Of a timestamp that is the last one nothing else is read (5.4.3.1): it is what was verified
    // then.
    let timestamp = |files: &Files| {
        let found = files
            .iter()
            .find(|(name, _)| name.ends_with("timestamp.json"));
        found.map(|(_, bytes)| bytes.clone())
    };
    if timestamp(&changes.files) == timestamp(&world.first) {
        assert_eq!(by_memory, world.index, "an index that did not change");
        return true;
    }
    // A snapshot that pins what was verified stands for it, whether or not it is still served: the
    // long way then gets it from what was verified.
    let mut restored = changes.files.clone();
    restored.retain(|(name, _)| !is_pinned(name));
    restored.extend(
        world
            .first
            .iter()
            .filter(|(name, _)| is_pinned(name))
            .cloned(),
    );
    let mut refusals = Vec::new();
    for files in [&changes.files, &restored] {
        write(&dir, files);
        write(&fresh, &Vec::new());
        match load(&fresh) {
            Ok(by_tough) if by_tough == by_memory => return true,
            Ok(_) => refusals.push("reads otherwise".into()),
            Err(error) => refusals.push(error.to_string()),
        }
    }
    panic!("the short way takes what the long one does not: {refusals:?}");
}

/// Whether a snapshot pins a file of this name.
fn is_pinned(name: &str) -> bool {
    name.ends_with("targets.json") || name.ends_with("acme.json")
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![Vec::new(), vec![0, 2], vec![4, 2, 8, 0, 0, 2]];
    seeds.extend((0..12).map(|what| vec![what, 2, 8, 0]));
    seeds
}
