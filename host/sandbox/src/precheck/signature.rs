//! The type of a function as text, to be held against what the contract says, and to be shown.

use std::fmt::Write as _;

use wasmparser::component_types::{ComponentDefinedType, ComponentFuncType, ComponentValType};
use wasmparser::types::TypesRef;

/// A signature is written as far as this: types may be nested so that all of one would fill any
/// memory.
const SIGNATURE_BYTES_MAX: usize = 1024;

/// A function's type, structurally and without the names of its parameters, such as `func(string)
/// -> result<_, string>`. One that is too long ends in `…`.
pub(super) fn signature(types: TypesRef<'_>, function: &ComponentFuncType) -> String {
    let mut writer = Writer {
        types,
        text: String::new(),
    };
    let params = function.params.iter().map(|(_, ty)| ty);
    let mark = if function.async_ { "async " } else { "" };
    writer.text.push_str(mark);
    writer.text.push_str("func(");
    writer.list(params);
    writer.text.push(')');
    if let Some(result) = &function.result {
        writer.text.push_str(" -> ");
        writer.value(result);
    }
    let mut text = writer.text;
    if text.len() > SIGNATURE_BYTES_MAX {
        text.truncate(text.floor_char_boundary(SIGNATURE_BYTES_MAX));
        text.push('…');
    }
    text
}

struct Writer<'a> {
    types: TypesRef<'a>,
    text: String,
}

impl Writer<'_> {
    fn list<'t>(&mut self, all: impl Iterator<Item = &'t ComponentValType>) {
        for (index, ty) in all.enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            self.value(ty);
        }
    }

    fn value(&mut self, ty: &ComponentValType) {
        if self.text.len() > SIGNATURE_BYTES_MAX {
            return;
        }
        let types = self.types;
        match ty {
            ComponentValType::Primitive(primitive) => self.word(primitive),
            ComponentValType::Type(id) => self.defined(&types[*id]),
        }
    }

    fn word(&mut self, word: impl std::fmt::Display) {
        // A string takes everything.
        let _ = write!(self.text, "{word}");
    }

    /// `NAME<TYPE, TYPE>`, with `_` for what is not there.
    fn generic(&mut self, name: &str, of: &[Option<&ComponentValType>]) {
        self.text.push_str(name);
        self.text.push('<');
        for (index, ty) in of.iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            match ty {
                Some(ty) => self.value(ty),
                None => self.text.push('_'),
            }
        }
        self.text.push('>');
    }

    /// `NAME { WORD: TYPE, … }` and `NAME { WORD(TYPE), … }`.
    fn named<'t>(
        &mut self,
        name: &str,
        all: impl Iterator<Item = (&'t str, Option<&'t ComponentValType>)>,
        [open, close]: [&str; 2],
    ) {
        self.text.push_str(name);
        self.text.push_str(" {");
        for (index, (word, ty)) in all.enumerate() {
            if self.text.len() > SIGNATURE_BYTES_MAX {
                return;
            }
            self.text.push_str(if index > 0 { ", " } else { " " });
            self.text.push_str(word);
            if let Some(ty) = ty {
                self.text.push_str(open);
                self.value(ty);
                self.text.push_str(close);
            }
        }
        self.text.push_str(" }");
    }

    fn defined(&mut self, ty: &ComponentDefinedType) {
        use ComponentDefinedType as T;
        match ty {
            T::Primitive(primitive) => self.word(primitive),
            T::Record(record) => {
                let fields = record.fields.iter();
                let fields = fields.map(|(name, ty)| (name.as_str(), Some(ty)));
                self.named("record", fields, [": ", ""]);
            }
            T::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases = cases.map(|(name, case)| (name.as_str(), case.ty.as_ref()));
                self.named("variant", cases, ["(", ")"]);
            }
            T::Flags(names) => {
                self.named(
                    "flags",
                    names.iter().map(|name| (name.as_str(), None)),
                    ["", ""],
                );
            }
            T::Enum(names) => {
                self.named(
                    "enum",
                    names.iter().map(|name| (name.as_str(), None)),
                    ["", ""],
                );
            }
            T::List { element, .. } => self.generic("list", &[Some(element)]),
            T::Map { key, value, .. } => self.generic("map", &[Some(key), Some(value)]),
            T::FixedLengthList {
                element, length, ..
            } => {
                self.generic("list", &[Some(element)]);
                self.word(format_args!("[{length}]"));
            }
            T::Tuple(tuple) => {
                let types: Vec<_> = tuple.types.iter().map(Some).collect();
                self.generic("tuple", &types);
            }
            T::Option { ty, .. } => self.generic("option", &[Some(ty)]),
            T::Result { ok, err, .. } => match (ok.as_ref(), err.as_ref()) {
                (None, None) => self.text.push_str("result"),
                (ok, None) => self.generic("result", &[ok]),
                (ok, err) => self.generic("result", &[ok, err]),
            },
            T::Own(_) => self.text.push_str("own resource"),
            T::Borrow(_) => self.text.push_str("borrowed resource"),
            T::Future { ty, .. } => self.generic("future", &[ty.as_ref()]),
            T::Stream { ty, .. } => self.generic("stream", &[ty.as_ref()]),
        }
    }
}
