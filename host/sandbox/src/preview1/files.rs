//! Directories and files: what adds to them is charged before, and what is told of them is what
//! `files.rs` tells.

use wasmtime::{Caller, Linker};
use wasmtime_wasi::p1::types::{
    Ciovec, Errno, Fd, Fdflags, Filestat, Filetype, Fstflags, Lookupflags, Oflags, Whence,
};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as engine;
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
use wasmtime_wasi::runtime::in_tokio;
use wiggle::{GuestMemory, GuestPtr};

use super::{PREVIEW1, SUCCESS, code, listing, reach};
use crate::files::NAMELESS;
use crate::fuel_clock::EPOCH_NS;
use crate::state::State;
use dyno_measure::Bench;

/// Links a function that does something before the engine does its part, and something after that
/// succeeded.
macro_rules! around {
    ($linker:ident.$name:ident($($arg:ident: $ty:ty),*) $before:expr; $after:expr) => {
        $linker.func_wrap(
            PREVIEW1,
            stringify!($name),
            |mut caller: Caller<'_, State<B>>, $($arg: $ty),*| {
                let (mut memory, state) = reach(&mut caller)?;
                let seen = $before(state, &mut memory)?;
                let call = engine::$name(&mut state.wasi, &mut memory, $($arg),*);
                let answer = in_tokio(call)?;
                if answer == SUCCESS {
                    $after(state, &mut memory, seen)?;
                }
                Ok(answer)
            },
        )?
    };
}

type Memory<'a, 'b> = &'a mut GuestMemory<'b>;
type Done = wasmtime::Result<()>;

pub(super) fn add_to_linker<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    write(linker)?;
    add(linker)?;
    remove(linker)?;
    describe(linker)?;
    settle(linker)
}

