//! The credentials that `podman login` and `docker login` left for a registry, where these programs
//! look and in podman's order:
//!
//! 1. the file that `REGISTRY_AUTH_FILE` names, and then no other
//! 2. `containers/auth.json` in the user's runtime directory, then in the one for configuration
//! 3. Docker's `config.json`
//!
//! In a file a helper for the registry comes first, then the entries for the repository, for what
//! is above it, and for the registry, then the store of all credentials.
//!
//! Source: containers-auth.json(5), and `pkg/docker/config` of containers/image.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use serde::Deserialize;
use serde_json::{Value, json};

use dyno_files::checkout::open_regular;
use dyno_model::quoted::{quoted, quoted_path};
use dyno_plugin::reference::is_hub;

/// It lists registries; a usual one has some KiB.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// What helpers say if they have none: the text that Docker itself looks for
/// (docker-credential-helpers, credentials/error.go).
const HELPER_HAS_NONE: &str = "credentials not found in native keychain";
/// What Docker calls its own registry where it keeps credentials.
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The credentials for a repository, if there are any. Asks a helper, which may take its time.
/// `file` is in place of those where they usually are.
///
/// # Errors
/// If there is a file or helper, but it makes no sense: in one phrase, without secrets.
pub(super) fn find(
    file: Option<&Path>,
    registry: &str,
    repository: &str,
) -> Result<Option<DockerCredential>, String> {
    let named = env::var_os("REGISTRY_AUTH_FILE").filter(|it| !it.is_empty());
    let files = match (file, named) {
        (Some(file), _) => vec![file.to_owned()],
        (None, Some(named)) => {
            let path = PathBuf::from(named);
            let found = AuthFile::read(&path)?.ok_or_else(|| {
                let path = quoted_path(&path);
                format!("REGISTRY_AUTH_FILE names {path}, which is not there")
            })?;
            return found.find(registry, repository);
        }
        (None, None) => usual_files(),
    };
    for path in files {
        if let Some(file) = AuthFile::read(&path)?
            && let Some(credential) = file.find(registry, repository)?
        {
            return Ok(Some(credential));
        }
    }
    Ok(None)
}

/// Where podman and Docker have it.
fn usual_files() -> Vec<PathBuf> {
    let dir = |name: &str| {
        env::var_os(name)
            .filter(|it| !it.is_empty())
            .map(PathBuf::from)
    };
    let home = |name: &str| env::home_dir().map(|home| home.join(name));
    let runtime = dir("XDG_RUNTIME_DIR").map(|it| it.join("containers"));
    let uid = nix::unistd::getuid();
    let runtime = runtime.unwrap_or_else(|| format!("/run/containers/{uid}").into());
    let config = dir("XDG_CONFIG_HOME").or_else(|| home(".config"));
    let docker = dir("DOCKER_CONFIG").or_else(|| home(".docker"));
    let files = [
        Some(runtime.join("auth.json")),
        config.map(|it| it.join("containers/auth.json")),
        docker.map(|it| it.join("config.json")),
    ];
    files.into_iter().flatten().collect()
}

/// A file of credentials.
struct AuthFile {
    path: PathBuf,
    config: AuthConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthConfig {
    #[serde(default)]
    auths: BTreeMap<String, Value>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: String,
}

impl AuthFile {
    fn read(path: &Path) -> Result<Option<Self>, String> {
        let shown = quoted_path(path);
        let file = match open_regular(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{shown}: {error}")),
        };
        let mut bytes = Vec::new();
        let read = file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes);
        read.map_err(|error| format!("{shown}: {error}"))?;
        if bytes.len() as u64 > CONFIG_BYTES_MAX {
            return Err(format!("{shown} has more than {CONFIG_BYTES_MAX} bytes"));
        }
        // Not what is wrong with it: that may quote a secret.
        let config = serde_json::from_slice(&bytes)
            .map_err(|_| format!("{shown} is no file of credentials, as Docker and podman have"))?;
        let path = path.to_owned();
        Ok(Some(Self { path, config }))
    }

    fn find(&self, registry: &str, repository: &str) -> Result<Option<DockerCredential>, String> {
        let AuthConfig {
            cred_helpers,
            creds_store,
            ..
        } = &self.config;
        let (registry, hub) = match is_hub(registry) {
            true => ("docker.io", Some(HUB_KEY)),
            false => (registry, None),
        };
        for key in [Some(registry), hub].into_iter().flatten() {
            if let Some(helper) = cred_helpers.get(key) {
                return self.decoded(&json!({"credHelpers": {key: helper}}), key);
            }
        }
        if let Some(entry) = self.entry(registry, repository) {
            return self.decoded(&json!({"auths": {registry: entry}}), registry);
        }
        match creds_store.as_str() {
            "" => Ok(None),
            store => self.decoded(&json!({"credsStore": store}), hub.unwrap_or(registry)),
        }
    }

    /// The entry that is most about a repository. Docker leaves empty ones for what a store has.
    fn entry(&self, registry: &str, repository: &str) -> Option<&Value> {
        let has = |entry: &Value, name: &str| entry[name].as_str().is_some_and(|it| !it.is_empty());
        let is_one = |entry: &&Value| {
            let names = ["auth", "identitytoken", "username"];
            names.iter().any(|name| has(entry, name))
        };
        let whole = format!("{registry}/{repository}");
        let above = whole.match_indices('/').map(|(at, _)| at).rev();
        let mut keys = [whole.len()].into_iter().chain(above);
        let auths = &self.config.auths;
        let exact = keys.find_map(|end| auths.get(&whole[..end]).filter(is_one));
        exact.or_else(|| {
            let mut all = auths.iter();
            let is_it = |(key, entry): &(&String, &Value)| is_host(key, registry) && is_one(entry);
            all.find(is_it).map(|(_, entry)| entry)
        })
    }

    /// What the library makes of one entry or helper.
    fn decoded(&self, config: &Value, key: &str) -> Result<Option<DockerCredential>, String> {
        use CredentialRetrievalError as Error;
        let shown = quoted_path(&self.path);
        match get_credential_from_reader(config.to_string().as_bytes(), key) {
            Ok(credential) => Ok(Some(credential)),
            Err(Error::NoCredentialConfigured) => Ok(None),
            Err(Error::HelperFailure { stdout, .. }) if stdout.trim() == HELPER_HAS_NONE => {
                Ok(None)
            }
            // Not its standard output, which is where secrets go.
            Err(Error::HelperFailure { helper, stderr, .. }) => Err(format!(
                "`{}` failed: {}",
                quoted(&helper),
                quoted(stderr.trim())
            )),
            Err(error) => Err(format!("{shown}: {error}")),
        }
    }
}

/// Whether a key of a file means a registry and all that is in it: as a URL, such as older versions
/// of Docker wrote, or by another name of Docker Hub.
fn is_host(key: &str, registry: &str) -> bool {
    let schemes = ["https://", "http://"];
    let url = schemes.iter().find_map(|scheme| key.strip_prefix(scheme));
    let host = url.map_or(key, |rest| rest.split('/').next().unwrap_or(rest));
    host == registry || is_hub(host) && is_hub(registry)
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
