//! Requests whose body stops half-way.

use std::time::Duration;

use sandbox::{Sandbox, SandboxSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends the head of a request and one byte of its body; what is answered until the connection is closed.
async fn answer_to_half(sandbox: &Sandbox, path: &str, kind: &str, head: &str) -> String {
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 99\r\n{head}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .expect("an answer")
        .unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_stops_half_way_is_not_waited_for_without_end() {
    let sandbox = Sandbox::start(SandboxSettings {
        body_patience: Duration::from_millis(20),
        ..SandboxSettings::default()
    })
    .await
    .unwrap();
    let control = sandbox.control();
    let token = control.issue_token(&control.locations()[0].uid).unwrap();
    let authorization = format!("Authorization: Bearer {token}\r\n");
    let form = "application/x-www-form-urlencoded";
    let invitation = "/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount?inviteCode=x";
    for (path, kind, head, said) in [
        (
            "/mdm/v2/assets/associate",
            "application/json",
            &*authorization,
            "9602",
        ),
        ("/control/locations", "application/json", "", "not whole in time"),
        (invitation, form, "", ""),
    ] {
        let answer = answer_to_half(&sandbox, path, kind, head).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert!(answer.contains(said), "{path}: {answer}");
    }
    let log = control.requests();
    assert_eq!((log.len(), log[0].outcome.status), (1, Some(408)));
}
