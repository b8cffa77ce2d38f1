//! Packages from the directory of their author to the machine of another: the way that is meant,
//! what goes wrong on it, and what accidents leave behind. What an attacker does on it is tried in
//! `attacks.rs`.

mod accidents;
pub(crate) mod actors;
mod dead_index;
mod dependencies;
mod guests;
mod install;
mod keepers;
mod keys;
mod lock;
mod modules;
mod pack;
mod run;
mod search;
mod update;
