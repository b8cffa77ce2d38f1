//! What is found in files of credentials, and in which of them.

use super::*;

fn found(config: &str) -> Result<Option<DockerCredential>, String> {
    let dir = dyno_files::private_dir::PrivateDir::new().unwrap();
    let path = dir.path().join("config.json");
    std::fs::write(&path, config).unwrap();
    find(Some(&path), "localhost:5000", "a/b")
}

#[test]
fn a_registry_gets_its_own_credentials_and_no_other() {
    // "me:secret"
    let config = r#"{"auths":{"localhost:5000":{"auth":"bWU6c2VjcmV0"}}}"#;
    let mine = DockerCredential::UsernamePassword("me".into(), "secret".into());
    assert_eq!(found(config), Ok(Some(mine)));
    for other in [
        "localhost",
        "localhost:500",
        "localhost:50000",
        "evil.org/localhost:5000",
    ] {
        assert_eq!(
            found(&config.replace("localhost:5000", other)),
            Ok(None),
            "{other}"
        );
    }
    assert_eq!(
        find(Some(Path::new("/nonexistent")), "localhost:5000", "a/b"),
        Ok(None)
    );
}

#[test]
fn what_cannot_be_used_is_an_error_and_not_silently_nobody() {
    assert!(
        found("<html>")
            .unwrap_err()
            .contains("is no file of credentials")
    );
    assert!(found(r#"{"auths":{"localhost:5000":{"auth":"%"}}}"#).is_err());
    let helper = found(r#"{"credsStore":"surely-not-installed"}"#);
    assert!(helper.unwrap_err().contains("credential helper"));
    // Longer than we read.
    let long = " ".repeat(CONFIG_BYTES_MAX as usize) + "{}";
    assert!(found(&long).is_err());
    assert_eq!(found("{}"), Ok(None));
}

/// Set where this runs again, with helpers on the path.
const HELPERS: &str = "DYNO_TEST_HELPERS";

#[test]
fn a_helper_is_asked_and_its_failure_shows_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    if let Some(dir) = std::env::var_os(HELPERS) {
        // Written here, where nothing else starts processes: one of those might still hold a
        // script open for writing when it is to be run.
        let dir = Path::new(&dir);
        for (name, script) in [
            (
                "knows",
                r#"read host; echo "{\"Username\":\"me\",\"Secret\":\"$host\"}""#,
            ),
            (
                "none",
                "read host; echo credentials not found in native keychain; exit 1",
            ),
            (
                "fails",
                "read host; echo hunter2; echo the keychain is locked >&2; exit 1",
            ),
        ] {
            let path = dir.join(format!("docker-credential-{name}"));
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let asked = |helper: &str| found(&format!(r#"{{"credsStore":"{helper}"}}"#));
        let mine = DockerCredential::UsernamePassword("me".into(), "localhost:5000".into());
        assert_eq!(asked("knows"), Ok(Some(mine)));
        assert_eq!(asked("none"), Ok(None));
        let error = asked("fails").unwrap_err();
        assert!(
            error.contains("locked") && !error.contains("hunter2"),
            "{error}"
        );
        return;
    }
    let dir = dyno_files::private_dir::PrivateDir::new().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let test = format!("{module}::a_helper_is_asked_and_its_failure_shows_no_secret");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([&test, "--exact"])
        .env(HELPERS, dir.path())
        .env("PATH", dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// "me:secret", "team:secret" and "other:secret" under these keys.
fn of(keys: &[(&str, &str)]) -> String {
    let entry = |(key, user): &(&str, &str)| {
        let auth = match *user {
            "me" => "bWU6c2VjcmV0",
            "team" => "dGVhbTpzZWNyZXQ=",
            _ => "b3RoZXI6c2VjcmV0",
        };
        format!(r#""{key}":{{"auth":"{auth}"}}"#)
    };
    let entries: Vec<_> = keys.iter().map(entry).collect();
    format!(r#"{{"auths":{{{}}}}}"#, entries.join(","))
}

fn user(config: &str, registry: &str, repository: &str) -> Option<String> {
    let dir = dyno_files::private_dir::PrivateDir::new().unwrap();
    let path = dir.path().join("auth.json");
    std::fs::write(&path, config).unwrap();
    match find(Some(&path), registry, repository).unwrap() {
        Some(DockerCredential::UsernamePassword(user, _)) => Some(user),
        other => other.map(|_| String::new()),
    }
}

#[test]
fn the_entry_that_is_most_about_a_repository_is_taken_and_none_of_its_neighbours() {
    let config = of(&[
        ("quay.io/ns/repo", "me"),
        ("quay.io/ns", "team"),
        ("quay.io", "other"),
    ]);
    let found = |repository: &str| user(&config, "quay.io", repository);
    assert_eq!(found("ns/repo").as_deref(), Some("me"));
    assert_eq!(found("ns/repo/sub").as_deref(), Some("me"));
    assert_eq!(found("ns/repository").as_deref(), Some("team"));
    assert_eq!(found("nsx/repo").as_deref(), Some("other"));
    let config = of(&[("quay.io/ns/repo", "me"), ("quay.io/x", "team")]);
    for (registry, repository) in [
        ("quay.io", "ns"),
        ("quay.io", "ns/other"),
        ("evil.org", "quay.io/ns/repo"),
    ] {
        assert_eq!(
            user(&config, registry, repository),
            None,
            "{registry}/{repository}"
        );
    }
}

#[test]
fn docker_hub_and_urls_are_known_by_their_names() {
    for key in [
        "docker.io",
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io/library/fib",
    ] {
        let config = of(&[(key, "me")]);
        let found = user(&config, "docker.io", "library/fib");
        assert_eq!(found.as_deref(), Some("me"), "{key}");
        assert_eq!(user(&config, "quay.io", "library/fib"), None);
    }
    let config = of(&[("https://quay.io/v2/", "me")]);
    assert_eq!(user(&config, "quay.io", "a").as_deref(), Some("me"));
    // A repository of that name is not the registry.
    let config = of(&[("http://evil.org/quay.io", "me")]);
    assert_eq!(user(&config, "quay.io", "a"), None);
}

#[test]
fn a_pipe_in_the_place_of_a_file_holds_nobody() {
    let dir = dyno_files::private_dir::PrivateDir::new().unwrap();
    let path = dir.path().join("auth.json");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(find(Some(&path), "quay.io", "a").is_err());
}
