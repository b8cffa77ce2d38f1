//! Requests there and back, and what is no request.

use std::path::PathBuf;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use dyno_model::{Access, CaseRules, ChecksumRule, DirGrant, Features, Gone, LIMITS, RULES};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/request.schema.json");

/// With something in every field.
fn full() -> Request {
    Request {
        format: Format,
        paths: vec!["a.wat".into(), "package:acme/json@1".into()],
        name: Some("sort".into()),
        filter: CaseFilter::new(&["json/*".into()], &["/slow/".into()]),
        stage: Stage::Time,
        blocks: 10,
        processes: 5,
        compile_samples: 7,
        count: CountSettings::default(),
        time: Sampling::compared(),
        limits: Limits::default(),
        budget_ms: 60_000,
        grants: Grants {
            dirs: vec![DirGrant::new("data".into(), "/d".into(), Access::Scratch)],
            env: vec!["TOKEN".into()],
            args: vec!["--fast".into()],
            own_dir: true,
            stdin: Some("in.txt".into()),
            features: Features::all(),
        },
        expected_stdout: Some("/abs/out.txt".into()),
        expected_status: Some(3),
        seed: 7,
        order_seed: u64::MAX,
        strict: true,
        build: true,
        build_all: false,
        versus: Some(Versus {
            paths: vec!["old.wat".into()],
            names: ["old".into(), "new".into()],
            rules: Rules {
                gates: true,
                fuel: Some(0.01),
                ..RULES
            },
            exceptions: Exceptions {
                renames: [("a".to_owned(), "b".to_owned())].into(),
                cases: vec![CaseRules {
                    pattern: "json/*".into(),
                    threshold: Some(0.05),
                    ..CaseRules::default()
                }],
            },
            extension: 10,
            confirmation: 40,
            remeasure: false,
        }),
    }
}

fn document() -> Value {
    serde_json::to_value(full()).unwrap()
}

fn parse(value: &Value) -> Result<Request, RequestError> {
    Request::parse(&value.to_string(), "r.json")
}

/// Why a full request is refused that is changed at a place.
fn refusal(at: &str, wrong: Value) -> String {
    let mut document = document();
    match document.pointer_mut(at) {
        Some(value) => *value = wrong,
        None => {
            let (parent, key) = at.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[key] = wrong;
        }
    }
    parse(&document).unwrap_err().to_string()
}

fn path() -> impl Strategy<Value = PathBuf> {
    "\\PC{1,12}".prop_map(PathBuf::from)
}

fn grants() -> impl Strategy<Value = Grants> {
    let access = prop_oneof![Just(Access::Read), Just(Access::Scratch)];
    let dir = (path(), "\\PC{1,8}", access);
    let dir = dir.prop_map(|(host, guest, access)| DirGrant::new(host, guest, access));
    (
        vec(dir, 0..3),
        vec("[A-Za-z_][A-Za-z0-9_]{0,8}", 0..3),
        vec(any::<String>(), 0..3),
        any::<bool>(),
        of(path()),
        any::<bool>(),
    )
        .prop_map(|(dirs, env, args, own_dir, stdin, features)| Grants {
            dirs,
            env,
            args,
            own_dir,
            stdin,
            features: if features {
                Features::all()
            } else {
                Features::default()
            },
        })
}

fn versus() -> impl Strategy<Value = Versus> {
    let share = || 1e-6..10.0_f64;
    let gone = prop_oneof![Just(Gone::Fail), Just(Gone::Warn)];
    let checksum = prop_oneof![Just(ChecksumRule::Match), Just(ChecksumRule::Allow)];
    let rules = (share(), of(share()), gone, checksum, any::<[bool; 3]>());
    let rules = rules.prop_map(|(threshold, fuel, gone, checksum, flags)| Rules {
        threshold,
        fuel,
        gone,
        checksum,
        gates: flags[0],
        counts_only: flags[1],
        baseless: flags[2],
        ..RULES
    });
    let case = (any::<String>(), of(share()), of(0.0..1e15_f64));
    let case = case.prop_map(|(pattern, memory, fuel_max)| CaseRules {
        pattern,
        memory,
        fuel_max,
        ..CaseRules::default()
    });
    let renames = proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3);
    let exceptions =
        (renames, vec(case, 0..3)).prop_map(|(renames, cases)| Exceptions { renames, cases });
    (
        vec(path(), 0..3),
        any::<[String; 2]>(),
        rules,
        exceptions,
        (0..=1000_u32, 0..=1000_u32, any::<bool>()),
    )
        .prop_map(|(paths, names, rules, exceptions, rest)| Versus {
            paths,
            names,
            rules,
            exceptions,
            extension: rest.0,
            confirmation: rest.1,
            remeasure: rest.2,
        })
}

