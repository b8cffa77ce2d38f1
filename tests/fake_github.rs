//! As much of GitHub's API as there is to comments on one pull request, for `ci/upsert-comment`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

/// Comments a page: few, so that a handful of them needs several.
const PAGE: usize = 2;

/// Who the token of a job is.
pub(crate) const BOT: &str = "github-actions[bot]";

/// What it holds, and what it was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) comments: Vec<Value>,
    /// Open pull requests: the head as it stands in a query, its newest commit, the number.
    pub(crate) pulls: Vec<(&'static str, &'static str, u64)>,
    /// Method and path.
    pub(crate) asked: Vec<(String, String)>,
    /// The values of `Authorization`.
    pub(crate) authorizations: Vec<String>,
    /// What it answers instead of writing anything.
    pub(crate) refusal: Option<u16>,
}

impl State {
    /// Somebody's comment.
    pub(crate) fn comment(&mut self, author: &str, body: &str) -> Value {
        let id = self.comments.len() + 1;
        let url = format!("https://github.example/pull/7#issuecomment-{id}");
        let comment = json!({"id": id, "user": {"login": author}, "body": body, "html_url": url});
        self.comments.push(comment.clone());
        comment
    }

    fn answer(&mut self, method: &str, target: &str, body: &str) -> (u16, Value) {
        self.asked.push((method.into(), target.into()));
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path == "/repos/acme/plugins/pulls" {
            let wanted = query.split('&').find_map(|pair| pair.strip_prefix("head="));
            let pulls = self
                .pulls
                .iter()
                .filter(|(head, _, _)| Some(*head) == wanted);
            let pulls =
                pulls.map(|(_, sha, number)| json!({"number": number, "head": {"sha": sha}}));
            return (200, pulls.collect());
        }
        let path = path.strip_prefix("/repos/acme/plugins/issues/");
        let said = || serde_json::from_str::<Value>(body).unwrap()["body"].clone();
        match (method, path, self.refusal) {
            ("GET", Some("7/comments"), _) => {
                let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
                let page: usize = page.map_or(1, |page| page.parse().unwrap());
                let shown = self.comments.iter().skip((page - 1) * PAGE).take(PAGE);
                (200, shown.cloned().collect())
            }
            ("POST" | "PATCH", Some(_), Some(status)) => (
                status,
                json!({"message": "Resource not accessible by integration"}),
            ),
            ("POST", Some("7/comments"), None) => {
                (201, self.comment(BOT, said().as_str().unwrap()))
            }
            ("PATCH", Some(path), None) => {
                let id: u64 = path.strip_prefix("comments/").unwrap().parse().unwrap();
                let known = self.comments.iter_mut().find(|it| it["id"] == id);
                known.map_or((404, json!({})), |comment| {
                    comment["body"] = said();
                    (200, comment.clone())
                })
            }
            _ => (404, json!({"message": "Not Found"})),
        }
    }
}

/// A server that lives as long as the test binary.
pub(crate) struct FakeGitHub {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl FakeGitHub {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), &shared);
            }
        });
        Self { url, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer; the connection is not kept.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let header = |name: &str| {
        let found = lines
            .iter()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let mut found = found.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    };
    if header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
    }
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();

    let mut words = lines[0].split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (status, answer) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.authorizations.extend(header("authorization"));
        state.answer(method, target, &String::from_utf8(body).unwrap())
    };
    let answer = answer.to_string();
    let length = answer.len();
    let head =
        format!("HTTP/1.1 {status} \r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream
        .write_all(format!("{head}{answer}").as_bytes())
        .unwrap();
}
