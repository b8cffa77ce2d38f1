//! Servers that are busy.

use super::*;

/// A server that is busy so often, says when to come back, and then answers.
fn busy(times: usize, status: &'static str, after: &'static str) -> HostileServer {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    HostileServer::start(move |_| {
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match before < times {
            true => Answer::of(status, &[("retry-after", after)], b"busy"),
            false => Answer::of("200 OK", &[], b"body"),
        }
    })
}

/// A client that waits no longer than this for a busy server.
fn hasty() -> Http {
    let timeouts = Timeouts {
        retry_max: Duration::from_millis(20),
        ..Timeouts::default()
    };
    Http::with(timeouts, PlainHosts::default()).unwrap()
}

#[tokio::test]
async fn a_busy_server_is_asked_again_twice_and_no_longer_waited_for_than_is_sane() {
    let (many, down) = ("429 Too Many Requests", "503 Service Unavailable");
    let century = "Fri, 01 Jan 2100 00:00:00 GMT";
    for (times, status, after) in [
        (1, many, "0"),
        (2, down, "86400"),
        (1, many, century),
        (1, down, "soon"),
    ] {
        let server = busy(times, status, after);
        let response = get(hasty(), &server).await.unwrap();
        assert_eq!(response.body, b"body", "{status} {after}");
        assert_eq!(server.seen().len(), times + 1);
        let server = busy(times, status, after);
        assert_eq!(download(hasty(), &server, b"body").await.unwrap(), b"body");
    }
    let server = busy(9, many, "0");
    let response = get(hasty(), &server).await.unwrap();
    assert_eq!((response.status.as_u16(), server.seen().len()), (429, 3));
    for other in ["500 Internal Server Error", "404 Not Found"] {
        let server = busy(9, other, "0");
        get(hasty(), &server).await.unwrap();
        assert_eq!(server.seen().len(), 1, "{other}");
    }
}

#[tokio::test]
async fn what_might_be_done_twice_is_not_sent_twice_and_what_is_sent_twice_is_whole() {
    for (method, times) in [(Method::POST, 1), (Method::PUT, 3)] {
        let server = busy(2, "429 Too Many Requests", "0");
        let url = url(&server.url("/"));
        let file = tempfile::tempfile().unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"content", 0).unwrap();
        let request = Request {
            method,
            url: &url,
            accept: &[],
            authorization: None,
            content: Some(("a/b", Content::File(file.into(), 0, 7))),
        };
        hasty().send(request, 100).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), times);
        assert!(seen.iter().all(|seen| seen.body == b"content"));
    }
}
