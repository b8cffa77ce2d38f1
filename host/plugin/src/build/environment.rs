//! What build commands see of Dyno's environment: everything but what is Dyno's own, what is a
//! secret by its name, and the files by which a step of a CI job changes the steps after it.

use std::ffi::OsString;

/// The passphrase of the signing key: of what is Dyno's own the one that no flag passes on.
pub const PASSPHRASE_VARIABLE: &str = "DYNO_KEY_PASSPHRASE";

/// What is Dyno's own; and the tokens and addresses of a GitHub job's caches, artifacts and
/// identity.
const STARTS: [&str; 2] = ["DYNO_", "ACTIONS_"];

/// What secrets are called: the list by which Buildkite redacts its logs
/// (<https://buildkite.com/docs/agent/self-hosted/configure#redacted-vars>), and what it lacks.
const ENDS: [&str; 14] = [
    "_PASSWORD",
    "_SECRET",
    "_TOKEN",
    "_PRIVATE_KEY",
    "_ACCESS_KEY",
    "_SECRET_KEY",
    "_CONNECTION_STRING",
    "_PASSPHRASE",
    "_API_KEY",
    "_SIGNING_KEY",
    "_CREDENTIALS",
    "_TOKEN_FILE",
    "_AUTH",
    ":_AUTHTOKEN",
];

/// Secrets with other names, credentials of registries and where they lie, and the command files of
/// CI systems.
const NAMES: [&str; 18] = [
    // GitHub: what a step writes there, later steps take for their environment, their path and
    // their inputs.
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    // GitLab and Azure.
    "CI_JOB_JWT",
    "CI_JOB_JWT_V1",
    "CI_JOB_JWT_V2",
    "CI_REPOSITORY_URL",
    "SYSTEM_ACCESSTOKEN",
    // Registries: the credentials themselves, and the files that hold them.
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CONFIG",
    "REGISTRY_AUTH_FILE",
    "NETRC",
    // Plain words.
    "PASSWORD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
];

/// The environment of build commands.
#[derive(Debug)]
pub(super) struct Environment {
    /// What they get.
    pub(super) passed: Vec<(OsString, OsString)>,
    /// Names of what they do not get and that may be missed: not what is Dyno's own.
    pub(super) withheld: Vec<String>,
}

impl Environment {
    /// What of these variables they get; `kept` are names that the user lets them have.
    pub(super) fn of(
        variables: impl Iterator<Item = (OsString, OsString)>,
        kept: &[String],
    ) -> Self {
        let is_passed = |name: &str| !is_secret(name) || kept.iter().any(|kept| kept == name);
        let (passed, withheld): (Vec<_>, Vec<_>) = variables.partition(|(name, _)| {
            let name = name.to_string_lossy();
            is_passed(&name) && name != PASSPHRASE_VARIABLE
        });
        let names = withheld
            .iter()
            .map(|(name, _)| name.to_string_lossy().into_owned());
        let mut withheld: Vec<String> = names.filter(|name| !name.starts_with("DYNO_")).collect();
        withheld.sort();
        Self { passed, withheld }
    }
}

/// Whether a variable is none of a build command's business. Some tools take names in lower case,
/// too.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.contains(&name.as_str())
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a build script takes a secret by asking for it, or a build misses what it
    /// needs.
    #[test]
    fn secrets_are_withheld_and_what_builds_need_is_passed() {
        let secrets = [
            "DYNO_KEY_PASSPHRASE",
            "DYNO_HOME",
            "GITHUB_TOKEN",
            "GH_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_RUNTIME_TOKEN",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRIES_MINE_TOKEN",
            "COSIGN_PASSWORD",
            "SIGSTORE_ID_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "npm_config_//registry.npmjs.org/:_authToken",
            "NPM_CONFIG__AUTH",
            "GITHUB_ENV",
            "GITHUB_PATH",
            "DOCKER_AUTH_CONFIG",
        ];
        let needed = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "GITHUB_SHA",
            "SSH_AUTH_SOCK",
            "https_proxy",
        ];
        let all = || {
            secrets
                .into_iter()
                .chain(needed)
                .map(|name| (name.into(), "x".into()))
        };
        let names = |environment: &Environment| -> Vec<String> {
            let passed = environment.passed.iter();
            passed
                .map(|(name, _)| name.to_string_lossy().into_owned())
                .collect()
        };
        let environment = Environment::of(all(), &[]);
        assert_eq!(names(&environment), needed);
        assert_eq!(environment.withheld.len(), secrets.len() - 2);
        let kept = ["GITHUB_TOKEN", PASSPHRASE_VARIABLE].map(String::from);
        let environment = Environment::of(all(), &kept);
        assert_eq!(names(&environment)[0], "GITHUB_TOKEN");
        assert_eq!(names(&environment)[1..], needed);
    }
}
