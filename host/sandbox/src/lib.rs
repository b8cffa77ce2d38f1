//! The sandbox: engines, compiled code, limits, grants, and the guest behind them. The only module
//! that names the engine or WASI. It runs in worker processes; what a guest does wrong comes out
//! as an [`Outcome`](dyno_model::Outcome), never as an error.

mod code;
mod componentize;
mod ending;
mod engine;
mod files;
mod fuel_clock;
mod hooks;
mod instance;
mod instrument;
mod layout;
mod limit_hit;
mod limiter;
mod linked;
mod linker;
mod numbers;
mod opened;
mod output;
mod precheck;
mod preview1;
mod program;
mod proposals;
mod run;
mod scratch;
mod sections;
mod state;
mod stubs;
mod waiting;

pub use code::{Code, CodeError, check, compile, describe, hello, label, load, to_binary};
pub use componentize::ModuleError;
pub use engine::engine;
pub use instance::{Ended, Finished};
pub use instrument::{Instrumented, instrument};
pub use linked::{Conditions, Linked};
pub use precheck::{Exceeded, PrecheckError, StructureLimits, precheck};
pub use program::{Expected, Program};
pub use sections::SectionError;
pub use state::FuelGauge;
