//! A small package with signatures, for the tests: what they sign is another module's business.

use std::path::{Path, PathBuf};

use super::{Contents, Layout, write_tar};
use crate::oci::{self, Descriptor, Manifest};

pub(super) const TAG: &str = "1.2.0";
pub(super) const MTIME: u64 = 1_700_000_000;
pub(super) const CONFIG: &[u8] = b"{\"architecture\":\"wasm\",\"os\":\"wasip2\"}";

pub(super) fn layer() -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.resize(5000, 7);
    bytes
}

/// Contents with a package and so many signatures.
pub(super) fn contents(signatures: usize) -> Contents {
    let mut contents = Contents::default();
    let config = contents.add_blob(oci::WASM_CONFIG, CONFIG.to_vec());
    let layer = contents.add_blob(oci::WASM, layer());
    let manifest = oci::to_json(&Manifest::new(config, layer));
    let package = contents.set_package(TAG, manifest).unwrap();
    for number in 0..signatures {
        let manifest = signature(&mut contents, &package, number);
        contents.add_referrer(manifest).unwrap();
    }
    contents
}

pub(super) fn signature(contents: &mut Contents, subject: &Descriptor, number: usize) -> Vec<u8> {
    contents.add_blob(oci::EMPTY, oci::EMPTY_JSON.to_vec());
    let bundle = format!("{{\"signature\":{number}}}");
    let bundle = contents.add_blob(oci::SIGSTORE_BUNDLE, bundle.into());
    let subject = Descriptor {
        annotations: Default::default(),
        ..subject.clone()
    };
    oci::to_json(&Manifest::of_signature(bundle, subject))
}

/// A package file in a directory.
pub(super) fn package_file(dir: &Path, signatures: usize) -> PathBuf {
    let path = dir.join("acme-x-1.2.0.oci.tar");
    write_tar(&path, &contents(signatures), MTIME).unwrap();
    path
}

/// The same as a directory.
pub(super) fn unpacked(dir: &Path, signatures: usize) -> PathBuf {
    let (from, to) = (package_file(dir, signatures), dir.join("unpacked"));
    std::fs::create_dir(&to).unwrap();
    tar::Archive::new(std::fs::File::open(from).unwrap())
        .unpack(&to)
        .unwrap();
    to
}

/// Everything that is told of a package, or the first error.
pub(super) fn read_all(path: &Path) -> Result<Vec<Vec<u8>>, super::LayoutError> {
    let layout = Layout::open(path)?;
    let package = layout.package()?;
    let mut read = Vec::new();
    let mut manifests = vec![package.clone()];
    manifests.extend(layout.referrers(&package.digest)?);
    for descriptor in manifests {
        let (manifest, bytes) = layout.manifest(&descriptor)?;
        read.push(bytes);
        read.push(layout.read(&manifest.config, 1 << 20)?);
        read.push(layout.read(&manifest.layers[0], 1 << 20)?);
    }
    Ok(read)
}