/// What changes the size of a file.
fn write<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    around!(linker.fd_write(fd: i32, pieces: i32, count: i32, out: i32)
        |state: &mut State<B>, memory: Memory<'_, '_>| {
            let at = state.wasi.fd_tell(memory, Fd::from(fd as u32));
            charge_piece(state, memory, fd, at.unwrap_or(0), (pieces, count))
        };
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    around!(linker.fd_pwrite(fd: i32, pieces: i32, count: i32, offset: i64, out: i32)
        |state, memory: Memory<'_, '_>| {
            charge_piece(state, memory, fd, offset as u64, (pieces, count))
        };
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    around!(linker.fd_filestat_set_size(fd: i32, size: i64)
        |state, memory: Memory<'_, '_>| charge_growth(state, memory, fd, size as u64);
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    // The engine would read on another thread, which a sealed worker cannot begin.
    linker.func_wrap(
        PREVIEW1,
        "fd_pread",
        |mut caller: Caller<'_, State<B>>,
         fd: i32,
         pieces: i32,
         count: i32,
         offset: i64,
         out: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            let (wasi, memory, file) = (&mut state.wasi, &mut memory, Fd::from(fd as u32));
            let Ok(before) = wasi.fd_tell(memory, file) else {
                let call = engine::fd_pread(wasi, memory, fd, pieces, count, offset, out);
                return in_tokio(call);
            };
            match code(in_tokio(wasi.fd_seek(memory, file, offset, Whence::Set)))? {
                Ok(_) => {}
                Err(errno) => return Ok(errno as i32),
            }
            let answer = in_tokio(engine::fd_read(wasi, memory, fd, pieces, count, out));
            let back = wasi.fd_seek(memory, file, before as i64, Whence::Set);
            let _ = code(in_tokio(back))?;
            answer
        },
    )?;
    Ok(())
}

/// What makes entries and descriptors.
fn add<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    around!(linker.path_create_directory(dir: i32, path: i32, len: i32)
        |state: &mut State<B>, _: Memory<'_, '_>| state.scratch.charge(0, 1);
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    around!(linker.path_symlink(old: i32, old_len: i32, dir: i32, new: i32, new_len: i32)
        |state: &mut State<B>, _: Memory<'_, '_>| state.scratch.charge(0, 1);
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    around!(linker.path_link(
            from: i32, flags: i32, old: i32, old_len: i32, to: i32, new: i32, new_len: i32)
        |state: &mut State<B>, _: Memory<'_, '_>| state.scratch.charge(0, 1);
        |_: &mut State<B>, _: Memory<'_, '_>, ()| nothing());
    around!(linker.path_open(
        dir: i32, lookup: i32, path: i32, len: i32, flags: i32, rights: i64,
        inheriting: i64, fdflags: i32, out: i32)
    |state: &mut State<B>, _: Memory<'_, '_>| {
        let creates = has(flags, u32::from(Oflags::CREAT.bits()));
        state.scratch.charge(0, u64::from(creates))
    };
    |state: &mut State<B>, memory: Memory<'_, '_>, ()| {
        let fd = memory.read(GuestPtr::<u32>::new(out as u32))?;
        let appends = has(fdflags, u32::from(Fdflags::APPEND.bits()));
        state.opened.open(dir, fd, appends);
        nothing()
    });
    around!(linker.fd_close(fd: i32)
    |_: &mut State<B>, _: Memory<'_, '_>| nothing();
    |state: &mut State<B>, _: Memory<'_, '_>, ()| {
        state.opened.close(fd);
        nothing()
    });
    around!(linker.fd_renumber(from: i32, to: i32)
    |_: &mut State<B>, _: Memory<'_, '_>| nothing();
    |state: &mut State<B>, _: Memory<'_, '_>, ()| {
        state.opened.renumber(from, to);
        nothing()
    });
    Ok(())
}

/// What takes entries away, and with the last name of a file its number.
fn remove<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    around!(linker.path_unlink_file(dir: i32, path: i32, len: i32)
    |state, memory: Memory<'_, '_>| last_name(state, memory, (dir, path, len));
    |state: &mut State<B>, _: Memory<'_, '_>, gone| {
        state.numbers.forget(gone);
        nothing()
    });
    around!(linker.path_remove_directory(dir: i32, path: i32, len: i32)
    |state, memory: Memory<'_, '_>| last_name(state, memory, (dir, path, len));
    |state: &mut State<B>, _: Memory<'_, '_>, gone| {
        state.numbers.forget(gone);
        nothing()
    });
    around!(linker.path_rename(
        from: i32, old: i32, old_len: i32, to: i32, new: i32, new_len: i32)
    |state: &mut State<B>, memory: Memory<'_, '_>| -> wasmtime::Result<_> {
        let moved = last_name(state, memory, (from, old, old_len))?;
        let replaced = last_name(state, memory, (to, new, new_len))?;
        // What is renamed to itself stays what it is.
        Ok(replaced.filter(|_| replaced != moved))
    };
    |state: &mut State<B>, _: Memory<'_, '_>, gone| {
        state.numbers.forget(gone);
        nothing()
    });
    Ok(())
}

/// What a guest is told of a file or directory.
fn describe<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    around!(linker.fd_filestat_get(fd: i32, out: i32)
        |_: &mut State<B>, _: Memory<'_, '_>| nothing();
        |state, memory: Memory<'_, '_>, ()| settled(state, memory, fd, out));
    around!(linker.path_filestat_get(dir: i32, flags: i32, path: i32, len: i32, out: i32)
        |_: &mut State<B>, _: Memory<'_, '_>| nothing();
        |state, memory: Memory<'_, '_>, ()| settled(state, memory, dir, out));
    linker.func_wrap(
        PREVIEW1,
        "fd_readdir",
        |mut caller: Caller<'_, State<B>>,
         fd: i32,
         buffer: i32,
         len: i32,
         cookie: i64,
         out: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            let entries = match listing::sorted(state, fd)? {
                Ok(entries) => entries,
                Err(errno) => return Ok(errno as i32),
            };
            let bytes = listing::from(&entries, cookie as u64, len as u32 as usize);
            let buffer = GuestPtr::<[u8]>::new((buffer as u32, bytes.len() as u32));
            memory.copy_from_slice(&bytes, buffer)?;
            memory.write(GuestPtr::new(out as u32), bytes.len() as u32)?;
            Ok(SUCCESS)
        },
    )?;
    Ok(())
}

/// Setting times and waiting for the disk: no guest ever reads a time, the copy is thrown away, and
/// a worker has no system call for it. What is checked is that there is something to do it to.
fn settle<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> Done {
    linker.func_wrap(
        PREVIEW1,
        "fd_filestat_set_times",
        |mut caller: Caller<'_, State<B>>, fd: i32, _: i64, _: i64, flags: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            let stat = in_tokio(state.wasi.fd_filestat_get(&mut memory, Fd::from(fd as u32)));
            may_set_times(code(stat)?, state.opened.scratch(fd).is_some(), flags)
        },
    )?;
    linker.func_wrap(
        PREVIEW1,
        "path_filestat_set_times",
        |mut caller: Caller<'_, State<B>>,
         dir: i32,
         lookup: i32,
         path: i32,
         len: i32,
         _: i64,
         _: i64,
         flags: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            let path = GuestPtr::new((path as u32, len as u32));
            let lookup = match has(lookup, Lookupflags::SYMLINK_FOLLOW.bits()) {
                true => Lookupflags::SYMLINK_FOLLOW,
                false => Lookupflags::empty(),
            };
            let directory = Fd::from(dir as u32);
            let stat = state
                .wasi
                .path_filestat_get(&mut memory, directory, lookup, path);
            may_set_times(
                code(in_tokio(stat))?,
                state.opened.scratch(dir).is_some(),
                flags,
            )
        },
    )?;
    for name in ["fd_sync", "fd_datasync"] {
        linker.func_wrap(
            PREVIEW1,
            name,
            move |mut caller: Caller<'_, State<B>>, fd: i32| {
                let (mut memory, state) = reach(&mut caller)?;
                if state.opened.scratch(fd).is_some() {
                    return in_tokio(engine::fd_sync(&mut state.wasi, &mut memory, fd));
                }
                let stat = in_tokio(state.wasi.fd_filestat_get(&mut memory, Fd::from(fd as u32)));
                Ok(match code(stat)? {
                    // Standard streams.
                    Ok(stat) if stat.filetype == Filetype::Unknown => Errno::Badf as i32,
                    Ok(_) => SUCCESS,
                    Err(errno) => errno as i32,
                })
            },
        )?;
    }
    Ok(())
}

