//! Commands in text that print what they get, so that the checksum of what they print says whether
//! they got it.

use sha2::{Digest as _, Sha256};

/// How a guest tries to open a file: `path_open`'s flags and rights (WASI preview 1).
#[derive(Clone, Copy)]
pub(crate) enum Try {
    Read,
    Write,
    Create,
}

/// A core module that prints its arguments, its variables and its stdin, then tries to open files
/// below its first directory. Of each file it prints `+` and what is in it, or `-`.
pub(crate) fn prober(files: &[(&str, Try)]) -> String {
    let mut data = String::new();
    let mut tries = String::new();
    let mut at = 32768;
    for (path, how) in files {
        let (flags, rights) = match how {
            Try::Read => (0, 2),
            Try::Write => (0, 64),
            Try::Create => (1, 64),
        };
        data.push_str(&format!("(data (i32.const {at}) \"{path}\")\n"));
        let length = path.len();
        tries.push_str(&format!(
            "(call $try (i32.const {at}) (i32.const {length}) (i32.const {flags}) (i64.const {rights}))\n"
        ));
        at += length;
    }
    format!(
        r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $env (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "+-")
    {data}
    (func $print (param $at i32) (param $bytes i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $bytes))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func $copy (param $from i32)
        (block $end (loop $again
            (i32.store (i32.const 0) (i32.const 16384))
            (i32.store (i32.const 4) (i32.const 4096))
            (br_if $end (call $fd_read (local.get $from) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br_if $end (i32.eqz (i32.load (i32.const 8))))
            (call $print (i32.const 16384) (i32.load (i32.const 8)))
            (br $again))))
    (func $try (param $path i32) (param $bytes i32) (param $flags i32) (param $rights i64)
        (if (call $open (i32.const 3) (i32.const 0) (local.get $path) (local.get $bytes)
                (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 12))
            (then (call $print (i32.const 65) (i32.const 1)))
            (else
                (call $print (i32.const 64) (i32.const 1))
                (call $copy (i32.load (i32.const 12))))))
    (func (export "_start")
        (drop (call $args_sizes (i32.const 16) (i32.const 20)))
        (drop (call $args (i32.const 1024) (i32.const 2048)))
        (call $print (i32.const 2048) (i32.load (i32.const 20)))
        (drop (call $env_sizes (i32.const 16) (i32.const 20)))
        (drop (call $env (i32.const 1024) (i32.const 2048)))
        (call $print (i32.const 2048) (i32.load (i32.const 20)))
        (call $copy (i32.const 0))
        {tries}))"#
    )
}

/// A core module that prints nothing and ends.
pub(crate) const QUIET: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")))"#;

/// What the report says of a program that prints this: the first eight bytes of the digest.
pub(crate) fn checksum(stdout: &str) -> String {
    let digest = Sha256::digest(stdout.as_bytes());
    let hex: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("0x{hex}")
}
