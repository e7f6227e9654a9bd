use std::collections::HashSet;

use crate::harness::{Bench, Receiver, small};
use axum::http::StatusCode;
use sandbox::{ControlError, Faults, Organisation, Purchase, Timing};
use serde_json::{Value, json};

async fn subscribed() -> (Bench, Receiver) {
    let bench = Bench::with(Organisation {
        devices: 300,
        spare: Some(220),
        ..small()
    })
    .await;
    let receiver = Receiver::start().await;
    assert_eq!(bench.subscribe(&receiver).await.status, 200);
    (bench, receiver)
}

fn serials(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("SERIAL{number:04}")).collect()
}

#[tokio::test]
async fn an_event_is_told_in_notifications_of_at_most_a_hundred_assignments() {
    let (bench, receiver) = subscribed().await;
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": serials(230) });
    let status = bench.run("assets/associate", body).await;
    assert_eq!(status["numCompleted"], 220);
    let got = receiver.wait_for("ASSET_MANAGEMENT", 4).await;
    let sizes = |result: &str| -> Vec<usize> {
        let of = got.iter().filter(|n| n["notification"]["result"] == result);
        of.map(|n| n["notification"]["assignments"].as_array().unwrap().len())
            .collect()
    };
    assert_eq!(sizes("SUCCESS"), [100, 100, 20]);
    assert_eq!(sizes("FAILURE"), [10]);
    let failed = got
        .iter()
        .find(|n| n["notification"]["result"] == "FAILURE")
        .unwrap();
    assert_eq!(failed["notification"]["error"]["errorNumber"], 9709);
    assert_eq!(failed["notification"]["type"], "ASSOCIATE");
    let ids: HashSet<String> = got.iter().map(|n| n["notificationId"].to_string()).collect();
    let events: HashSet<String> = got
        .iter()
        .map(|n| n["notification"]["eventId"].to_string())
        .collect();
    assert_eq!((ids.len(), events.len()), (4, 1));
    assert!(
        receiver
            .authorizations()
            .await
            .iter()
            .all(|header| header == "Bearer s3cret")
    );
}

