//! `wit/`, the contract between plugins and hosts: that it is what was agreed, and that every item
//! of it is documented, since it is all that an author in another language has.

use std::fs;

use wit_parser::{
    Docs, Function, Handle, Resolve, Type, TypeDef, TypeDefKind, WorldId, WorldItem, WorldKey,
};

use super::support::{Bench, QUICK, fib, finish, repository};

/// Every function of the contract, with the types that its authors see.
const FUNCTIONS: [&str; 5] = [
    "bench.next: func(checksum: u64) -> option<u64>",
    "bench.start: func()",
    "bench.stop: func()",
    "suite.cases: func() -> result<list<bench-case>, string>",
    "suite.run: func(name: string) -> result<_, string>",
];

/// Every type, likewise.
const TYPES: [&str; 3] = [
    "suite.bench-case: record { name: string, description: string, group: option<string>, \
     params: list<param>, throughput: option<throughput>, expected: option<u64> }",
    "suite.param: record { name: string, value: string }",
    "suite.throughput: variant { bytes(u64), elements(u64) }",
];

fn contract() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(repository().join("wit")).unwrap();
    let name = &resolve.packages[package].name;
    assert_eq!(name.to_string(), "dyno:bench@0.1.0");
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    (resolve, world)
}

/// A type as it is written.
fn shown(resolve: &Resolve, ty: &Type) -> String {
    match ty {
        Type::String => "string".into(),
        Type::U64 => "u64".into(),
        Type::Id(id) => {
            let def = &resolve.types[*id];
            def.name.clone().unwrap_or_else(|| structure(resolve, def))
        }
        other => format!("{other:?}"),
    }
}

fn structure(resolve: &Resolve, def: &TypeDef) -> String {
    let optional = |ty: &Option<Type>| ty.as_ref().map_or("_".into(), |ty| shown(resolve, ty));
    match &def.kind {
        TypeDefKind::Option(ty) => format!("option<{}>", shown(resolve, ty)),
        TypeDefKind::List(ty) => format!("list<{}>", shown(resolve, ty)),
        TypeDefKind::Result(result) => {
            format!(
                "result<{}, {}>",
                optional(&result.ok),
                optional(&result.err)
            )
        }
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields =
                fields.map(|field| format!("{}: {}", field.name, shown(resolve, &field.ty)));
            format!("record {{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases = cases.map(|case| format!("{}({})", case.name, optional(&case.ty)));
            format!("variant {{ {} }}", cases.collect::<Vec<_>>().join(", "))
        }
        TypeDefKind::Handle(Handle::Own(_) | Handle::Borrow(_)) => "a handle".into(),
        other => format!("{other:?}"),
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params = function.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name, shown(resolve, &param.ty)));
    let result = function.result.as_ref();
    let result = result.map_or(String::new(), |ty| format!(" -> {}", shown(resolve, ty)));
    format!("func({}){result}", params.collect::<Vec<_>>().join(", "))
}

/// The interfaces that a world imports or exports; anything else has no place in the contract.
fn interfaces(resolve: &Resolve, items: &wit_parser::IndexMap<WorldKey, WorldItem>) -> Vec<String> {
    let name = |(key, item): (&WorldKey, &WorldItem)| match item {
        WorldItem::Interface { .. } => resolve.name_world_key(key),
        other => panic!("the world has more than interfaces: {other:?}"),
    };
    items.iter().map(name).collect()
}

/// If this fails, the contract changed: plugins that exist may no longer load, and the version has
/// to change with it.
#[test]
fn the_contract_is_what_was_agreed() {
    let (resolve, world) = contract();
    let world = &resolve.worlds[world];
    assert_eq!(
        interfaces(&resolve, &world.imports),
        ["dyno:bench/bench@0.1.0"]
    );
    assert_eq!(
        interfaces(&resolve, &world.exports),
        ["dyno:bench/suite@0.1.0"]
    );
    let mut functions = Vec::new();
    let mut types = Vec::new();
    for (_, interface) in resolve.interfaces.iter() {
        let within = interface.name.as_deref().unwrap();
        for (name, function) in &interface.functions {
            functions.push(format!(
                "{within}.{name}: {}",
                signature(&resolve, function)
            ));
        }
        for (name, id) in &interface.types {
            types.push(format!(
                "{within}.{name}: {}",
                structure(&resolve, &resolve.types[*id])
            ));
        }
    }
    functions.sort();
    types.sort();
    assert_eq!(functions, FUNCTIONS);
    assert_eq!(types, TYPES);
}