fn nothing() -> Done {
    Ok(())
}

fn has(flags: i32, flag: u32) -> bool {
    flags as u32 & flag != 0
}

/// Charges what a file grows by when the first piece that is not empty is written at an offset: the
/// engine writes no more at once.
fn charge_piece<B: Send>(
    state: &mut State<B>,
    memory: Memory<'_, '_>,
    fd: i32,
    offset: u64,
    (pieces, count): (i32, i32),
) -> Done {
    let Some(file) = state.opened.scratch(fd) else {
        return Ok(());
    };
    let pieces = GuestPtr::<Ciovec>::new(pieces as u32).as_array(count as u32);
    let len = |piece| {
        let piece: Result<_, wiggle::GuestError> = piece;
        piece
            .and_then(|piece| memory.read(piece))
            .map(|piece: Ciovec| piece.buf_len)
    };
    // What lies outside of the memory is for the engine to refuse.
    let mut lens = pieces.iter().map_while(|piece| len(piece).ok());
    let len = u64::from(lens.find(|len| *len > 0).unwrap_or(0));
    if file.appends {
        return state.scratch.charge(len, 0);
    }
    charge_growth(state, memory, fd, offset.saturating_add(len))
}

/// Charges what a file grows by if it is to be `bytes` long.
fn charge_growth<B: Send>(
    state: &mut State<B>,
    memory: Memory<'_, '_>,
    fd: i32,
    bytes: u64,
) -> Done {
    if state.opened.scratch(fd).is_none() {
        return Ok(());
    }
    let stat = in_tokio(state.wasi.fd_filestat_get(memory, Fd::from(fd as u32)));
    let now = stat.map_or(bytes, |stat| stat.size);
    state.scratch.charge(bytes.saturating_sub(now), 0)
}

/// The inode behind a path, if that is its only name and the guest has asked for its number.
fn last_name<B: Send>(
    state: &mut State<B>,
    memory: Memory<'_, '_>,
    (dir, path, len): (i32, i32, i32),
) -> wasmtime::Result<Option<u64>> {
    if state.numbers.is_empty() {
        return Ok(None);
    }
    let path = GuestPtr::new((path as u32, len as u32));
    let dir = Fd::from(dir as u32);
    let stat = state
        .wasi
        .path_filestat_get(memory, dir, Lookupflags::empty(), path);
    Ok(in_tokio(stat).ok().and_then(|stat| {
        let is_last = stat.filetype == Filetype::Directory || stat.nlink <= 1;
        is_last.then_some(stat.ino)
    }))
}

/// Leaves of the metadata that the engine wrote what is the content's own. `fd` is the file, or the
/// directory that it was found in.
fn settled<B>(state: &mut State<B>, memory: Memory<'_, '_>, fd: i32, out: i32) -> Done {
    let at = GuestPtr::<Filestat>::new(out as u32);
    let stat = memory.read(at)?;
    // Standard streams have no metadata.
    if stat.filetype == Filetype::Unknown {
        return Ok(());
    }
    let is_directory = stat.filetype == Filetype::Directory;
    let is_scratch = state.opened.scratch(fd).is_some();
    let settled = Filestat {
        ino: match stat.nlink {
            0 => NAMELESS,
            _ => state.numbers.of(stat.ino),
        },
        nlink: match is_scratch && !is_directory {
            true => stat.nlink,
            false => 1,
        },
        size: if is_directory { 0 } else { stat.size },
        atim: EPOCH_NS,
        mtim: EPOCH_NS,
        ctim: EPOCH_NS,
        ..stat
    };
    Ok(memory.write(at, settled)?)
}

fn may_set_times(
    stat: Result<Filestat, Errno>,
    is_scratch: bool,
    flags: i32,
) -> wasmtime::Result<i32> {
    let both = |one: Fstflags, other: Fstflags| {
        has(flags, u32::from(one.bits())) && has(flags, u32::from(other.bits()))
    };
    Ok(match stat {
        _ if both(Fstflags::ATIM, Fstflags::ATIM_NOW) => Errno::Inval as i32,
        _ if both(Fstflags::MTIM, Fstflags::MTIM_NOW) => Errno::Inval as i32,
        Err(errno) => errno as i32,
        Ok(stat) if stat.filetype == Filetype::Unknown => Errno::Badf as i32,
        Ok(_) if is_scratch => SUCCESS,
        Ok(_) => Errno::Perm as i32,
    })
}
