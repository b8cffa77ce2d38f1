//! Makes every function of a component tell the host when it begins and when it ends: what a
//! profile is made of. Runs in the compile worker, on a component that passed the check.
//!
//! ```text
//! component  imports dyno:profile/hooks, lowers it into a core module of ours (hooks.wat), and
//!            hands that to every module that it instantiates
//! function   enter(id); block { the body, with leave() before each return and tail call } leave()
//! import     a thunk that settles what profiling owes, then calls it
//! realloc    and post-return: a wrapper that mutes the hooks while it runs
//! ```
//!
//! Bodies stay as they are but for shifted indices, so they use the same fuel; what the hooks use
//! is known to the unit and put back by the host (`hooks.rs`). A tail call stays one: it leaves its
//! function first, as the engine does. Modules within nested components, and those that these take
//! from the outermost, are not looked into: what they use counts for the function that called them,
//! or for none.

mod before;
mod exceptions;
mod module;
mod name;
mod root;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use wasm_encoder::reencode::ReencodeComponent as _;

use wasmparser::{Parser, Payload};

pub(super) use self::name::readable;
use super::CodeError;
use dyno_model::quoted::quoted;

/// What the hooks are called: by the component towards the host, and by our module towards the
/// guest's.
pub(super) const HOOKS: &str = "dyno:profile/hooks";

/// Why a component cannot be rewritten: what the encoder says.
type InstrumentError = wasm_encoder::reencode::Error<wat::Error>;

/// A component in which every function tells when it begins and ends, as
/// [`Build::Profiled`](dyno_job::Build::Profiled) expects it.
#[derive(Debug)]
pub struct Instrumented {
    /// Its bytes.
    pub component: Vec<u8>,
    /// What the functions are called, by the number that each tells; hostile, but of one line.
    pub functions: Vec<String>,
}

/// Rewrites a component that was checked.
///
/// # Errors
/// If it defines exceptions, or the encoder cannot write it.
pub fn instrument(component: &[u8]) -> Result<Instrumented, CodeError> {
    let is_tag = |payload: &wasmparser::Result<_>| matches!(payload, Ok(Payload::TagSection(_)));
    let mut payloads = Parser::new(0).parse_all(component);
    if payloads.any(|payload| is_tag(&payload)) {
        return Err(CodeError::Exceptions);
    }
    rewrite(component).map_err(|error| CodeError::Instrument(quoted(&error.to_string())))
}

fn rewrite(component: &[u8]) -> Result<Instrumented, InstrumentError> {
    if Parser::is_core_wasm(component) {
        let mut functions = Vec::new();
        let component = module::rewrite(component, 0, BTreeSet::new(), &mut functions)?;
        return Ok(Instrumented {
            component,
            functions,
        });
    }
    let mut out = wasm_encoder::Component::new();
    root::prelude(&mut out)?;
    let mut root = root::Root::new(exceptions::find(component)?);
    root.parse_component(&mut out, Parser::new(0), component)?;
    Ok(Instrumented {
        component: out.finish(),
        functions: root.into_functions(),
    })
}
