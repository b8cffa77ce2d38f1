//! What number a file has. Two names of one file have one number, as they have one inode.

use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DescriptorType, HostDescriptor as _, PathFlags,
};

use super::{File, same};
use crate::state::State;

/// What an open file is called that has no name any more: a file system may give its inode to the
/// next one.
pub(crate) const NAMELESS: u64 = 0;

/// The number of an open file or directory.
pub(super) fn of_open<B: Send>(state: &mut State<B>, file: &File) -> FsResult<u64> {
    let inode = state.filesystem().metadata_hash(same(file))?.lower;
    let stat = state.filesystem().stat(same(file))?;
    Ok(match stat.link_count {
        0 => NAMELESS,
        _ => state.numbers.of(inode),
    })
}

/// The number of what a path leads to.
pub(super) fn of_path<B: Send>(
    state: &mut State<B>,
    dir: File,
    at: PathFlags,
    path: String,
) -> FsResult<u64> {
    let hash = state.filesystem().metadata_hash_at(dir, at, path)?;
    Ok(state.numbers.of(hash.lower))
}

/// The inode behind a path, if that is its only name and the guest has asked for its number.
pub(super) fn last_name<B: Send>(state: &mut State<B>, dir: &File, path: &str) -> Option<u64> {
    if state.numbers.is_empty() {
        return None;
    }
    let (link, path) = (PathFlags::empty(), || path.to_owned());
    let mut files = state.filesystem();
    let stat = files.stat_at(same(dir), link, path()).ok()?;
    let is_last = stat.type_ == DescriptorType::Directory || stat.link_count <= 1;
    let inode = files.metadata_hash_at(same(dir), link, path()).ok()?.lower;
    is_last.then_some(inode)
}