#[tokio::test]
async fn purchases_users_and_invitations_are_told() {
    let (bench, receiver) = subscribed().await;
    let control = bench.sandbox.control();
    control
        .buy(&bench.uid, &Purchase::of(bench.adam_id(0), 3))
        .unwrap();
    control
        .refund(&bench.uid, &Purchase::of(bench.adam_id(0), 2))
        .unwrap();
    let counts = receiver.wait_for("ASSET_COUNT", 2).await;
    let count =
        |delta: i32| json!({ "adamId": bench.adam_id(0), "countDelta": delta, "pricingParam": "STDQ" });
    assert_eq!(
        [&counts[0]["notification"], &counts[1]["notification"]],
        [&count(3), &count(-2)]
    );
    bench
        .run("users/create", json!({ "users": [{ "clientUserId": "u" }] }))
        .await;
    let told = receiver.wait_for("USER_MANAGEMENT", 1).await;
    let user: &Value = &told[0]["notification"]["users"][0];
    assert_eq!(
        (&told[0]["notification"]["type"], &user["status"]),
        (&json!("CREATE"), &json!("Registered"))
    );
    control
        .accept_invitation(user["inviteCode"].as_str().unwrap(), "u@example.org")
        .unwrap();
    let told = receiver.wait_for("USER_ASSOCIATED", 1).await;
    let user = &told[0]["notification"]["associatedUsers"][0];
    assert_eq!(user["status"], "Associated");
    assert!(user["idHash"].is_string() && user["inviteCode"].is_string());
    for (path, code_is_shown) in [("users/update", false), ("users/retire", true)] {
        bench
            .run(path, json!({ "users": [{ "clientUserId": "u" }] }))
            .await;
        let kind = path.trim_start_matches("users/").to_uppercase();
        let told = crate::harness::until(|| async {
            let got = receiver.got("USER_MANAGEMENT").await;
            got.into_iter().find(|told| told["notification"]["type"] == kind)
        })
        .await;
        let user = &told["notification"]["users"][0];
        assert_eq!(user["inviteCode"].is_string(), code_is_shown, "{path}");
        assert!(user["idHash"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn purchases_that_change_nothing_are_not_told() {
    let bench = Bench::with(Organisation {
        locations: 2,
        unlimited_app: true,
        ..small()
    })
    .await;
    let receiver = Receiver::start().await;
    bench.subscribe(&receiver).await;
    let control = bench.sandbox.control();
    let (uid, other) = (&bench.uid, small().location_uid(1));
    let unlimited = Purchase::of(bench.adam_id(0), 3);
    assert_eq!(control.buy(uid, &unlimited), Ok(()));
    assert_eq!(control.refund(uid, &unlimited), Err(ControlError::NotEnough));
    let none = Purchase::of(bench.adam_id(1), 0);
    for refused in [
        control.buy(uid, &none),
        control.refund(uid, &none),
        control.transfer(uid, &other, &none),
    ] {
        assert!(matches!(refused, Err(ControlError::Invalid(_))), "{refused:?}");
    }
    control.buy(uid, &Purchase::of(bench.adam_id(1), 3)).unwrap();
    // Notifications come in their order: none came before this one.
    let told = receiver.wait_for("ASSET_COUNT", 1).await;
    assert_eq!(told[0]["notification"]["adamId"], bench.adam_id(1));
    assert_eq!(told[0]["notification"]["countDelta"], 3);
}

#[tokio::test]
async fn types_that_are_not_subscribed_are_not_sent() {
    let (bench, receiver) = subscribed().await;
    bench
        .post(
            "client/config",
            json!({ "notificationTypes": ["ASSET_MANAGEMENT"] }),
        )
        .await;
    bench
        .sandbox
        .control()
        .buy(&bench.uid, &Purchase::of(bench.adam_id(0), 3))
        .unwrap();
    bench
        .run(
            "assets/associate",
            json!({ "assets": [bench.asset(0)], "serialNumbers": ["A"] }),
        )
        .await;
    receiver.wait_for("ASSET_MANAGEMENT", 1).await;
    assert!(receiver.got("ASSET_COUNT").await.is_empty());
}

#[tokio::test]
async fn a_refused_notification_is_tried_again_with_the_same_id() {
    let (bench, receiver) = subscribed().await;
    bench.sandbox.control().set_faults(Faults {
        notification_retry_ms: 10,
        ..Faults::default()
    });
    receiver
        .answer_with(&[StatusCode::BAD_GATEWAY, StatusCode::BAD_GATEWAY])
        .await;
    bench
        .sandbox
        .control()
        .buy(&bench.uid, &Purchase::of(bench.adam_id(0), 3))
        .unwrap();
    let got = receiver.wait_for("ASSET_COUNT", 3).await;
    let ids: HashSet<String> = got.iter().map(|n| n["notificationId"].to_string()).collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn notifications_are_lost_and_doubled_by_order() {
    let (bench, receiver) = subscribed().await;
    let control = bench.sandbox.control();
    let buy = || {
        control
            .buy(&bench.uid, &Purchase::of(bench.adam_id(0), 1))
            .unwrap()
    };
    control.set_faults(Faults {
        lost_notifications: 1.0,
        ..Faults::default()
    });
    buy();
    control.set_faults(Faults {
        doubled_notifications: 1.0,
        ..Faults::default()
    });
    buy();
    let got = receiver.wait_for("ASSET_COUNT", 2).await;
    assert_eq!(got[0]["notificationId"], got[1]["notificationId"]);
    assert_eq!(receiver.got("ASSET_COUNT").await.len(), 2);
}

#[tokio::test]
async fn a_user_that_could_not_be_changed_is_shown_as_it_is() {
    let (bench, receiver) = subscribed().await;
    let told = async |path: &str, user: Value, count: usize| {
        bench.run(path, json!({ "users": [user] })).await;
        let told = receiver.wait_for("USER_MANAGEMENT", count).await;
        told[count - 1]["notification"].clone()
    };
    let managed = json!({ "clientUserId": "u", "managedAppleId": "u@example.org" });
    told("users/create", managed, 1).await;
    let again = json!({ "clientUserId": "u", "email": "new@example.org" });
    let refused = told("users/create", again, 2).await;
    assert_eq!(
        (&refused["result"], &refused["error"]["errorNumber"]),
        (&json!("FAILURE"), &json!(9716))
    );
    let user = &refused["users"][0];
    assert_eq!(user["status"], "Associated");
    assert!(user["idHash"].is_string() && user.get("email").is_none());
    let taken = json!({ "clientUserId": "v", "email": "v@example.org", "managedAppleId": "u@example.org" });
    let refused = told("users/create", taken, 3).await;
    let asked = json!({ "clientUserId": "v", "email": "v@example.org" });
    assert_eq!(
        refused["users"],
        json!([asked]),
        "nobody who does not exist has a status"
    );
}

#[tokio::test]
async fn unknown_users_of_a_revocation_are_told_without_assignments() {
    let (bench, receiver) = subscribed().await;
    bench.sandbox.control().set_faults(Faults {
        unknown_user: Timing::Async,
        ..Faults::default()
    });
    let device = serials(1);
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": device });
    bench.run("assets/associate", body).await;
    let body = json!({ "serialNumbers": device, "clientUserIds": ["nobody-1", "nobody-2"] });
    bench.run("assets/revoke", body).await;
    let told = receiver.wait_for("ASSET_MANAGEMENT", 3).await;
    let revoked = |result: &str| -> Vec<&Value> {
        told.iter()
            .map(|told| &told["notification"])
            .filter(|told| told["type"] == "REVOKE" && told["result"] == result)
            .collect()
    };
    assert_eq!(revoked("SUCCESS")[0]["assignments"].as_array().unwrap().len(), 1);
    let failed = revoked("FAILURE");
    assert_eq!((failed.len(), &failed[0]["assignments"]), (1, &json!([])));
    let error = json!({ "errorNumber": 9609, "errorMessage": "Unable to find the registered user.",
                        "errorInfo": { "clientUserIds": ["nobody-1", "nobody-2"] } });
    assert_eq!(failed[0]["error"], error);
}
