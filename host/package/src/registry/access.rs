//! Gets us into a registry: asks it what it wants, finds the credentials, and fetches a token if it
//! wants one.
//!
//! ```text
//! GET /v2/ ─► not 401: nothing is needed, unless the repository itself answers with a challenge
//!          └► challenge ─► Basic: name and password, to this registry
//!                       └► Bearer: token from the realm it names, if that may have the password
//! ```

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use docker_credential::DockerCredential;
use reqwest::header::WWW_AUTHENTICATE;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use super::challenge::Challenge;
use super::error::{RegistryError, answer};
use super::{credentials, not_html, parsed};
use crate::http::{Authorization, Content, Http, Request, Response, is_loopback};
use dyno_plugin::Reference;

/// The answer of `/v2/`, which is not read, and of a token server: a token has some KiB, bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 10;
/// A token is good for at least 60 s from when it was made (Docker's token authentication,
/// `expires_in`); after this we ask for another.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(45);

/// What we want to do in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// Read.
    Pull,
    /// Read and write.
    Push,
}

/// The way into one repository.
#[derive(Debug)]
pub(super) struct RepositoryAccess {
    base: Url,
    registry: String,
    repository: String,
    auth_file: Option<PathBuf>,
    /// What we were given so far, and when.
    granted: Mutex<HashMap<Action, (Instant, Option<Authorization>)>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    /// The same, for clients that know OAuth alone.
    access_token: Option<String>,
}

impl RepositoryAccess {
    pub(super) fn new(base: Url, reference: &Reference, auth_file: Option<PathBuf>) -> Self {
        Self {
            base,
            registry: reference.registry().into(),
            repository: reference.path().into_owned(),
            auth_file,
            granted: Mutex::default(),
        }
    }

    /// What requests for this action carry; none if the registry lets everybody in.
    pub(super) async fn authorization(
        &self,
        http: &Http,
        action: Action,
    ) -> Result<Option<Authorization>, RegistryError> {
        // Held over the whole exchange, so that two requests at once do not both ask.
        let mut granted = self.granted.lock().await;
        if let Some((since, authorization)) = granted.get(&action)
            && since.elapsed() < TOKEN_AGE_MAX
        {
            return Ok(authorization.clone());
        }
        let asked = Instant::now();
        let authorization = self.ask(http, action).await?;
        granted.insert(action, (asked, authorization.clone()));
        Ok(authorization)
    }

    /// What a request is to carry that the registry has just answered with a challenge; none if it
    /// has not, or if a password was carried: that is not tried twice. Where a request was led
    /// elsewhere, who is there gets no answer.
    pub(super) async fn challenged(
        &self,
        http: &Http,
        action: Action,
        response: &Response,
        has_carried: bool,
    ) -> Result<Option<Authorization>, RegistryError> {
        let is_asked = response.status == StatusCode::UNAUTHORIZED
            && response.url.origin() == self.base.origin()
            && response.header(WWW_AUTHENTICATE.as_str()).is_some();
        if !is_asked {
            return Ok(None);
        }
        let challenge = Challenge::of(response, &self.base).map_err(|why| self.challenge(why))?;
        if has_carried && challenge == Challenge::Basic {
            return Ok(None);
        }
        let mut granted = self.granted.lock().await;
        let asked = Instant::now();
        let authorization = Some(self.answer(http, challenge, action).await?);
        granted.insert(action, (asked, authorization.clone()));
        Ok(authorization)
    }

    /// That the registry, or whom it sends us to, does not let us in.
    pub(super) fn denied(&self, body: &[u8]) -> RegistryError {
        self.denied_as(
            "the credentials that there are do not suffice, or there are none",
            body,
        )
    }

    async fn ask(
        &self,
        http: &Http,
        action: Action,
    ) -> Result<Option<Authorization>, RegistryError> {
        let mut url = self.base.clone();
        url.set_path("/v2/");
        let response = http.get(&url, ANSWER_BYTES_MAX, &[], None).await?;
        not_html(&response)?;
        if response.status != StatusCode::UNAUTHORIZED {
            return Ok(None);
        }
        let challenge = Challenge::of(&response, &self.base).map_err(|why| self.challenge(why))?;
        self.answer(http, challenge, action).await.map(Some)
    }

