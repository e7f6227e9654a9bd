use std::collections::BTreeMap;

use crate::harness::{Bench, small};
use sandbox::{FailureGrouping, Faults, Repeated, Timing};
use serde_json::{Value, json};

/// Assignments of the first app.
async fn held(bench: &Bench) -> Value {
    bench
        .get(&format!("assignments?adamId={}", bench.adam_id(0)))
        .await
        .json["size"]
        .clone()
}

#[tokio::test]
async fn an_event_is_pending_until_its_latency_is_over() {
    let bench = Bench::with_faults(Faults {
        event_latency_ms: 300,
        ..Faults::default()
    })
    .await;
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(2) });
    let accepted = bench.post("assets/associate", body).await.json;
    let event = accepted["eventId"].as_str().unwrap();
    let status = bench.get(&format!("status?eventId={event}")).await.json;
    assert_eq!(
        (&status["eventStatus"], &status["numRequested"]),
        (&json!("PENDING"), &json!(2))
    );
    assert_eq!(held(&bench).await, 0);
    let status = bench.finished(event).await;
    assert_eq!(status["eventStatus"], "COMPLETE");
    assert_eq!(status["eventType"], "ASSOCIATE");
    assert_eq!(status["numCompleted"], 2);
    assert!(status.get("failures").is_none());
    assert_eq!(held(&bench).await, 2);
}

#[tokio::test]
async fn events_are_processed_in_their_order() {
    let bench = Bench::with_faults(Faults {
        event_latency_ms: 50,
        ..Faults::default()
    })
    .await;
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(5) });
    bench.post("assets/associate", body.clone()).await;
    let last = bench.run("assets/disassociate", body).await;
    assert_eq!(last["eventType"], "DISASSOCIATE");
    assert_eq!(held(&bench).await, 0);
}

#[tokio::test]
async fn licences_are_given_until_none_is_left_and_the_rest_fails_with_9709() {
    let bench = Bench::start().await;
    let serials = bench.serials(8);
    let status = bench
        .run(
            "assets/associate",
            json!({ "assets": [bench.asset(0)], "serialNumbers": serials }),
        )
        .await;
    assert_eq!(status["eventStatus"], "FAILED");
    assert_eq!(
        (&status["numCompleted"], &status["numRequested"]),
        (&json!(5), &json!(8))
    );
    let failure = &status["failures"][0];
    assert_eq!(failure["errorNumber"], 9709);
    assert_eq!(failure["errorInfo"]["serialNumbers"], json!(serials[5..]));
    assert_eq!(failure["errorInfo"]["assets"][0]["adamId"], bench.adam_id(0));
}

#[tokio::test]
async fn failures_are_grouped_by_asset_or_by_error() {
    for (grouping, groups) in [(FailureGrouping::PerAsset, 2), (FailureGrouping::PerError, 1)] {
        let bench = Bench::with_faults(Faults {
            failure_grouping: grouping,
            ..Faults::default()
        })
        .await;
        let assets = [bench.asset(0), bench.asset(1)];
        let body = json!({ "assets": assets, "serialNumbers": bench.serials(7) });
        let status = bench.run("assets/associate", body).await;
        assert_eq!(status["failures"].as_array().unwrap().len(), groups);
    }
}

#[tokio::test]
async fn an_unknown_user_fails_its_own_tasks_when_9609_is_asynchronous() {
    let bench = Bench::with_faults(Faults {
        unknown_user: Timing::Async,
        ..Faults::default()
    })
    .await;
    let body = json!({ "assets": [bench.asset(0), bench.asset(1)], "serialNumbers": bench.serials(4),
                       "clientUserIds": ["person-0-0000", "person-0-0001", "person-0-0002", "client-4"] });
    bench
        .sandbox
        .control()
        .buy(&bench.uid, &sandbox::Purchase::of(bench.adam_id(0), 5))
        .unwrap();
    bench
        .sandbox
        .control()
        .buy(&bench.uid, &sandbox::Purchase::of(bench.adam_id(1), 5))
        .unwrap();
    let status = bench.run("assets/associate", body).await;
    assert_eq!(
        (&status["numCompleted"], &status["numRequested"]),
        (&json!(14), &json!(16))
    );
    let info = json!({ "clientUserIds": ["client-4"] });
    assert_eq!(status["failures"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &status["failures"][0]["errorNumber"],
            &status["failures"][0]["errorInfo"]
        ),
        (&json!(9609), &info)
    );
    let users = json!({ "users": [{ "clientUserId": "client-4" }] });
    assert_eq!(
        bench.run("users/retire", users).await["failures"][0]["errorNumber"],
        9609
    );
    let revoke = bench
        .run("assets/revoke", json!({ "clientUserIds": ["client-4"] }))
        .await;
    assert_eq!(revoke["failures"][0]["errorNumber"], 9609);
}

