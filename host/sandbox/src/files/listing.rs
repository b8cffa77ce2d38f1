//! Directories, in the order of their names: a file system has one of its own.

use wasmtime::component::{Resource, ResourceType};
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    DirectoryEntry, ErrorCode, HostDescriptor as _,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::{File, Store, Types, answer};
use crate::state::State;

/// The entries of a directory that are still to be read. What could not be read of it comes last.
struct Listing(std::vec::IntoIter<Result<DirectoryEntry, ErrorCode>>);

/// Links directories. The resource is ours, so everything that is done with it is here.
pub(super) fn add_to_linker<B: Send + 'static>(types: &mut Types<'_, B>) -> wasmtime::Result<()> {
    types.resource(
        "directory-entry-stream",
        ResourceType::host::<Listing>(),
        |mut store, rep| {
            let listing = Resource::<Listing>::new_own(rep);
            store.data_mut().table().delete(listing)?;
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
            let listing = store.data_mut().table().get_mut(&listing)?;
            Ok((listing.0.next().transpose(),))
        },
    )
}

fn sorted<B: Send>(state: &mut State<B>, dir: File) -> FsResult<Resource<Listing>> {
    let stream = state.filesystem().read_directory(dir)?;
    let mut entries = Vec::new();
    for entry in state.table().delete(stream)? {
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
    Ok(state.table().push(Listing(entries.into_iter()))?)
}
