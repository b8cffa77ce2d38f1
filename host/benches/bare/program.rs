//! The same for a program that is a core module: an iteration is a fresh instance, of which
//! `_start` is timed.

use std::path::Path;
use std::time::Duration;

use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};

use super::{Batches, config, pin};
use crate::product::Result;

/// Prints the samples.
pub(crate) fn measure(program: &Path, budget: Duration) -> Result<()> {
    pin()?;
    let engine = Engine::new(&config())?;
    let module = Module::from_file(&engine, program)?;
    let mut linker = Linker::<WasiP1Ctx>::new(&engine);
    add_to_linker_sync(&mut linker, |wasi| wasi)?;
    let program = linker.instantiate_pre(&module)?;
    let mut batches = Batches::new(budget);
    while let Some(iterations) = batches.next() {
        for _ in 0..iterations {
            let wasi = WasiCtxBuilder::new().arg("program").build_p1();
            let mut store = Store::new(&engine, wasi);
            let instance = program.instantiate(&mut store)?;
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
            batches.start();
            start.call(&mut store, ())?;
            batches.stop();
        }
    }
    println!("{}", serde_json::to_string(&batches.samples)?);
    Ok(())
}
