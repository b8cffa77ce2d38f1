//! Programs that are core modules: packed, they stay what they are.

use std::fs;

use serde_json::Value;

use super::actors::{Author, directory, user};
use crate::support::{Bench, case};

/// Writes ten thousand bytes, one by one: 2.9 million units of fuel where an adapter does it.
const PROGRAM: &str = r#"(module $printer
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1 1)
    (func (export "_start") (local $i i32)
        (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1))
        (loop $again
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br_if $again (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))))"#;

fn fuel(bench: &Bench, name: &str) -> Value {
    case(&bench.recorded("latest"), name)["count"]["fuel_per_iteration"].clone()
}

/// If this fails, a program costs something else as a package, or is not the file that its author
/// has.
#[test]
fn a_program_is_packed_as_it_is() {
    let author = Author::new();
    let source = directory(
        &author.bench,
        "printer@1.0.0",
        "printer",
        "1.0.0",
        PROGRAM,
        "",
    );
    author.bench.run([&source]).exits(0);
    let own = fuel(&author.bench, "printer");
    let package = author.signed(&source);
    let user = user(&author);
    let seen = user
        .dyno(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .exits(0)
        .json();
    assert_eq!(seen["requests"]["kind"], "command", "{seen:#}");
    assert_eq!(
        seen["requests"]["capabilities"],
        serde_json::json!(["wasi:preview1"])
    );
    user.run([&package]).exits(0);
    assert_eq!(fuel(&user, "acme/printer"), own);
    // What other hosts read of it.
    let unpacked = user.path("layout");
    fs::create_dir(&unpacked).unwrap();
    let mut tar = std::process::Command::new("tar");
    tar.arg("xf").arg(&package).arg("-C").arg(&unpacked);
    assert!(tar.status().unwrap().success());
    let blobs = fs::read_dir(unpacked.join("blobs/sha256")).unwrap();
    let blobs: Vec<Vec<u8>> = blobs
        .map(|blob| fs::read(blob.unwrap().path()).unwrap())
        .collect();
    let config = blobs
        .iter()
        .filter_map(|blob| serde_json::from_slice::<Value>(blob).ok())
        .find(|json| json["os"].is_string())
        .unwrap();
    assert_eq!(config["os"], "wasip1");
    assert!(config.get("component").is_none(), "{config}");
    let wasm = blobs
        .iter()
        .find(|blob| blob.starts_with(b"\0asm"))
        .unwrap();
    assert!(wasmparser::Parser::is_core_wasm(wasm));
    // It asks for what it imports, and may not hide it.
    let hidden = directory(
        &author.bench,
        "hidden@1.0.0",
        "hidden",
        "1.0.0",
        PROGRAM,
        "capabilities = []",
    );
    author
        .bench
        .dyno(["pack".as_ref(), hidden.as_os_str()])
        .exits(3)
        .complains("imports `wasi_snapshot_preview1` and requests no `wasi:preview1`");
}
