//! The Dyno host as a library, its modules in flow order. It knows no command line and prints nothing.

pub mod report;
