//! The credentials that `docker login` left for a registry: in Docker's `config.json`, or with the
//! helper that it names.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};

use crate::quoted::quoted;

/// It lists registries; somebody's has some KiB.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// What helpers say if they have none: the text that Docker itself looks for (docker-credential-helpers,
/// credentials/error.go).
const HELPER_HAS_NONE: &str = "credentials not found in native keychain";

/// The credentials for `host`, if there are any. Asks a helper, which may take its time.
///
/// # Errors
/// If there is a file or helper, but it makes no sense: in one phrase, without secrets.
pub(super) fn find(config: Option<&Path>, host: &str) -> Result<Option<DockerCredential>, String> {
    let Some(path) = config.map(Path::to_path_buf).or_else(usual_config) else {
        return Ok(None);
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", quoted(&path.to_string_lossy()))),
    };
    use CredentialRetrievalError as Error;
    match get_credential_from_reader(file.take(CONFIG_BYTES_MAX), host) {
        Ok(credential) => Ok(Some(credential)),
        Err(Error::NoCredentialConfigured) => Ok(None),
        Err(Error::HelperFailure { stdout, .. }) if stdout.trim() == HELPER_HAS_NONE => Ok(None),
        // Not its standard output, which is where secrets go.
        Err(Error::HelperFailure { helper, stderr, .. }) => Err(format!(
            "`{}` failed: {}",
            quoted(&helper),
            quoted(stderr.trim())
        )),
        Err(Error::ConfigReadError) => Err(format!(
            "{} is not Docker's config.json",
            quoted(&path.to_string_lossy())
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Where Docker has it.
fn usual_config() -> Option<PathBuf> {
    let dir = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let home = || Some(std::env::home_dir()?.join(".docker"));
    Some(dir.or_else(home)?.join("config.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(config: &str) -> Result<Option<DockerCredential>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        std::fs::write(&path, config).unwrap();
        find(Some(&path), "localhost:5000")
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
            find(Some(Path::new("/nonexistent")), "localhost:5000"),
            Ok(None)
        );
    }

    #[test]
    fn what_cannot_be_used_is_an_error_and_not_silently_nobody() {
        assert!(
            found("<html>")
                .unwrap_err()
                .contains("is not Docker's config.json")
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
        let dir = tempfile::tempdir().unwrap();
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
}
