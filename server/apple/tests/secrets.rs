//! The token and the notification secret are seen in requests and nowhere else: not in logs, not in
//! faults, not in anything printed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

mod support;

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use apple::{
    AdamId, Apple, AssetFilter, ClientConfigChange, EventId, Holders, MetadataPlatform, NotificationTarget,
    Reader, SecretString, Serial, ServerToken, TokenFile,
};
use serde_json::json;
use support::{Scripted, TOKEN, Turn, client_config};
use tracing_subscriber::fmt::MakeWriter;

const NOTIFICATION_SECRET: &str = "SUp3rS3Cr3t";

/// Everything that was logged or printed.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<u8>>>);

impl Record {
    fn add(&self, value: impl Debug) {
        self.0
            .lock()
            .expect("no panic")
            .extend(format!("{value:?} {value:#?}\n").into_bytes());
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

impl io::Write for Record {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Record {
    type Writer = Record;

    fn make_writer(&'a self) -> Record {
        self.clone()
    }
}

fn subscription() -> ClientConfigChange {
    let target = NotificationTarget {
        url: "https://a.example/n".into(),
        auth_token: SecretString::from(NOTIFICATION_SECRET),
    };
    ClientConfigChange {
        notification: Some(target),
        ..Default::default()
    }
}

#[tokio::test]
async fn no_secret_is_logged_or_printed() {
    let record = Record::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(record.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let echo = json!({"errorNumber": 9622, "errorMessage": format!("The token {TOKEN} is none.")});
    let script = Scripted::start([
        Turn::ok(client_config()),
        Turn::ok(client_config()),
        Turn::json(200, echo.clone()),
        Turn::json(401, echo),
        Turn::Say(500, Vec::new(), TOKEN.to_owned()),
        Turn::Say(500, Vec::new(), TOKEN.to_owned()),
        Turn::Say(500, Vec::new(), TOKEN.to_owned()),
        Turn::Say(200, Vec::new(), format!("{{\"eventId\":{TOKEN}")),
        Turn::BreakInBody,
        Turn::ok(json!({"results": TOKEN})),
    ])
    .await;
    let settings = script.settings();
    record.add(&settings);
    let apple = Apple::new(settings).expect("good settings");
    let token = ServerToken::from_sealed(TOKEN.to_owned());
    record.add(&token);
    let location = apple.location(token, "location");
    record.add((&apple, &location));

    let config = location.client_config().await.expect("an answer");
    record.add(&config);
    let change = subscription();
    record.add(&change);
    record.add(location.set_client_config(&change).await);

    let holders = Holders::devices(vec![Serial::new("S").expect("a serial")]);
    let mut walk = location.assets(&AssetFilter::default());
    record.add(&walk);
    record.add(walk.next().await);
    record.add(location.client_config().await);
    record.add(
        location
            .client_config()
            .await
            .map_err(|fault| (fault.to_string(), fault)),
    );
    record.add(location.revoke(&holders).await);
    record.add(location.revoke(&holders).await);
    let id = AdamId::new("1").expect("digits");
    record.add(
        location
            .metadata(Reader::Owner, &id, &MetadataPlatform::VolumeStore, "us", "en")
            .await,
    );
    record.add(
        apple
            .location(ServerToken::from_sealed(format!("{TOKEN}\u{1}")), "x")
            .client_config()
            .await,
    );

    assert_eq!(script.seen().len(), 10, "the whole script was played");
    let text = record.text();
    assert!(text.contains("trying again"), "the log was recorded");
    assert!(text.contains("(redacted) is none"), "Apple's echo was recorded");
    assert!(!text.contains(TOKEN));
    assert!(!text.contains(NOTIFICATION_SECRET));
}

#[tokio::test]
async fn no_message_of_apple_repeats_a_secret_or_goes_on_without_end() {
    let unreachable = format!("Nobody at https://a.example/n takes\n{NOTIFICATION_SECRET} from {TOKEN}.");
    let failures =
        json!([{"errorNumber": 9603, "errorMessage": format!("{TOKEN}\u{1b}[2J{}", "x".repeat(9000))}]);
    let script = Scripted::start([
        Turn::json(400, json!({"errorNumber": 9728, "errorMessage": unreachable})),
        Turn::ok(json!({"eventStatus": "FAILED", "failures": failures})),
    ])
    .await;
    let location = script.location();
    let change = subscription();
    let fault = location.set_client_config(&change).await.expect_err("refused");
    assert_eq!(
        fault.message,
        "Nobody at https://a.example/n takes (redacted) from (redacted)."
    );
    let event = EventId::new("e").expect("an id");
    let status = location.event_status(&event).await.expect("an answer").body;
    let message = &status.failures[0].message;
    assert!(message.starts_with("(redacted) [2Jxxx"), "{message}");
    assert_eq!(message.chars().count(), 500);
}

#[test]
fn no_secret_of_a_token_file_is_printed() {
    let text = "eyJ0b2tlbiI6ImlubmVyLXNlY3JldCIsImV4cERhdGUiOiIyMDMxLTAxLTE1VDEwOjIwOjMwWiIsIm9yZ05hbWUiOiJPcmcifQ==";
    let file = TokenFile::parse(text).expect("a token file");
    let printed = format!("{file:?} {file:#?} {:?}", file.server_token);
    assert!(printed.contains("redacted") && printed.contains("Org"));
    assert!(!printed.contains(text) && !printed.contains("inner-secret"));
    assert_eq!(file.server_token.expose_for_sealing(), text);
}
