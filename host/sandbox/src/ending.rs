//! What the end of a guest's call means: one place decides which outcome it is.

use wasmtime::component::ResourceTableError;
use wasmtime::{Store, ThrownException, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::instrument::readable;
use super::state::State;
use dyno_job::{is_out_of_memory, out_of_memory};
use dyno_model::{LimitKind, Limits, Outcome};

/// What a call's end means. A limit outranks a fault, a fault outranks whatever the guest reports.
pub(super) fn judge<B>(
    store: &Store<State<B>>,
    limits: &Limits,
    answer: wasmtime::Result<Result<(), String>>,
    during: &str,
) -> Outcome {
    let limit = |limit, actual| Outcome::Limit {
        limit,
        cap: limits.get(limit),
        actual,
    };
    if let Some(hit) = store.data().limit_hit() {
        return limit(hit.limit, hit.actual);
    }
    if store.data().limiter.is_starved {
        return out_of_memory(limits);
    }
    if let Some(fault) = store.data().fault {
        return Outcome::Fault {
            message: fault.to_string(),
        };
    }
    let error = match answer {
        Ok(Ok(())) => return Outcome::Ok,
        Ok(Err(message)) => {
            return Outcome::Error {
                message: cut(message),
            };
        }
        Err(error) => error,
    };
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return limit(LimitKind::Fuel, None),
        Some(Trap::StackOverflow) => return limit(LimitKind::Stack, None),
        _ => {}
    }
    if error.is::<ThrownException>() {
        return Outcome::Trap {
            message: cut("it threw an exception that nothing caught".to_owned()
                + &error.downcast_ref().map(place).unwrap_or_default()),
        };
    }
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Outcome::Trap {
            message: format!("exited with status {status} during {during}"),
        };
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return limit(LimitKind::Handles, None);
    }
    // The engine has no types that can be named for what follows.
    let root = error.root_cause().to_string();
    if root.contains("fuel allocated for hostcalls has been exhausted") {
        return limit(LimitKind::HostCall, None);
    }
    if root.contains("store handle limit exceeded") {
        return limit(LimitKind::Handles, None);
    }
    if root.contains("instance count too high")
        || root.contains("resource limit exceeded: instance")
    {
        return limit(LimitKind::Instances, None);
    }
    if is_out_of_memory(&root) {
        return out_of_memory(limits);
    }
    if is_adapters(&error) {
        return Outcome::Trap {
            message: cut(ADAPTER.to_owned() + &describe(&error)),
        };
    }
    Outcome::Trap {
        message: cut(describe(&error)),
    }
}

/// What to make of a trap in the adapter.
const ADAPTER: &str = "the adapter from WASI preview 1 to 0.2, which this component carries in its own memory, found its state overwritten or without room: the program manages all of its memory itself, so run it as a core module, or build it for WASI 0.2: ";

/// Whether it happened in the adapter that the tools put into components made of core modules: by
/// the names of its functions.
fn is_adapters(error: &wasmtime::Error) -> bool {
    let is_trap = matches!(
        error.downcast_ref(),
        Some(Trap::UnreachableCodeReached | Trap::MemoryOutOfBounds)
    );
    let is_its =
        |name: String| name.starts_with("wasi_snapshot_preview1::") || name == "allocate_stack";
    let frames = error.downcast_ref().map_or(&[][..], WasmBacktrace::frames);
    let mut innermost = frames.iter().take(2).filter_map(|frame| frame.func_name());
    is_trap && innermost.any(|name| readable(name).is_some_and(is_its))
}

/// The longest message that is kept of a guest.
const MESSAGE_BYTES_MAX: usize = 2048;

/// A guest's words, without an end if they had none.
fn cut(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES_MAX {
        let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
        let rest = message.len() - end;
        message.truncate(end);
        message.push_str(&format!("… ({rest} more bytes)"));
    }
    message
}

/// What happened first, and where on the lines after it.
fn describe(error: &wasmtime::Error) -> String {
    let backtrace = error
        .downcast_ref::<WasmBacktrace>()
        .map(ToString::to_string);
    let causes = error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| Some(cause) != backtrace.as_ref());
    let causes: Vec<_> = causes
        .map(|cause| cause.trim_start_matches("wasm trap: ").to_owned())
        .collect();
    let place = error.downcast_ref().map(place).unwrap_or_default();
    causes.join(": ") + &place
}

/// Where it happened, as the engine has it but for names, which are a guest's own: a line each.
fn place(backtrace: &WasmBacktrace) -> String {
    let frames = backtrace.frames().iter().enumerate().map(|(index, frame)| {
        let module = frame.module().name().and_then(readable);
        let module = module.as_deref().unwrap_or("<unknown>");
        let function = frame.func_name().and_then(readable);
        let function =
            function.unwrap_or_else(|| format!("<wasm function {}>", frame.func_index()));
        let offset = frame.module_offset();
        let offset = offset.map_or_else(String::new, |offset| format!("{offset:#8x} - "));
        format!("\n  {index:>3}: {offset}{module}!{function}")
    });
    "\nerror while executing at wasm backtrace:".to_owned() + &frames.collect::<String>()
}
