//! Binaries: what makes a component of a module, what checks one, and what rewrites one.

use arbitrary::Unstructured;
use dyno_model::{Features, Limits};
use dyno_sandbox as sandbox;
use dyno_sandbox::{CodeError, PrecheckError, StructureLimits};
use wasm_encoder::{Component, ComponentSectionId, InstanceSection, ModuleArg, RawSection};
use wasmparser::{Validator, WasmFeatures};

use super::{repository_file, repository_files};

/// The longest input that one run looks at, bytes: what is longer only takes longer.
const BYTES_MAX: usize = 64 << 10;

fn validate(component: &[u8], what: &str) {
    let features =
        WasmFeatures::default() | WasmFeatures::COMPONENT_MODEL | WasmFeatures::WIDE_ARITHMETIC;
    if let Err(error) = Validator::new_with_features(features).validate_all(component) {
        panic!("{what} is invalid: {error}");
    }
}

/// A module that becomes a component: what comes out is valid.
pub(crate) fn componentize(data: &[u8]) -> bool {
    let is_module = wasmparser::Parser::is_core_wasm(data) && data.len() <= BYTES_MAX;
    match sandbox::to_binary(data) {
        // A valid module becomes a valid component. Others are for the check that comes next.
        Ok(component) if is_module && Validator::new().validate_all(data).is_ok() => {
            validate(&component, "what was made of a valid module");
            true
        }
        _ => false,
    }
}

pub(crate) fn module_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = texts()
        .into_iter()
        .filter(|bytes| wasmparser::Parser::is_core_wasm(bytes))
        .collect();
    seeds.push(b"(module (memory (export \"memory\") 1) (func (export \"_start\")))".to_vec());
    seeds
}

/// Anything: what passes the check is valid to the engine's own validator, and is compiled after
/// that.
pub(crate) fn precheck(data: &[u8]) -> bool {
    if data.len() > BYTES_MAX {
        return false;
    }
    let Ok(_) = sandbox::check(data, &Limits::default(), &Features::all()) else {
        return false;
    };
    validate(data, "what passed the check");
    let _ = sandbox::describe(data, &Limits::default());
    match sandbox::instrument(data) {
        Ok(instrumented) => validate(&instrumented.component, "what was rewritten"),
        Err(CodeError::Exceptions) => {}
        Err(error) => panic!("what passed the check cannot be rewritten: {error}"),
    }
    true
}

pub(crate) fn component_seeds() -> Vec<Vec<u8>> {
    let to_binary = |bytes: Vec<u8>| sandbox::to_binary(&bytes).ok().map(|it| it.into_owned());
    texts().into_iter().filter_map(to_binary).collect()
}

/// The samples in text.
fn texts() -> Vec<Vec<u8>> {
    let mut texts = vec![repository_file("sample-plugins/fib-wat/fib.wat")];
    texts.push(repository_file("tests/fixtures/letters.wat"));
    texts.extend(repository_files(
        "sample-plugins/crosslang-wat",
        Some("crosslang.wat"),
    ));
    let parse = |text: Vec<u8>| wat::parse_bytes(&text).ok().map(|it| it.into_owned());
    texts.into_iter().filter_map(parse).collect()
}

/// A valid module, whatever the bytes, in a component: rewritten it is valid, and has as many
/// functions that tell of themselves as it had bodies.
pub(crate) fn instrument(data: &[u8]) -> bool {
    let config = wasm_smith::Config {
        max_imports: 0,
        min_funcs: 1,
        max_memories: 2,
        threads_enabled: false,
        exceptions_enabled: false,
        custom_page_sizes_enabled: false,
        ..wasm_smith::Config::default()
    };
    let Ok(mut module) = wasm_smith::Module::new(config, &mut Unstructured::new(data)) else {
        return false;
    };
    // Each other input runs to its end, so that loops are rewritten as engines get them.
    if data.first().is_some_and(|byte| byte % 2 == 0) && module.ensure_termination(1000).is_err() {
        return false;
    }
    let module = module.to_bytes();
    let mut component = Component::new();
    component.section(&RawSection {
        id: ComponentSectionId::CoreModule.into(),
        data: &module,
    });
    let mut instances = InstanceSection::new();
    instances.instantiate(0, Vec::<(&str, ModuleArg)>::new());
    component.section(&instances);
    let component = component.finish();
    match sandbox::precheck(&component, &StructureLimits::default(), &Features::all()) {
        Ok(_) | Err(PrecheckError::NotAPlugin) => {}
        Err(_) => return false,
    }
    let instrumented =
        sandbox::instrument(&component).expect("what passed the check can be rewritten");
    validate(&instrumented.component, "what was rewritten");
    let bodies = |bytes: &[u8]| {
        let payloads = wasmparser::Parser::new(0).parse_all(bytes);
        let is_body = |payload: &Result<_, _>| {
            matches!(payload, Ok(wasmparser::Payload::CodeSectionEntry(_)))
        };
        payloads.filter(is_body).count()
    };
    assert_eq!(
        instrumented.functions.len(),
        bodies(&component),
        "functions and bodies"
    );
    true
}

pub(crate) fn smith_seeds() -> Vec<Vec<u8>> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    (1..40)
        .map(|length| (0..length * 64).map(|_| next()).collect())
        .collect()
}
