//! How a stranger's files are opened, and ours are written: checkouts, private directories, copies.

pub mod checkout;
pub mod copies;
pub mod private_dir;
