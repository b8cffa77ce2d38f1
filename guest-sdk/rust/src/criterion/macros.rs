//! `criterion_group!` and `criterion_main!`, in the forms that Criterion has.

/// Makes a function of bench functions: `criterion_group!(name, bench, ...)`, or with a
/// configuration, which has no effect:
/// `criterion_group! { name = name; config = Criterion::default(); targets = bench, ... }`.
#[macro_export]
macro_rules! criterion_group {
    (name = $name:ident; config = $config:expr; targets = $($target:path),+ $(,)*) => {
        /// Comes by the cases of these bench functions.
        #[allow(unreachable_pub, reason = "public as in Criterion, for groups in modules")]
        pub fn $name() {
            let mut criterion: $crate::criterion::Criterion<_> = $config.configure_from_args();
            $(
                if !$crate::criterion::session::is_done() {
                    $target(&mut criterion);
                }
            )+
        }
    };
    ($name:ident, $($target:path),+ $(,)*) => {
        $crate::criterion_group! {
            name = $name;
            config = $crate::criterion::Criterion::default();
            targets = $($target),+
        }
    };
}

/// Makes a plugin of [groups](crate::criterion_group). Once in a crate, at its root.
///
/// In a native build, `cargo test` runs every case for a few iterations, as a test of the library;
/// so does `main`, if the file is built as a program. Nothing is measured there.
#[macro_export]
macro_rules! criterion_main {
    ($($group:path),+ $(,)*) => {
        #[cfg(target_family = "wasm")]
        $crate::__export! {
            cases: || {
                let cases = $crate::criterion::session::list(&[$(&|| { $group(); }),+]);
                $crate::component::listed(cases)
            },
            run: |name: &str| $crate::criterion::session::run(&[$(&|| { $group(); }),+], name)
        }

        /// Only a program has it; a plugin is a library.
        #[cfg(not(target_family = "wasm"))]
        #[allow(dead_code)]
        fn main() -> ::std::result::Result<(), ::std::string::String> {
            $crate::criterion::session::test(&[$(&|| { $group(); }),+])
        }

        #[cfg(not(target_family = "wasm"))]
        #[test]
        fn every_criterion_case_runs() -> ::std::result::Result<(), ::std::string::String> {
            $crate::criterion::session::test(&[$(&|| { $group(); }),+])
        }
    };
}
