//! What only the operating system knows: what confines a worker, and what the machine is and does
//! that measures.

pub mod confine;
pub mod counters;
pub mod machine;