fn request() -> impl Strategy<Value = Request> {
    let filter = (vec(any::<String>(), 0..3), vec(any::<String>(), 0..3));
    let filter = (filter, any::<bool>())
        .prop_map(|((only, exclude), exact)| CaseFilter::new(&only, &exclude).exactly(exact));
    let stage = prop_oneof![Just(Stage::List), Just(Stage::Count), Just(Stage::Time)];
    let time = (1..1_u64 << 53, 1..1_u64 << 53, 0.0..1.0_f64, 1..500_usize);
    let time = time.prop_map(|(sample_ns, budget_ns, precision, min_samples)| Sampling {
        sample_ns,
        budget_ns,
        precision,
        min_samples,
        max_samples: min_samples * 3,
    });
    let limits = vec(of(0..1_u64 << 53), LIMITS.len()).prop_map(|values| {
        let mut limits = Limits::default();
        for (spec, value) in LIMITS.iter().zip(values) {
            limits.set(spec.kind, value.unwrap_or(spec.default));
        }
        limits
    });
    let amounts = (1..=1000_u32, 1..=100_u32, 1..1_u64 << 53, 0..=1000_u32);
    (
        (vec(path(), 1..4), of("[a-z]{1,9}"), filter, stage, amounts),
        (time, limits, grants(), of(path()), of(versus())),
        (any::<[u64; 2]>(), any::<[bool; 3]>()),
    )
        .prop_map(|(what, how, (seeds, flags))| Request {
            format: Format,
            paths: what.0,
            name: what.1,
            filter: what.2,
            stage: what.3,
            blocks: what.4.0,
            processes: what.4.1,
            compile_samples: what.4.3,
            count: CountSettings::default(),
            time: how.0,
            limits: how.1,
            budget_ms: what.4.2,
            grants: how.2,
            expected_stdout: how.3,
            expected_status: (seeds[0] % 2 == 0).then_some(seeds[1] as u32),
            seed: seeds[0],
            order_seed: seeds[1],
            strict: flags[0],
            build: flags[1],
            build_all: flags[2],
            versus: how.4,
        })
}

proptest! {
    /// If this fails, what was sent is not what is measured.
    #[test]
    fn a_request_is_the_same_there_and_back(request in request()) {
        let text = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(&Request::parse(&text, "r").unwrap(), &request);
        let pretty = serde_json::to_string_pretty(&request).unwrap();
        prop_assert_eq!(Request::parse(&pretty, "r").unwrap(), request);
    }

    #[test]
    fn no_text_is_a_panic(text in any::<String>()) {
        prop_assert!(Request::parse(&text, "r").is_err());
    }
}

#[test]
fn the_committed_schema_is_that_of_the_request() {
    if std::env::var_os("DYNO_UPDATE_SCHEMA").is_some() {
        std::fs::write(PATH, format!("{:#}\n", schema())).unwrap();
    } else {
        let committed: Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(
            committed == schema(),
            "the request changed: DYNO_UPDATE_SCHEMA=1 cargo test -p dyno-session schema, and think of FORMAT"
        );
    }
}

