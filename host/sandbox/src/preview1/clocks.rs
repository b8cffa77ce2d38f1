//! Clocks and waiting. In a build with fuel the clock is that of `fuel_clock.rs`.

use wasmtime::{AsContextMut as _, Caller, Linker};
use wasmtime_wasi::p1::types::{
    Clockid, Errno, Event, EventFdReadwrite, Eventrwflags, Eventtype, Fd, Filetype, Subclockflags,
    Subscription, SubscriptionClock, SubscriptionU,
};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as engine;
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
use wasmtime_wasi::runtime::in_tokio;
use wiggle::{GuestMemory, GuestPtr};

use super::{PREVIEW1, SUCCESS, code, reach};
use crate::fuel_clock::{EPOCH_NS, now};
use crate::state::State;
use dyno_job::Build;
use dyno_measure::Bench;

pub(super) fn add_to_linker<B: Bench + 'static>(
    linker: &mut Linker<State<B>>,
    build: Build,
) -> wasmtime::Result<()> {
    linker.func_wrap(
        PREVIEW1,
        "poll_oneoff",
        move |mut caller: Caller<'_, State<B>>, subs: i32, events: i32, count: i32, out: i32| {
            let fuel = build.has_fuel();
            let now = fuel.then(|| now(caller.as_context_mut()));
            let (mut memory, state) = reach(&mut caller)?;
            if let Some(answer) = at_once(state, &mut memory, now, (subs, events, count, out))? {
                return Ok(answer);
            }
            in_tokio(engine::poll_oneoff(
                &mut state.wasi,
                &mut memory,
                subs,
                events,
                count,
                out,
            ))
        },
    )?;
    if !build.has_fuel() {
        return Ok(());
    }
    linker.func_wrap(
        PREVIEW1,
        "clock_time_get",
        |mut caller: Caller<'_, State<B>>, clock: i32, precision: i64, out: i32| {
            let now = now(caller.as_context_mut());
            let (mut memory, state) = reach(&mut caller)?;
            let answer =
                engine::clock_time_get(&mut state.wasi, &mut memory, clock, precision, out)?;
            if answer == SUCCESS {
                memory.write(GuestPtr::new(out as u32), reading(clock, now))?;
            }
            Ok(answer)
        },
    )?;
    linker.func_wrap(
        PREVIEW1,
        "clock_res_get",
        |mut caller: Caller<'_, State<B>>, clock: i32, out: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            let answer = engine::clock_res_get(&mut state.wasi, &mut memory, clock, out)?;
            if answer == SUCCESS {
                memory.write(GuestPtr::new(out as u32), 1_u64)?;
            }
            Ok(answer)
        },
    )?;
    Ok(())
}

/// What a clock shows when the monotonic one shows `now`.
fn reading(clock: i32, now: u64) -> u64 {
    match clock == Clockid::Realtime as i32 {
        true => EPOCH_NS.saturating_add(now),
        false => now,
    }
}

/// Answers a poll that need not wait: what it asks of a file or stream is always there, and a sleep
/// in terms of fuel, which begins at `now`, is over as soon as the clock is put forward. None if it
/// must wait, and where the engine has to say what is wrong with it.
fn at_once<B: Send>(
    state: &mut State<B>,
    memory: &mut GuestMemory<'_>,
    now: Option<u64>,
    (subs, events, count, out): (i32, i32, i32, i32),
) -> wasmtime::Result<Option<i32>> {
    let subscriptions = GuestPtr::<Subscription>::new(subs as u32).as_array(count as u32);
    let mut is_ready = false;
    let mut first = u64::MAX;
    for at in subscriptions.iter() {
        let Ok(subscription) = at.and_then(|at| memory.read(at)) else {
            return Ok(None);
        };
        match subscription.u {
            SubscriptionU::Clock(clock) => match remaining(&clock, now) {
                Some(remaining) => first = first.min(remaining),
                None => return Ok(None),
            },
            SubscriptionU::FdRead(_) | SubscriptionU::FdWrite(_) => is_ready = true,
        }
    }
    // A real clock is the engine's to wait for.
    if count == 0 || (now.is_none() && !is_ready) {
        return Ok(None);
    }
    if is_ready {
        first = 0;
    } else {
        state.sleep(first);
    }
    let mut told = 0;
    let room = GuestPtr::<Event>::new(events as u32);
    for at in subscriptions.iter() {
        let subscription = memory.read(at?)?;
        let event = match &subscription.u {
            SubscriptionU::Clock(clock) => (remaining(clock, now) <= Some(first))
                .then(|| event(&subscription, Eventtype::Clock, 0, false)),
            SubscriptionU::FdRead(it) => match ready(state, memory, it.file_descriptor)? {
                Ok(is_at_end) => Some(event(&subscription, Eventtype::FdRead, 1, is_at_end)),
                Err(errno) => return Ok(Some(errno as i32)),
            },
            SubscriptionU::FdWrite(it) => match ready(state, memory, it.file_descriptor)? {
                Ok(_) => Some(event(&subscription, Eventtype::FdWrite, 1, false)),
                Err(errno) => return Ok(Some(errno as i32)),
            },
        };
        if let Some(event) = event {
            memory.write(room.add(told)?, event)?;
            told += 1;
        }
    }
    memory.write(GuestPtr::new(out as u32), told)?;
    Ok(Some(SUCCESS))
}

/// How long a clock is waited for, ns; none for one that cannot be. Without fuel only what is over
/// already counts, so that it is no matter when now is.
fn remaining(clock: &SubscriptionClock, now: Option<u64>) -> Option<u64> {
    let is_absolute = clock
        .flags
        .contains(Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME);
    match clock.id {
        Clockid::Monotonic | Clockid::Realtime if !is_absolute => Some(clock.timeout),
        Clockid::Monotonic | Clockid::Realtime => {
            let now = now.map_or(0, |now| reading(clock.id as i32, now));
            Some(clock.timeout.saturating_sub(now))
        }
        Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => None,
    }
}

/// Whether a file or stream that is open is at its end.
fn ready<B: Send>(
    state: &mut State<B>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
) -> wasmtime::Result<Result<bool, Errno>> {
    let stat = code(in_tokio(state.wasi.fd_filestat_get(memory, fd)))?;
    Ok(match stat {
        Ok(stat) if stat.filetype == Filetype::Directory => Err(Errno::Badf),
        Ok(stat) if stat.filetype == Filetype::RegularFile => {
            code(state.wasi.fd_tell(memory, fd))?.map(|position| position >= stat.size)
        }
        Ok(_) => Ok(false),
        Err(errno) => Err(errno),
    })
}

fn event(of: &Subscription, type_: Eventtype, nbytes: u64, is_at_end: bool) -> Event {
    let flags = match is_at_end {
        true => Eventrwflags::FD_READWRITE_HANGUP,
        false => Eventrwflags::empty(),
    };
    Event {
        userdata: of.userdata,
        error: Errno::Success,
        type_,
        fd_readwrite: EventFdReadwrite { nbytes, flags },
    }
}
