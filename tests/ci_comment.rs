//! `ci/upsert-comment`, which the GitHub Action calls, against a server that is no GitHub.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::fake_github::{BOT, FakeGitHub};
use super::support::{Bench, Said, finish, repository};

const MARKER: &str = "<!-- dyno-report -->";

/// `ci/upsert-comment` with the environment of a job, on pull request 7 of acme/plugins.
struct Job {
    bench: Bench,
    server: FakeGitHub,
}

const TOKEN: &str = "ghs_0123456789abcdefTOKEN";

impl Job {
    fn new() -> Self {
        Self {
            bench: Bench::new(),
            server: FakeGitHub::start(),
        }
    }

    fn summary(&self) -> PathBuf {
        self.bench.path("summary.md")
    }

    fn command(&self, flags: &[&str], body: &str) -> Command {
        let file = self.bench.write("report.md", body);
        let mut command = Command::new(repository().join("ci/upsert-comment"));
        self.bench.place(&mut command);
        command
            .env("GITHUB_API_URL", &self.server.url)
            .env("GITHUB_REPOSITORY", "acme/plugins")
            .env("GITHUB_REF", "refs/pull/7/merge")
            .env("GITHUB_TOKEN", TOKEN)
            .env("GITHUB_STEP_SUMMARY", self.summary())
            .args(flags)
            .arg(file);
        command
    }

    fn upsert(&self, text: &str) -> Said {
        let said = finish(self.command(&[], &format!("{MARKER}\n{text}\n")));
        assert!(
            !said.stdout.contains(TOKEN) && !said.stderr.contains(TOKEN),
            "{said}"
        );
        said
    }
}

/// If this fails, every push adds a comment, or one of somebody else is overwritten.
#[test]
fn there_is_one_comment_and_those_of_others_stay_as_they_are() {
    let job = Job::new();
    let others = {
        let mut state = job.server.state();
        vec![
            state.comment("somebody", &format!("{MARKER}\nmy own idea of a report")),
            state.comment(BOT, &format!("quoting:\n{MARKER}\n")),
            state.comment(BOT, "of another job"),
            state.comment("somebody", "nice"),
            state.comment("somebody", ""),
        ]
    };
    job.upsert("first \"quoted\" \\ and `ticks` $HOME\n| a | b |")
        .exits(0)
        .says("#issuecomment-6");
    job.server.state().comment("somebody", "thanks");
    job.upsert("second").exits(0).says("#issuecomment-6");

    let state = job.server.state();
    assert_eq!(state.comments[..5], others);
    assert_eq!(state.comments.len(), 7);
    assert_eq!(state.comments[5]["body"], format!("{MARKER}\nsecond\n"));
    let written: Vec<_> = state
        .asked
        .iter()
        .filter(|(method, _)| method != "GET")
        .collect();
    let methods: Vec<_> = written.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["POST", "PATCH"]);
    let token = format!("Bearer {TOKEN}");
    assert!(state.authorizations.iter().all(|sent| *sent == token));
    assert!(!job.summary().exists());
}

/// If this fails, the comment is not what the report says.
#[test]
fn the_comment_is_the_file_and_a_link_where_there_is_room() {
    let job = Job::new();
    let text = "\"quoted\" \\ `ticks` $HOME ${{ x }} \u{e9}\u{1f600}\n\n| a | b |\t";
    let with_link = |body: &str| {
        let flags = ["--link", "https://github.example/artifact/1"];
        finish(job.command(&flags, body)).exits(0);
        job.server.state().comments[0]["body"].clone()
    };
    let body = format!("{MARKER}\n{text}\n");
    let link = "\n[The whole report](https://github.example/artifact/1)\n";
    assert_eq!(with_link(&body), format!("{body}{link}"));
    let full = format!("{MARKER}\n{}", "\u{e9}".repeat(65_536 - MARKER.len() - 1));
    assert_eq!(with_link(&full), full);
}

/// If this fails, every pull request from a fork fails, or its result is nowhere to be seen.
#[test]
fn a_token_that_may_only_read_leaves_the_report_in_the_summary() {
    let job = Job::new();
    job.server.state().refusal = Some(403);
    let said = job.upsert("of a fork").exits(0);
    let reason = "status 403: Resource not accessible by integration";
    assert!(said.stderr.contains(reason), "{said}");
    let summary = || fs::read_to_string(job.summary()).unwrap();
    assert_eq!(summary(), format!("{MARKER}\nof a fork\n"));
    // Neither is a push a pull request, nor is there always a token.
    for (name, value) in [("GITHUB_REF", "refs/heads/main"), ("GITHUB_TOKEN", "")] {
        fs::remove_file(job.summary()).unwrap();
        let mut command = job.command(&[], &format!("{MARKER}\nnot commented\n"));
        command.env(name, value);
        finish(command).exits(0);
        assert!(summary().contains("not commented"));
    }
    assert!(job.server.state().comments.is_empty());
}

/// If this fails, a server that is down or a wrong token looks like a comment that was written.
#[test]
fn what_the_server_does_not_do_is_an_error_and_in_the_summary() {
    let job = Job::new();
    job.server.state().refusal = Some(422);
    job.upsert("x")
        .exits(1)
        .complains("the comment could not be written");
    assert!(job.summary().exists());
    // Without the marker it would be a new comment at every push.
    finish(job.command(&[], "## Dyno\n"))
        .exits(2)
        .complains("does not begin with");
}

/// If this fails, a report of a fork is a comment on another pull request, or stands beside commits
/// that it knows nothing of.
#[test]
fn after_workflow_run_the_pull_request_is_found_by_its_head() {
    let job = Job::new();
    // The second is a fork's branch of the same name, the third one of the first's own.
    job.server.state().pulls = vec![
        ("somebody%3Aa%2Fb", "0123", 7),
        ("other%3Aa%2Fb", "0123", 8),
        ("somebody%3Aa%2Fb", "4567", 9),
    ];
    let about = |head: &str, sha: &str| {
        let mut command = job.command(&[], &format!("{MARKER}\nof {head}\n"));
        command.env("GITHUB_REF", "refs/heads/main");
        command.env("PULL_HEAD", head).env("PULL_HEAD_SHA", sha);
        finish(command).exits(0)
    };
    about("somebody:a/b", "0123").says("#issuecomment-1");
    let written = job.server.state().comments.clone();
    assert_eq!(written[0]["body"], format!("{MARKER}\nof somebody:a/b\n"));
    for (head, sha) in [
        ("somebody:a/b", "89ab"),
        ("nobody:a/b", "0123"),
        ("x&y:z", "0123"),
    ] {
        let said = about(head, sha);
        assert!(
            said.stderr.contains("is not open, or has newer commits"),
            "{said}"
        );
    }
    assert_eq!(job.server.state().comments, written);
}

/// If this fails, what an artifact holds in the place of a report is read from elsewhere.
#[test]
fn a_report_is_a_file() {
    let job = Job::new();
    let mut command = job.command(&[], &format!("{MARKER}\nx\n"));
    let report = job.bench.path("report.md");
    fs::rename(&report, job.bench.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &report).unwrap();
    command.env("GITHUB_TOKEN", TOKEN);
    finish(command).exits(2).complains("is no file");
}
