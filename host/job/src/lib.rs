//! Worker processes: what they are asked ([`Job`]), what they answer ([`Event`]), the supervisor
//! that starts, watches and kills them, and the confinement that they put themselves into.

mod build;
mod code_file;
mod description;
mod header;
mod hello;
mod inbox;
mod job;
mod memory;
mod report;
mod supervise;

pub use build::{Build, Layout};
pub use code_file::{CodeFile, write_code};
pub use description::{Description, FUNCTIONS_MAX, MANIFEST_SECTION, Numbers, Shape};
pub use header::{HeaderError, check_header, check_start, is_compiled};
pub use hello::{Hello, PROTOCOL};
pub use job::{
    Birth, CompileJob, DescribeJob, Event, Job, NAMES_PER_EVENT, PADDING_VARIABLE,
    PROFILED_PER_EVENT, ProgramJob, RunJob, SAMPLES_PER_EVENT, Timed, WORKER_ARGUMENT,
};
pub use memory::{is_out_of_memory, narrower, out_of_memory};
pub use report::{Ended, Report, Stop};
pub use supervise::{Cancel, StartError, Supervisor, Workers, employ, required};
