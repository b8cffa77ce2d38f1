//! Worker processes: what they are asked ([`Job`]), what they answer ([`Event`]), the supervisor
//! that starts, watches and kills them, and the confinement that they put themselves into.

pub mod child;
pub mod confine;
mod inbox;
mod job;
mod report;
mod supervise;

pub use child::{PADDING_VARIABLE, monotonic_ns};
pub use job::{
    Birth, CompileJob, DescribeJob, Event, Job, ProgramJob, RunJob, SAMPLES_PER_EVENT, Timed,
    WORKER_ARGUMENT,
};
pub use report::{Ended, Report};
pub use supervise::{Cancel, StartError, Stop, Supervisor, require, required};
