use super::*;
use dyno_fixture as fixture;

fn run(command: &[&str]) -> Run {
    let mut run = fixture::full();
    run.command = command.iter().map(ToString::to_string).collect();
    run.grants = vec!["--own-dir".into(), "--dir=/a b::/data".into()];
    run.limits.clear();
    run.settings.clear();
    run.seed = 0;
    run
}

#[test]
fn a_gate_is_run_again_as_it_was_typed_for_one_case() {
    for (typed, again) in [
        (
            "gate --baseline main a.wat",
            "dyno gate --baseline main a.wat --case=x",
        ),
        (
            "-v gate --case y --baseline=main --case=z --exclude q --exact",
            "dyno -v gate --baseline=main --case=x",
        ),
        (
            "gate --report r --arg --case --fuel 1%",
            "dyno gate --report r --arg --case --fuel 1% --case=x",
        ),
        (
            "gate --baseline main -- --case a",
            "dyno gate --baseline main --case=x -- --case a",
        ),
        (
            "--color never suite run --phase cross",
            "dyno --color never suite run --phase cross",
        ),
        (
            "run --request r.json --no-build",
            "dyno run --request r.json --no-build",
        ),
    ] {
        let typed: Vec<&str> = ["/bin/dyno"].into_iter().chain(typed.split(' ')).collect();
        assert_eq!(rerun(&run(&typed), "x"), again);
    }
    let gate = run(&["dyno", "gate"]);
    assert_eq!(rerun(&gate, "-x"), "dyno gate --case=-x");
    assert_eq!(rerun(&gate, "a[1]'"), r"dyno gate '--case=a[1]'\'''");
}

#[test]
fn a_case_is_run_again_under_its_conditions_and_into_its_report() {
    let typed = [
        "dyno",
        "check",
        "--report",
        "my report",
        "--no-build",
        "--offline",
        "--arg",
        "--no-cache",
        "dir",
        "--",
        "--locked",
    ];
    let run = run(&typed);
    let mut plugin = run.plugins[0].clone();
    (plugin.source, plugin.operand) = ("-a.wat".into(), None);
    assert_eq!(
        reproduce(&run, &plugin, Some("-x")),
        "dyno run --quick ./-a.wat --case=-x --own-dir '--dir=/a b::/data' --report 'my report' --no-build --offline"
    );
}
