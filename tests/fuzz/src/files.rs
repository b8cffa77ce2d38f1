//! Files: a report, a package file byte by byte, and the JSON in one whose hashes are right.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use dyno_model::Run;
use dyno_package::layout::{Contents, Layout, LayoutError, write_tar};
use dyno_package::manifest::PackageManifest;
use dyno_package::oci;
use dyno_plugin::Digest;
use dyno_report::Store;
use tempfile::TempDir;

use super::repository_file;

/// A place for the one file of an input, in memory where the system has such a directory.
pub(crate) fn staging_dir() -> TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.expect("a directory can be made")
}

fn file(name: &str, data: &[u8]) -> PathBuf {
    static STAGING_DIR: OnceLock<TempDir> = OnceLock::new();
    let path = STAGING_DIR.get_or_init(staging_dir).path().join(name);
    std::fs::write(&path, data).expect("a file can be written");
    path
}

/// A report that somebody left in a checkout.
pub(crate) fn report(data: &[u8]) -> bool {
    let path = file("report.sqlite", data);
    for more in ["-journal", "-wal", "-shm"] {
        let _ = std::fs::remove_file(path.with_file_name(format!("report.sqlite{more}")));
    }
    let Ok(store) = Store::open_existing(&path) else {
        return false;
    };
    let Ok(runs) = store.runs() else {
        return false;
    };
    for run in runs.iter().take(3) {
        let _ = store.run(&run.id);
    }
    let _ = store.baselines();
    true
}

pub(crate) fn report_seeds() -> Vec<Vec<u8>> {
    let dir = staging_dir();
    let path = dir.path().join("report.sqlite");
    let run: Run = serde_json::from_slice(&repository_file("tests/fixtures/stored-run.json"))
        .expect("the stored run can be read");
    Store::open(&path)
        .and_then(|mut store| store.record(&run))
        .expect("a report can be written");
    vec![std::fs::read(path).expect("it is there")]
}

fn read_layout(path: &std::path::Path) -> bool {
    let Ok(layout) = Layout::open(path) else {
        return false;
    };
    let Ok(contents) = Contents::of(&layout) else {
        return false;
    };
    let package = layout.package().expect("contents have a package");
    let _ = (layout.referrers(&package.digest), layout.datasets());
    // What was read can be written, and is the same package then.
    let copy = file("copy.oci.tar", b"");
    std::fs::remove_file(&copy).expect("it was just made");
    // Blobs are hashed when they are copied: not before, since that would read them twice.
    match write_tar(&copy, &contents, 0) {
        Err(LayoutError::Hash { .. } | LayoutError::Read { .. }) => return false,
        written => written.expect("a package that was read can be written"),
    }
    let again = Layout::open(&copy).and_then(|copy| copy.package());
    let again = again.expect("a package that was written can be read");
    assert_eq!(again.digest, package.digest);
    true
}

/// A package file.
pub(crate) fn archive(data: &[u8]) -> bool {
    read_layout(&file("package.oci.tar", data))
}

pub(crate) fn archive_seeds() -> Vec<Vec<u8>> {
    let dir = staging_dir();
    let path = dir.path().join("package.oci.tar");
    let mut contents = Contents::default();
    let config = contents.add_blob(oci::WASM_CONFIG, CONFIG.to_vec());
    let layer = contents.add_blob(oci::WASM, LAYER.to_vec());
    let manifest = oci::to_json(&oci::Manifest::new(config, layer));
    let package = contents.set_package("1.0.0", manifest).expect("a package");
    contents.add_blob(oci::EMPTY, oci::EMPTY_JSON.to_vec());
    let bundle = contents.add_blob(oci::SIGSTORE_BUNDLE, b"{}".to_vec());
    let signature = oci::Manifest::of_signature(bundle, package);
    contents
        .add_referrer(oci::to_json(&signature))
        .expect("a signature");
    write_tar(&path, &contents, 0).expect("it can be written");
    vec![std::fs::read(path).expect("it is there")]
}

const CONFIG: &[u8] = b"{\"architecture\":\"wasm\",\"os\":\"wasip2\"}";
const LAYER: &[u8] = b"\0asm\x0d\0\x01\0";

/// Stands for what the manifest hashes to, and for its length.
const HASH: &str = "HASH-OF-THE-MANIFEST";
const SIZE: &str = "\"SIZE-OF-THE-MANIFEST\"";

/// The index and the manifest of a package, a line each, in a file in which they and all blobs are
/// what they are said to hash to; and both as a registry would send them.
pub(crate) fn oci(data: &[u8]) -> bool {
    let (index, manifest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[][..]),
    };
    let _ = PackageManifest::parse(manifest);
    let index = String::from_utf8_lossy(index)
        .replace(HASH, &Digest::of(manifest).to_string())
        .replace(SIZE, &manifest.len().to_string());
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes)
            .expect("memory can be written");
    };
    add("oci-layout", b"{\"imageLayoutVersion\":\"1.0.0\"}");
    add("index.json", index.as_bytes());
    for blob in [manifest, CONFIG, LAYER, oci::EMPTY_JSON] {
        add(&format!("blobs/sha256/{}", Digest::of(blob).hex()), blob);
    }
    let bytes = tar.into_inner().expect("memory can be written");
    let path = file("oci.tar", b"");
    std::fs::File::create(&path)
        .and_then(|mut file| file.write_all(&bytes))
        .expect("a file can be written");
    read_layout(&path)
}

pub(crate) fn oci_seeds() -> Vec<Vec<u8>> {
    let config = oci::Descriptor::of(oci::WASM_CONFIG, CONFIG);
    let manifest = oci::to_json(&oci::Manifest::new(
        config,
        oci::Descriptor::of(oci::WASM, LAYER),
    ));
    let media_type = oci::MANIFEST;
    let index = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{}\",\"manifests\":[{{\"mediaType\":\"{media_type}\",\"digest\":\"{HASH}\",\
         \"size\":{SIZE},\"annotations\":{{\"org.opencontainers.image.ref.name\":\"1.0.0\"}}}}]}}\n",
        oci::INDEX
    );
    let mut seeds = vec![[index.as_bytes(), &manifest].concat()];
    let package = PackageManifest::new("acme/fib".parse().expect("an id"), "wasm");
    seeds.push([b"\n", &oci::to_json(&package)[..]].concat());
    seeds
}
