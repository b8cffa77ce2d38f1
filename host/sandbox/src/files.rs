//! What a guest sees of directories and files, and what it does to them: the same on every machine,
//! and never more than the quota. In all builds, so that the checksums of the passes agree.
//!
//! | of the host's file system | a guest sees |
//! |---|---|
//! | the order of a directory | names in the order of their bytes (`listing.rs`) |
//! | times | 2020-01-01, whatever was read, written or set (`metadata.rs`) |
//! | inode numbers | 1, 2, 3 … in the order in which it asks (`numbers.rs`) |
//! | the size of a directory, its links, those of a file that it only reads | 0, 1, 1 |
//! | when a read or write is done | at once (`streams.rs`) |
//!
//! Everything that adds bytes or entries to a scratch directory is charged before WASI does it.

mod listing;
mod metadata;
mod numbers;
mod streams;

pub(super) use numbers::NAMELESS;

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DescriptorFlags, ErrorCode, HostDescriptor, OpenFlags, PathFlags,
};

use super::state::State;

/// Under the version that wasmtime-wasi links, so that it shadows; a guest's own 0.2.x finds it.
const TYPES: &str = "wasi:filesystem/types@0.2.12";

type Types<'a, B> = LinkerInstance<'a, State<B>>;
type Store<'a, B> = StoreContextMut<'a, State<B>>;
type File = Resource<Descriptor>;

/// What a call answers: an error code is the guest's to see, anything else ends it.
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;

/// Replaces what WASI offers of the same names, in a linker that allows that.
pub(super) fn add_to_linker<B: Send + 'static>(
    linker: &mut wasmtime::component::Linker<State<B>>,
) -> wasmtime::Result<()> {
    let mut types = linker.instance(TYPES)?;
    metadata::add_to_linker(&mut types)?;
    listing::add_to_linker(&mut types)?;
    read_and_write(&mut types)?;
    add(&mut types)?;
    remove(&mut types)
}

fn answer<T>(result: FsResult<T>) -> Answer<T> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?.into()),)),
    }
}

/// The same descriptor once more: a call to WASI uses it up.
fn same(file: &File) -> File {
    Resource::new_borrow(file.rep())
}

/// Streams, writes and sizes.
fn read_and_write<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.set-size",
        |mut store: Store<'_, B>, (file, size): (File, u64)| {
            let state = store.data_mut();
            charge_growth(state, &file, size)?;
            answer(state.filesystem().set_size(file, size))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.write",
        |mut store: Store<'_, B>, (file, bytes, offset): (File, Vec<u8>, u64)| {
            let state = store.data_mut();
            charge_growth(state, &file, offset.saturating_add(bytes.len() as u64))?;
            let mut files = state.filesystem();
            answer(HostDescriptor::write(&mut files, file, bytes, offset))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.read-via-stream",
        |mut store: Store<'_, B>, (file, offset): (File, u64)| {
            let state = store.data_mut();
            answer(streams::reader(state, &file, offset))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: Store<'_, B>, (file, offset): (File, u64)| {
            let state = store.data_mut();
            // What lies before the offset becomes a hole; what is written is charged as it comes.
            charge_growth(state, &file, offset)?;
            answer(streams::writer(state, &file, Some(offset)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: Store<'_, B>, (file,): (File,)| {
            answer(streams::writer(store.data_mut(), &file, None))
        },
    )
}

/// Charges what a file grows by if it is to be `bytes` long.
fn charge_growth<B: Send>(state: &mut State<B>, file: &File, bytes: u64) -> wasmtime::Result<()> {
    // What has no size, such as a closed descriptor, is for WASI to refuse.
    let stat = state.filesystem().stat(same(file));
    let now = stat.map_or(bytes, |stat| stat.size);
    state.scratch.charge(bytes.saturating_sub(now), 0)
}

/// What makes entries.
fn add<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.create-directory-at",
        |mut store: Store<'_, B>, (dir, path): (File, String)| {
            let state = store.data_mut();
            state.scratch.charge(0, 1)?;
            answer(state.filesystem().create_directory_at(dir, path))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.symlink-at",
        |mut store: Store<'_, B>, (dir, old, new): (File, String, String)| {
            let state = store.data_mut();
            state.scratch.charge(0, 1)?;
            answer(state.filesystem().symlink_at(dir, old, new))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.link-at",
        |mut store: Store<'_, B>,
         (dir, at, old, to, new): (File, PathFlags, String, File, String)| {
            let state = store.data_mut();
            state.scratch.charge(0, 1)?;
            answer(state.filesystem().link_at(dir, at, old, to, new))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.open-at",
        |mut store: Store<'_, B>,
         (dir, at, path, open, flags): (File, PathFlags, String, OpenFlags, DescriptorFlags)| {
            let state = store.data_mut();
            if open.contains(OpenFlags::CREATE) {
                state.scratch.charge(0, 1)?;
            }
            answer(state.filesystem().open_at(dir, at, path, open, flags))
        },
    )
}

/// What takes entries away, and with the last name of a file its number.
fn remove<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]descriptor.unlink-file-at",
        |mut store: Store<'_, B>, (dir, path): (File, String)| {
            let state = store.data_mut();
            let gone = numbers::last_name(state, &dir, &path);
            let done = state.filesystem().unlink_file_at(dir, path);
            answer(done.inspect(|()| state.numbers.forget(gone)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.remove-directory-at",
        |mut store: Store<'_, B>, (dir, path): (File, String)| {
            let state = store.data_mut();
            let gone = numbers::last_name(state, &dir, &path);
            let done = state.filesystem().remove_directory_at(dir, path);
            answer(done.inspect(|()| state.numbers.forget(gone)))
        },
    )?;
    types.func_wrap(
        "[method]descriptor.rename-at",
        |mut store: Store<'_, B>, (from, old, to, new): (File, String, File, String)| {
            let state = store.data_mut();
            let moved = numbers::last_name(state, &from, &old);
            let replaced = numbers::last_name(state, &to, &new);
            // What is renamed to itself stays what it is.
            let gone = replaced.filter(|_| replaced != moved);
            let done = state.filesystem().rename_at(from, old, to, new);
            answer(done.inspect(|()| state.numbers.forget(gone)))
        },
    )
}
