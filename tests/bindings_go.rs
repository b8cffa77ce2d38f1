//! The Go SDK writes down by hand how the contract lies in memory. Here that is computed from
//! `wit/` and held against `guest-sdk/go/dyno/testdata/contract.txt`; the SDK's own `go test` holds
//! its types against the same file. So a change of the contract cannot leave the SDK behind, and
//! this half of the check needs no Go.

use std::fmt::Write as _;
use std::fs;

use wit_parser::abi::AbiVariant;
use wit_parser::{Int, Resolve, SizeAlign, Type, TypeDefKind, WorldItem, WorldKey};

use super::support::repository;

const FILE: &str = "guest-sdk/go/dyno/testdata/contract.txt";

#[test]
fn what_the_go_sdk_takes_for_the_contract_is_the_contract() {
    let stated = fs::read_to_string(repository().join(FILE)).unwrap();
    let computed = layout();
    assert_eq!(
        stated, computed,
        "{FILE} has to be (and abi.go and component.go have to follow it):\n{computed}"
    );
}

/// Each function with its flat signature and the places in its result, and each record with its
/// size and the offsets of its fields.
fn layout() -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(repository().join("wit")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    let world = &resolve.worlds[world];
    let mut sizes = SizeAlign::default();
    sizes.fill(&resolve);
    let layout = Layout {
        resolve: &resolve,
        sizes,
    };
    let mut text = String::new();
    for (key, item) in &world.imports {
        layout.interface(&mut text, key, item, AbiVariant::GuestImport);
    }
    for (key, item) in &world.exports {
        layout.interface(&mut text, key, item, AbiVariant::GuestExport);
    }
    text
}

struct Layout<'r> {
    resolve: &'r Resolve,
    sizes: SizeAlign,
}

impl Layout<'_> {
    fn interface(&self, text: &mut String, key: &WorldKey, item: &WorldItem, variant: AbiVariant) {
        let WorldItem::Interface { id, .. } = item else {
            panic!("the world has an item that is not an interface: {item:?}");
        };
        let interface = self.resolve.name_world_key(key);
        let directive = match variant {
            AbiVariant::GuestImport => format!("wasmimport {interface} "),
            _ => format!("wasmexport {interface}#"),
        };
        for (name, function) in &self.resolve.interfaces[*id].functions {
            let signature = self.resolve.wasm_signature(variant, function);
            let (params, results) = (signature.params, signature.results);
            writeln!(text, "{directive}{name}: {params:?} -> {results:?}").unwrap();
            if let Some(ty) = &function.result {
                self.place(text, "  result", 0, ty);
            }
        }
        for (name, id) in &self.resolve.interfaces[*id].types {
            let TypeDefKind::Record(record) = &self.resolve.types[*id].kind else {
                continue;
            };
            let size = self.sizes.size(&Type::Id(*id)).size_wasm32();
            writeln!(text, "{name}: {size} bytes").unwrap();
            let types = record.fields.iter().map(|field| &field.ty);
            let offsets = self.sizes.field_offsets(types);
            for (field, (offset, ty)) in record.fields.iter().zip(offsets) {
                let name = format!("  {}", field.name);
                self.place(text, &name, offset.size_wasm32(), ty);
            }
        }
    }

    /// Where something lies, and where its payload does, if it has one behind a tag.
    fn place(&self, text: &mut String, name: &str, offset: usize, ty: &Type) {
        writeln!(text, "{name}: {offset}").unwrap();
        let Type::Id(id) = ty else { return };
        let payloads = match &self.resolve.types[*id].kind {
            TypeDefKind::Option(ty) => vec![Some(ty)],
            TypeDefKind::Result(result) => vec![result.ok.as_ref(), result.err.as_ref()],
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().map(|case| case.ty.as_ref()).collect()
            }
            _ => return,
        };
        // The tag of what has so few cases is one byte.
        let payload = self.sizes.payload_offset(Int::U8, payloads.iter().copied());
        if let Some(ty) = payloads.into_iter().flatten().next() {
            let name = format!("{name}.payload");
            self.place(text, &name, offset + payload.size_wasm32(), ty);
        }
    }
}
