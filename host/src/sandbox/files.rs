//! What a guest sees of directories and files, and what it does to them: the same on every machine, and never
//! more than the quota. In all builds, so that the checksums of the passes agree.
//!
//! | of the host's file system | a guest sees |
//! |---|---|
//! | the order of a directory | names in the order of their bytes |
//! | times | [`EPOCH`], whatever was read, written or set |
//! | inode numbers | 1, 2, 3 … in the order in which it asks (`numbers.rs`) |
//! | the size of a directory, its links, those of a file that it only reads | 0, 1, 1 |
//! | when a read or write is done | at once (`streams.rs`) |
//!
//! Everything that adds bytes or entries to a scratch directory is charged before WASI does it.

mod numbers;
mod streams;

use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, HostDescriptor,
    MetadataHashValue, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::fuel_clock::EPOCH;
use super::state::State;
pub(super) use numbers::Numbers;

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
    look(&mut types)?;
    list(&mut types)?;
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

/// Metadata.
fn look<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
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
    // In a directory that nobody writes there is nothing to wait for, and whether a worker may ask for that depends
    // on the kernel that confines it.
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

/// Whether it lies in a scratch copy, where the guest is the only one who changes anything.
fn is_scratch<B>(state: &State<B>, file: &File) -> bool {
    let permissions = match state.table.get(file) {
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

/// The entries of a directory that are still to be read. What could not be read of it comes last.
struct Listing(std::vec::IntoIter<Result<DirectoryEntry, ErrorCode>>);

/// Directories. The resource is ours, so everything that is done with it is here.
fn list<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.resource(
        "directory-entry-stream",
        ResourceType::host::<Listing>(),
        |mut store, rep| {
            let listing = Resource::<Listing>::new_own(rep);
            store.data_mut().table.delete(listing)?;
            Ok(())
        },
    )?;
    types.func_wrap(
        "[method]descriptor.read-directory",
        |mut store: Store<'_, B>, (dir,): (File,)| answer(sorted(store.data_mut(), dir)),
    )?;
    types.func_wrap(
        "[method]directory-entry-stream.read-directory-entry",
        |mut store: Store<'_, B>, (listing,): (Resource<Listing>,)| {
            let listing = store.data_mut().table.get_mut(&listing)?;
            Ok((listing.0.next().transpose(),))
        },
    )
}

fn sorted<B: Send>(state: &mut State<B>, dir: File) -> FsResult<Resource<Listing>> {
    let stream = state.filesystem().read_directory(dir)?;
    let mut entries = Vec::new();
    for entry in state.table.delete(stream)? {
        entries.push(match entry {
            Ok(entry) => Ok(DirectoryEntry::from(entry)),
            Err(error) => Err(error.downcast().map_err(FsError::trap)?.into()),
        });
    }
    entries.sort_by(
        |one: &Result<DirectoryEntry, _>, other| match (one, other) {
            (Ok(one), Ok(other)) => one.name.cmp(&other.name),
            (one, other) => one.is_err().cmp(&other.is_err()),
        },
    );
    Ok(state.table.push(Listing(entries.into_iter()))?)
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