/// If this fails, a tool that goes by the schema writes what is refused, or the other way round.
#[test]
fn schema_and_reader_agree_on_every_field() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let good = document();
    assert!(validator.is_valid(&good) && parse(&good).is_ok());
    let mut open = vec![String::new()];
    let mut tried = 0;
    while let Some(at) = open.pop() {
        match good.pointer(&at).unwrap() {
            Value::Array(list) => open.extend((0..list.len()).map(|i| format!("{at}/{i}"))),
            Value::Object(fields) => {
                open.extend(fields.keys().map(|key| format!("{at}/{key}")));
                // Names of cases are any.
                if at != "/versus/exceptions/renames" {
                    let mut more = good.clone();
                    more.pointer_mut(&at).unwrap()["surprise"] = 1.into();
                    assert!(!validator.is_valid(&more), "an extra field in {at:?}");
                    assert!(parse(&more).is_err(), "an extra field in {at:?}");
                }
                for key in fields.keys() {
                    let mut less = good.clone();
                    let place = less.pointer_mut(&at).unwrap().as_object_mut().unwrap();
                    place.remove(key);
                    let is_valid = validator.is_valid(&less);
                    assert_eq!(is_valid, parse(&less).is_ok(), "no {key} in {at:?}");
                    tried += 1;
                }
            }
            _ => {}
        }
        for wrong in [
            json!([]),
            json!({}),
            json!(-1),
            json!("\u{1b}"),
            json!(null),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(&at).unwrap() = wrong.clone();
            // The reader knows more, such as which numbers cannot be meant.
            let is_read = parse(&bad).is_ok();
            assert!(!is_read || validator.is_valid(&bad), "{wrong} at {at:?}");
        }
    }
    assert!(tried > 50, "only {tried} fields were tried");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
    let is = |text: &str| Request::parse(text, "r.json").unwrap_err().to_string();
    for text in ["{}", "[]", "1", "{\"request\": \"1\"}", "{\"request\": -1}"] {
        assert!(is(text).starts_with("r.json is not a request"), "{text}");
    }
    assert_eq!(
        is("{\"request\": 2, \"colour\": 1}"),
        "r.json is a request of format 2, and this version of dyno reads format 1: update dyno, or print the request with this version"
    );
    assert!(is("{\"request\": 0}").ends_with("there is no format 0"));
    assert!(is("{\n \"request\": x").starts_with("r.json:2:13: expected value"));
    let unknown = refusal("/bloks", json!(1));
    assert!(
        unknown.ends_with("unknown field `bloks`: did you mean `blocks`?"),
        "{unknown}"
    );
    let stage = refusal("/stage", json!("tim"));
    assert!(
        stage.ends_with("unknown variant `tim`: did you mean `time`?"),
        "{stage}"
    );
    let shared = refusal("/versus/rules/colour", json!(1));
    assert_eq!(shared, "r.json: unknown field `versus.rules.colour`");
    let list = refusal("/time", json!([1, 1, 0.1, 1, 1]));
    assert_eq!(list, "r.json: `time` must be an object");
}

#[test]
fn what_no_command_line_could_say_is_refused() {
    for (at, wrong, reason) in [
        ("/paths", json!([]), "`paths` is empty"),
        ("/paths/0", json!(""), "`paths` holds an empty path"),
        ("/name", json!("a\nb"), "`name`: "),
        ("/blocks", json!(0), "`blocks` is 0, and must be 1 to 1000"),
        ("/processes", json!(101), "`processes` is 101"),
        ("/time/sample_ns", json!(0), "`time.sample_ns` is 0"),
        (
            "/time/samples_min",
            json!(20_000),
            "`time.samples_min` is 20000",
        ),
        ("/time/samples_max", json!(1_000_000), "`time.samples_max`"),
        ("/time/precision", json!(2.0), "`time.precision` is 2"),
        ("/count/stability", json!(-1.0), "`count.stability` is -1"),
        (
            "/limits/fuel",
            json!(u64::MAX),
            "`limits.fuel` is 18446744073709551615",
        ),
        ("/budget_ms", json!(0), "`budget_ms` is 0"),
        (
            "/grants/dirs/0/host",
            json!(""),
            "`grants.dirs` holds an empty path",
        ),
        (
            "/versus/paths/0",
            json!(""),
            "`versus.paths` holds an empty path",
        ),
        (
            "/versus/confirmation",
            json!(100_000),
            "`versus.confirmation`",
        ),
        (
            "/versus/rules/confidence",
            json!(0.0),
            "`versus.rules.confidence` is 0",
        ),
        (
            "/versus/rules/threshold",
            json!(0.0),
            "a share must be above 0",
        ),
        (
            "/versus/exceptions/cases/0/fuel",
            json!(11.0),
            "`versus.exceptions.cases` is 11",
        ),
    ] {
        let said = refusal(at, wrong);
        assert!(
            said.starts_with(&format!("r.json: {reason}")) || said.contains(reason),
            "{at}: {said}"
        );
    }
}

/// If this fails, a request with the value of a variable in it is taken, or its refusal repeats the
/// value.
#[test]
fn a_value_of_a_variable_is_refused_and_not_repeated() {
    for (at, wrong) in [
        ("/grants/env", json!(["TOKEN=hunter2"])),
        ("/grants/env", json!([["TOKEN", "hunter2"]])),
        ("/grants/env", json!({ "TOKEN": "hunter2" })),
        ("/grants/env", json!("hunter2")),
        ("/grants", json!("hunter2")),
        ("/blocks", json!("hunter2")),
    ] {
        let said = refusal(at, wrong);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

/// If this fails, a request that names a few limits has none for the rest.
#[test]
fn limits_that_are_not_named_have_their_defaults() {
    let mut document = document();
    document["limits"] = json!({ "fuel": 5 });
    let mut limits = Limits::default();
    limits.set(dyno_model::LimitKind::Fuel, 5);
    assert_eq!(parse(&document).unwrap().limits, limits);
    assert_eq!(limits.values().len(), LIMITS.len());
}