/// If this fails, an author has to guess what an item means.
#[test]
fn every_item_of_the_contract_is_documented() {
    let (resolve, world) = contract();
    let mut missing = Vec::new();
    let mut look = |what: String, docs: &Docs| {
        if docs
            .contents
            .as_ref()
            .is_none_or(|text| text.trim().is_empty())
        {
            missing.push(what);
        }
    };
    look("the world".into(), &resolve.worlds[world].docs);
    for (_, package) in resolve.packages.iter() {
        look(package.name.to_string(), &package.docs);
    }
    for (_, interface) in resolve.interfaces.iter() {
        let within = interface.name.as_deref().unwrap();
        look(within.into(), &interface.docs);
        for (name, function) in &interface.functions {
            look(format!("{within}.{name}"), &function.docs);
        }
        for (name, id) in &interface.types {
            let def = &resolve.types[*id];
            look(format!("{within}.{name}"), &def.docs);
            match &def.kind {
                TypeDefKind::Record(record) => {
                    for field in &record.fields {
                        look(format!("{within}.{name}.{}", field.name), &field.docs);
                    }
                }
                TypeDefKind::Variant(variant) => {
                    for case in &variant.cases {
                        look(format!("{within}.{name}.{}", case.name), &case.docs);
                    }
                }
                _ => {}
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

/// If this fails, guests are built against another contract than the host's.
#[test]
fn the_sdks_carry_the_same_contract() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    for sdk in ["rust", "js", "python"] {
        let copy = read(&format!("guest-sdk/{sdk}/wit/dyno-bench.wit"));
        assert_eq!(copy, read("wit/dyno-bench.wit"), "{sdk}");
    }
}

/// If this fails, a new plugin is built with other tools than the sample that is tested.
#[test]
fn new_plugins_have_the_tools_of_the_samples() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).unwrap();
    assert_eq!(
        read("guest-sdk/python/template/requirements.txt"),
        read("sample-plugins/crosslang-python/requirements.txt")
    );
    let packages = |path: &str| {
        let lock: serde_json::Value = serde_json::from_str(&read(path)).unwrap();
        let mut packages = lock["packages"].as_object().unwrap().clone();
        // The plugin itself, and where its SDK lies.
        packages
            .retain(|name, _| name.starts_with("node_modules/") && !name.ends_with("/dyno-guest"));
        packages
    };
    let lock = packages("guest-sdk/js/template/package-lock.json");
    assert_eq!(
        lock,
        packages("sample-plugins/crosslang-js/package-lock.json")
    );
    assert!(lock.len() > 10, "the lock file is read in a wrong way");
}

/// If this fails, a plugin for a later host fails somewhere deep inside, and nobody knows why.
#[test]
fn a_plugin_of_another_version_is_refused_in_one_sentence() {
    let text = fs::read_to_string(fib().join("fib.wat")).unwrap();
    let bench = Bench::new();
    let file = bench.write("later.wat", text.replace("@0.1.0", "@0.9.0"));
    let mut command = bench.command();
    command.arg("run").args(QUICK).arg(file);
    let said = finish(command).exits(3);
    let refusals: Vec<_> = said
        .stdout
        .lines()
        .filter(|line| line.contains('✗'))
        .collect();
    let [refusal] = refusals.as_slice() else {
        panic!("{said}")
    };
    assert!(
        refusal.contains("0.9.0") && refusal.contains("0.1"),
        "{said}"
    );
}
