//! The sandbox: engines, compiled code, limits, grants, and the guest behind them. The only module
//! that names the engine or WASI. It runs in worker processes; what a guest does wrong comes out
//! as an [`Outcome`](crate::report::model::Outcome), never as an error.

mod code;
mod componentize;
mod copies;
mod ending;
mod engine;
mod files;
mod fuel_clock;
mod grants;
mod hooks;
mod instance;
mod instrument;
mod layout;
mod limiter;
mod limits;
mod linked;
mod linker;
mod output;
mod precheck;
mod program;
mod scratch;
mod sections;
mod state;

pub use code::{
    CodeError, CodeFile, check, compatibility, compile, describe, label, load, open_like_wasm,
    to_component,
};
pub use componentize::ModuleError;
pub use copies::{Quota, copy};
pub use ending::{is_out_of_memory, narrower, out_of_memory};
pub use engine::{Build, ENGINE};
pub use grants::{Access, DirGrant, GrantError, Grants, Reach, ReachDir, Variables};
pub use instance::{Ended, Finished};
pub use instrument::{Instrumented, instrument};
pub use layout::Layout;
pub use limits::{LIMITS, LimitSpec, LimitUnit, Limits};
pub use linked::{Conditions, Linked};
pub use precheck::{PrecheckError, Shape, StructureCaps, precheck};
pub use program::{Expected, Program};
pub use sections::{Description, SectionError};
pub use state::FuelGauge;