    /// What answers a challenge.
    async fn answer(
        &self,
        http: &Http,
        challenge: Challenge,
        action: Action,
    ) -> Result<Authorization, RegistryError> {
        if self.is_exposed() {
            let why = "it is spoken to in plain http, over which no credentials are sent to another machine";
            return Err(self.challenge(why.into()));
        }
        match (challenge, self.credential().await?) {
            (Challenge::Basic, Some(DockerCredential::UsernamePassword(user, password))) => {
                self.basic(&user, &password)
            }
            (Challenge::Basic, _) => {
                Err(self.denied_as("it wants a name and a password, and there are none", &[]))
            }
            (Challenge::Bearer { realm, service }, credential) => {
                self.token(http, realm, service, credential, action).await
            }
        }
    }

    /// Whether others can read what is said to the registry.
    fn is_exposed(&self) -> bool {
        let is_here = self.base.host().is_some_and(|host| is_loopback(&host));
        self.base.scheme() == "http" && !is_here
    }

    /// Fetches a token (Docker's token authentication, and its OAuth 2 form for identity tokens).
    async fn token(
        &self,
        http: &Http,
        mut realm: Url,
        service: Option<String>,
        credential: Option<DockerCredential>,
        action: Action,
    ) -> Result<Authorization, RegistryError> {
        let actions = match action {
            Action::Pull => "pull",
            Action::Push => "pull,push",
        };
        let scope = format!("repository:{}:{actions}", self.repository);
        let service = service.as_deref().map(|service| ("service", service));
        let wanted = [("scope", scope.as_str())].into_iter().chain(service);
        let response = match credential {
            Some(DockerCredential::IdentityToken(identity)) => {
                let form = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs([
                        ("grant_type", "refresh_token"),
                        ("refresh_token", &identity),
                        ("client_id", "dyno"),
                    ])
                    .extend_pairs(wanted)
                    .finish();
                let request = Request {
                    method: Method::POST,
                    url: &realm,
                    accept: &[],
                    authorization: None,
                    content: Some((
                        "application/x-www-form-urlencoded",
                        Content::Bytes(form.into()),
                    )),
                };
                http.send(request, ANSWER_BYTES_MAX).await?
            }
            Some(DockerCredential::UsernamePassword(user, password)) => {
                realm.query_pairs_mut().extend_pairs(wanted);
                let basic = self.basic(&user, &password)?;
                http.get(&realm, ANSWER_BYTES_MAX, &[], Some(&basic))
                    .await?
            }
            None => {
                realm.query_pairs_mut().extend_pairs(wanted);
                http.get(&realm, ANSWER_BYTES_MAX, &[], None).await?
            }
        };
        self.bearer(response)
    }

    fn bearer(&self, response: Response) -> Result<Authorization, RegistryError> {
        if response.status.is_client_error() {
            return Err(self.denied(&response.body));
        }
        let response = response.success()?;
        not_html(&response)?;
        let token: Token = parsed(&response, "an answer with a token")?;
        let token = token.token.or(token.access_token).unwrap_or_default();
        Some(token)
            .filter(|token| !token.is_empty())
            .and_then(|token| Authorization::bearer(&token))
            .ok_or_else(|| self.challenge("what came as a token is none".into()))
    }

    async fn credential(&self) -> Result<Option<DockerCredential>, RegistryError> {
        let (file, registry) = (self.auth_file.clone(), self.registry.clone());
        let repository = self.repository.clone();
        let found = tokio::task::spawn_blocking(move || {
            credentials::find(file.as_deref(), &registry, &repository)
        });
        found
            .await
            .unwrap_or_else(|_| Err("the search for them broke off".into()))
            .map_err(|why| RegistryError::Credentials {
                registry: self.registry.clone(),
                why,
            })
    }

    fn basic(&self, user: &str, password: &str) -> Result<Authorization, RegistryError> {
        Authorization::basic(user, password).ok_or_else(|| RegistryError::Credentials {
            registry: self.registry.clone(),
            why: "the user's name holds a colon".into(),
        })
    }

    fn challenge(&self, why: String) -> RegistryError {
        RegistryError::Challenge {
            registry: self.registry.clone(),
            why,
        }
    }

    fn denied_as(&self, how: &'static str, body: &[u8]) -> RegistryError {
        RegistryError::Denied {
            registry: self.registry.clone(),
            repository: self.repository.clone(),
            how,
            answer: answer(body),
        }
    }
}