#[tokio::test]
async fn an_unowned_asset_fails_with_9709_where_it_is_given_and_9602_where_it_is_taken_back() {
    let bench = Bench::with_faults(Faults {
        unowned_asset: Timing::Async,
        ..Faults::default()
    })
    .await;
    let body = json!({ "assets": [{ "adamId": "42" }], "serialNumbers": ["A"] });
    for (path, error) in [("assets/associate", 9709), ("assets/disassociate", 9602)] {
        let status = bench.run(path, body.clone()).await;
        assert_eq!(status["failures"][0]["errorNumber"], error, "{path}");
    }
}

#[tokio::test]
async fn every_task_of_an_asset_fails_with_the_error_that_is_chosen_for_it() {
    let bench = Bench::with_faults(Faults {
        asset_event_errors: BTreeMap::from([(bench_asset(1), 9603)]),
        ..Faults::default()
    })
    .await;
    let body = json!({ "assets": [bench.asset(0), bench.asset(1)], "serialNumbers": bench.serials(2) });
    for path in ["assets/associate", "assets/disassociate"] {
        let status = bench.run(path, body.clone()).await;
        assert_eq!(
            (&status["numCompleted"], &status["numRequested"]),
            (&json!(2), &json!(4))
        );
        let failures = status["failures"].as_array().unwrap();
        assert_eq!((failures.len(), &failures[0]["errorNumber"]), (1, &json!(9603)));
        let assets = &failures[0]["errorInfo"]["assets"];
        assert_eq!(assets[0]["adamId"], bench.adam_id(1));
    }
}

/// The n-th app's id, before there is a bench.
fn bench_asset(index: usize) -> String {
    small().apps_of(0).nth(index).unwrap().adam_id
}

#[tokio::test]
async fn repeating_does_nothing_or_fails_as_chosen() {
    let bench = Bench::start().await;
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": bench.serials(1) });
    let count = async || {
        bench
            .get(&format!("assets?adamId={}", bench.adam_id(0)))
            .await
            .json["assets"][0]
            .clone()
    };
    for _ in 0..2 {
        assert_eq!(
            bench.run("assets/associate", body.clone()).await["eventStatus"],
            "COMPLETE"
        );
        assert_eq!(count().await["assignedCount"], 1);
    }
    bench.sandbox.control().set_faults(Faults {
        repeated: Repeated::Error,
        ..Faults::default()
    });
    assert_eq!(
        bench.run("assets/associate", body.clone()).await["failures"][0]["errorNumber"],
        9616
    );
    assert_eq!(
        bench.run("assets/disassociate", body.clone()).await["eventStatus"],
        "COMPLETE"
    );
    assert_eq!(
        bench.run("assets/disassociate", body).await["failures"][0]["errorNumber"],
        9619
    );
}

#[tokio::test]
async fn revoking_frees_all_revocable_licences_of_the_holders() {
    let bench = Bench::start().await;
    let apps: Vec<Value> = (0..3).map(|index| bench.asset(index)).collect();
    let user = "person-0-0001";
    bench
        .run(
            "assets/associate",
            json!({ "assets": apps, "serialNumbers": bench.serials(2), "clientUserIds": [user] }),
        )
        .await;
    bench
        .run(
            "assets/associate",
            json!({ "assets": [{ "adamId": bench.book() }], "clientUserIds": [user] }),
        )
        .await;
    let body = json!({ "serialNumbers": [bench.serials(1)[0]], "clientUserIds": [user] });
    let status = bench.run("assets/revoke", body).await;
    assert_eq!(
        (&status["eventType"], &status["numCompleted"]),
        (&json!("REVOKE"), &json!(6))
    );
    let left = bench.get(&format!("assignments?clientUserId={user}")).await.json;
    assert!(
        left["assignments"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["adamId"] != bench.adam_id(0))
    );
    assert!(left["size"].as_u64().unwrap() >= 1, "the book stays");
}

#[tokio::test]
async fn revoking_requests_what_is_held_from_the_start() {
    let bench = Bench::start().await;
    let serials = bench.serials(3);
    let assets = [bench.asset(0), bench.asset(1), bench.asset(2)];
    let give = json!({ "assets": assets, "serialNumbers": serials[..2] });
    bench.run("assets/associate", give).await;
    for (body, timing, requested) in [
        (json!({ "serialNumbers": serials }), Timing::Sync, 6),
        (json!({ "serialNumbers": serials }), Timing::Sync, 0),
        (
            json!({ "serialNumbers": serials, "clientUserIds": ["nobody"] }),
            Timing::Async,
            1,
        ),
    ] {
        let control = bench.sandbox.control();
        control.set_faults(Faults {
            event_latency_ms: 3_600_000,
            unknown_user: timing,
            ..Faults::default()
        });
        let event = bench.post("assets/revoke", body).await.json["eventId"].clone();
        let event = event.as_str().unwrap();
        let status = bench.get(&format!("status?eventId={event}")).await.json;
        assert_eq!(
            (&status["eventStatus"], &status["numRequested"]),
            (&json!("PENDING"), &json!(requested))
        );
        control.set_faults(Faults::default());
        let status = bench.finished(event).await;
        assert_eq!(status["numRequested"], requested);
        let failed = status["failures"].as_array().map_or(0, Vec::len);
        assert_eq!(status["numCompleted"], requested - failed);
    }
}
