//! Events that were not done when the world was saved.

use super::file;
use crate::harness::{Bench, small, until};
use sandbox::{Control, Faults, Organisation, Sandbox, SandboxSettings};
use serde_json::{Value, json};

/// The serial numbers of all assignments to devices.
fn devices(control: &Control, uid: &str) -> Vec<String> {
    let rows = control.state(uid).unwrap().assignments.into_iter();
    rows.filter_map(|row| row.serial_number)
        .map(|serial| serial.to_string())
        .collect()
}

#[tokio::test]
async fn what_was_pending_is_done_when_the_restored_sandbox_answers() {
    let bench = Bench::with_faults(Faults {
        event_latency_ms: 3_600_000,
        ..Faults::default()
    })
    .await;
    let path = file("pending");
    let create = json!({ "users": [{ "clientUserId": "late", "email": "late@example.org" }] });
    let give = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(3) });
    let take = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(1) });
    let mut events = Vec::new();
    for (path, body) in [
        ("users/create", create),
        ("assets/associate", give),
        ("assets/disassociate", take),
        ("assets/revoke", json!({ "serialNumbers": [bench.serials(2)[1]] })),
    ] {
        events.push(bench.post(path, body).await.json["eventId"].clone());
    }
    let control = bench.sandbox.control();
    // Also after the shutdown, when nobody changes anything any more.
    let (uid, token, client) = (bench.uid.clone(), bench.token.clone(), bench.client.clone());
    bench.sandbox.shutdown().await;
    control.save(&path).unwrap();
    assert!(devices(&control, &uid).is_empty());
    let settings = SandboxSettings {
        saved: Some(path),
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    let bench = Bench {
        sandbox,
        uid,
        token,
        client,
    };
    let control = bench.sandbox.control();
    assert_eq!(devices(&control, &bench.uid), bench.serials(3)[2..]);
    let users = control.users(&bench.uid).unwrap();
    assert!(users.iter().any(|user| &*user.client_user_id == "late"));
    for event in events {
        let path = format!("status?eventId={}", event.as_str().unwrap());
        let status = bench.get(&path).await.json;
        assert_eq!(status["eventStatus"], "COMPLETE");
        assert_eq!(status["numCompleted"], status["numRequested"]);
    }
}

#[tokio::test]
async fn an_event_that_was_half_done_is_completed() {
    let bench = Bench::with(Organisation {
        spare: Some(1000),
        ..small()
    })
    .await;
    let path = file("half-done");
    let serials: Vec<String> = (0..1000).map(|n| sandbox::serial_number(1, n)).collect();
    let assets: Vec<Value> = (0..6).map(|index| bench.asset(index)).collect();
    let body = json!({ "assets": assets, "serialNumbers": serials });
    let accepted = bench.post("assets/associate", body).await.json;
    let event = accepted["eventId"].as_str().unwrap();
    let query = format!("status?eventId={event}");
    until(|| async {
        let done = bench.get(&query).await.json["numCompleted"].as_u64();
        done.filter(|done| *done > 0)
    })
    .await;
    bench.sandbox.control().save(&path).unwrap();
    let restored = bench.restored(&path).await;
    let status = restored.get(&query).await.json;
    assert_eq!(
        (&status["eventStatus"], &status["numCompleted"]),
        (&json!("COMPLETE"), &json!(6000))
    );
    assert_eq!(devices(&restored.sandbox.control(), &bench.uid).len(), 6000);
}
