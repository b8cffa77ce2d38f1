//! Directories, in the order of their names and with the numbers of `numbers.rs`.

use wasmtime_wasi::p1::types::{Errno, Fd};
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
use wasmtime_wasi::runtime::in_tokio;
use wiggle::{GuestMemory, GuestPtr};

use super::code;
use crate::state::State;

/// Room for what the engine lists, at first.
const LISTING_BYTES: usize = 16 << 10;

/// What stands before the name of an entry.
const HEAD_BYTES: usize = 24;

/// One entry as it is written, but for where it stands.
pub(super) struct Entry {
    inode: u64,
    kind: u8,
    name: Vec<u8>,
}

/// All entries of a directory, itself and its parent first.
pub(super) fn sorted<B: Send>(
    state: &mut State<B>,
    fd: i32,
) -> wasmtime::Result<Result<Vec<Entry>, Errno>> {
    let mut listed = vec![0; LISTING_BYTES];
    let used = loop {
        // The engine lists into a memory of ours.
        let room = listed.len() as u32;
        let mut memory = GuestMemory::Unshared(&mut listed);
        let fd = Fd::from(fd as u32);
        let answer = state
            .wasi
            .fd_readdir(&mut memory, fd, GuestPtr::new(0), room, 0);
        match code(in_tokio(answer))? {
            Ok(used) if used < room => break used as usize,
            Ok(_) => listed.resize(listed.len() * 2, 0),
            Err(errno) => return Ok(Err(errno)),
        }
    };
    let mut entries = parse(&listed[..used]);
    let own = entries.len().min(2);
    entries[own..].sort_by(|one, other| one.name.cmp(&other.name));
    for entry in &mut entries {
        entry.inode = state.numbers.of(entry.inode);
    }
    Ok(Ok(entries))
}

fn parse(mut listed: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((head, rest)) = listed.split_at_checked(HEAD_BYTES) {
        let number = |at: usize, bytes: usize| {
            let little = head[at..at + bytes].iter().rev();
            little.fold(0, |sum, &byte| sum << 8 | u64::from(byte))
        };
        let Some((name, rest)) = rest.split_at_checked(number(16, 4) as usize) else {
            break;
        };
        entries.push(Entry {
            inode: number(8, 8),
            kind: head[20],
            name: name.to_owned(),
        });
        listed = rest;
    }
    entries
}

/// The entries from a place on, as far as there is room: the last one is cut.
pub(super) fn from(entries: &[Entry], place: u64, room: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let places = (1_u64..).zip(entries);
    for (next, entry) in places.skip(usize::try_from(place).unwrap_or(usize::MAX)) {
        if bytes.len() >= room {
            break;
        }
        bytes.extend(next.to_le_bytes());
        bytes.extend(entry.inode.to_le_bytes());
        bytes.extend((entry.name.len() as u32).to_le_bytes());
        bytes.extend([entry.kind, 0, 0, 0]);
        bytes.extend(&entry.name);
    }
    bytes.truncate(room);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_the_last_entry_is_cut() {
        let entry = |name: &str, inode| Entry {
            inode,
            kind: 4,
            name: name.into(),
        };
        let entries = [entry(".", 7), entry("..", 8), entry("name", 1 << 40)];
        let all = from(&entries, 0, 1000);
        assert_eq!(all.len(), 3 * HEAD_BYTES + 7);
        let again = parse(&all);
        let named = |it: &Entry| (it.inode, it.kind, it.name.clone());
        assert!(again.iter().map(named).eq(entries.iter().map(named)));
        assert_eq!(from(&entries, 2, 1000), all[2 * HEAD_BYTES + 3..]);
        assert_eq!(from(&entries, 0, 30), all[..30]);
        assert!(from(&entries, 3, 1000).is_empty() && from(&entries, u64::MAX, 9).is_empty());
    }
}
