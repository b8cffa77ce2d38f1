//! What a guest is told of a file or directory: its type and size, and else the same of all.

use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DescriptorStat, DescriptorType, HostDescriptor as _, MetadataHashValue, NewTimestamp, PathFlags,
};

use super::{File, Store, Types, answer, numbers};
use crate::fuel_clock::EPOCH;
use crate::state::State;

/// Links what a guest can ask of a file or directory without reading it.
pub(super) fn add_to_linker<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.stat",
        |mut store: Store<'_, B>, (file,): (File,)| {
            let state = store.data_mut();
            let is_scratch = is_scratch(state, &file);
            let stat = state.filesystem().stat(file);
            answer(stat.map(|stat| settled(stat, is_scratch)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.stat-at",
        |mut store: Store<'_, B>, (dir, at, path): (File, PathFlags, String)| {
            let state = store.data_mut();
            let is_scratch = is_scratch(state, &dir);
            let stat = state.filesystem().stat_at(dir, at, path);
            answer(stat.map(|stat| settled(stat, is_scratch)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.metadata-hash",
        |mut store: Store<'_, B>, (file,): (File,)| {
            let state = store.data_mut();
            answer(numbers::of_open(state, &file).map(hash))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.metadata-hash-at",
        |mut store: Store<'_, B>, (dir, at, path): (File, PathFlags, String)| {
            let state = store.data_mut();
            answer(numbers::of_path(state, dir, at, path).map(hash))
        },
    )?;
    times(types)?;
    // In a directory that is not written there is nothing to wait for, and whether a worker may ask
    // for that depends on the kernel that confines it.
    types.func_wrap(
        "[method]descriptor.sync",
        |mut store: Store<'_, B>, (file,): (File,)| {
            let state = store.data_mut();
            answer(match is_scratch(state, &file) {
                true => state.filesystem().sync(file),
                false => Ok(()),
            })
        },
    )?;
    types.func_wrap(
        "[method]descriptor.sync-data",
        |mut store: Store<'_, B>, (file,): (File,)| {
            let state = store.data_mut();
            answer(match is_scratch(state, &file) {
                true => state.filesystem().sync_data(file),
                false => Ok(()),
            })
        },
    )
}

/// Setting times. No guest ever reads one, and the copy is thrown away: a worker has no system call
/// for it, which would do it to any file of its user, and what is checked is that there is
/// something whose times may be set.
fn times<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.set-times",
        |mut store: Store<'_, B>, (file, _, _): (File, NewTimestamp, NewTimestamp)| {
            let state = store.data_mut();
            let is_scratch = is_scratch(state, &file);
            let stat = state.filesystem().stat(file);
            answer(stat.and_then(|_| may_change(is_scratch)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.set-times-at",
        |mut store: Store<'_, B>,
         (dir, at, path, _, _): (File, PathFlags, String, NewTimestamp, NewTimestamp)| {
            let state = store.data_mut();
            let is_scratch = is_scratch(state, &dir);
            let stat = state.filesystem().stat_at(dir, at, path);
            answer(may_change(is_scratch).and_then(|()| stat.map(|_| ())))
        },
    )
}

fn may_change(is_scratch: bool) -> FsResult<()> {
    match is_scratch {
        true => Ok(()),
        false => Err(ErrorCode::NotPermitted.into()),
    }
}

/// Whether it lies in a scratch copy, where the guest is the only one who changes anything.
fn is_scratch<B>(state: &mut State<B>, file: &File) -> bool {
    let permissions = match state.table().get(file) {
        Ok(Descriptor::File(file)) => file.perms,
        Ok(Descriptor::Dir(dir)) => dir.perms,
        // For WASI to refuse.
        Err(_) => return false,
    };
    !permissions.write_not_permitted()
}

/// What of the metadata is the content's own.
fn settled(stat: DescriptorStat, is_scratch: bool) -> DescriptorStat {
    let is_directory = stat.type_ == DescriptorType::Directory;
    DescriptorStat {
        type_: stat.type_,
        link_count: match is_scratch && !is_directory {
            true => stat.link_count,
            false => 1,
        },
        size: if is_directory { 0 } else { stat.size },
        data_access_timestamp: Some(EPOCH),
        data_modification_timestamp: Some(EPOCH),
        status_change_timestamp: Some(EPOCH),
    }
}

fn hash(number: u64) -> MetadataHashValue {
    MetadataHashValue {
        lower: number,
        upper: 0,
    }
}
