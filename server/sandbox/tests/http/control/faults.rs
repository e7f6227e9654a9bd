//! Switching faults by order.

use super::order;
use crate::harness::Bench;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn faults_are_set_by_naming_what_changes() {
    let bench = Bench::start().await;
    let change = json!({ "page_size": 3, "random": { "seed": 9 }, "limits": { "maxAssets": 1 } });
    let (_, faults) = order(&bench, Method::PUT, "faults", Some(change)).await;
    assert_eq!(
        (&faults["page_size"], &faults["random"]["seed"]),
        (&json!(3), &json!(9))
    );
    assert_eq!(faults["limits"]["maxSerialNumbers"], 1000);
    assert_eq!(bench.get("assets").await.json["totalPages"], 3);
    let own = format!("locations/{}/faults", bench.uid);
    order(&bench, Method::PUT, &own, Some(json!({ "page_size": 4 }))).await;
    assert_eq!(bench.get("assets").await.json["totalPages"], 2);
    assert_eq!(order(&bench, Method::GET, &own, None).await.1["page_size"], 4);
    assert_eq!(order(&bench, Method::DELETE, &own, None).await.0, 204);
    assert_eq!(bench.get("assets").await.json["totalPages"], 3);
    assert_eq!(order(&bench, Method::DELETE, "faults", None).await.0, 204);
    assert_eq!(
        order(&bench, Method::GET, "faults", None).await.1["page_size"],
        1000
    );
    assert_eq!(
        order(&bench, Method::PUT, "faults", Some(json!({ "typo": 1 })))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_map_among_the_faults_is_replaced_whole() {
    let bench = Bench::start().await;
    for name in ["asset_errors", "asset_event_errors"] {
        for map in [json!({ "1": 9603, "2": 9603 }), json!({ "2": 9602 }), json!({})] {
            let change = json!({ name: map });
            let (_, faults) = order(&bench, Method::PUT, "faults", Some(change)).await;
            assert_eq!(faults[name], map);
        }
    }
}

#[tokio::test]
async fn events_under_way_follow_a_latency_that_is_changed() {
    let bench = Bench::start().await;
    let own = format!("locations/{}/faults", bench.uid);
    let hour = json!({ "event_latency_ms": 3_600_000 });
    let short = Some(json!({ "event_latency_ms": 1 }));
    for (slowed, method, path, change) in [
        ("faults", Method::DELETE, "faults", None),
        ("faults", Method::PUT, "faults", short.clone()),
        ("faults", Method::PUT, &*own, short),
        (&*own, Method::DELETE, &*own, None),
    ] {
        order(&bench, Method::PUT, slowed, Some(hour.clone())).await;
        let body = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A"] });
        let event = bench.post("assets/associate", body).await.json["eventId"].clone();
        let event = event.as_str().unwrap();
        let status = bench.get(&format!("status?eventId={event}")).await.json;
        assert_eq!(status["eventStatus"], "PENDING", "{method} {path}");
        order(&bench, method, path, change).await;
        assert_eq!(bench.finished(event).await["eventStatus"], "COMPLETE");
        order(&bench, Method::DELETE, "faults", None).await;
        order(&bench, Method::DELETE, &own, None).await;
    }
}

#[tokio::test]
async fn an_order_leaves_what_it_does_not_name_as_far_as_it_is() {
    let bench = Bench::start().await;
    let faults = async |body: Value| order(&bench, Method::PUT, "faults", Some(body)).await;
    faults(json!({ "too_many_requests_burst": 2 })).await;
    assert_eq!(bench.get("assets").await.status, 429);
    faults(json!({ "page_size": 7 })).await;
    assert_eq!(bench.get("assets").await.status, 429);
    faults(json!({ "page_size": 8 })).await;
    assert_eq!(bench.get("assets").await.status, 200);
    faults(json!({ "too_many_requests_burst": 2 })).await;
    assert_eq!(bench.get("assets").await.status, 429, "named anew");
    for (wrong, said) in [
        (json!({ "token_error_status": 7 }), "token_error_status"),
        (json!({ "lost_notifications": 7 }), "lost_notifications"),
        (json!({ "random": { "rate": -1 } }), "random.rate"),
        (json!({ "page_size": 0 }), "page_size"),
        (json!({ "metadata_version": 3 }), "metadata_version"),
    ] {
        let (status, answer) = faults(wrong).await;
        assert!(
            status == 400 && answer.to_string().contains(said),
            "{status} {answer}"
        );
    }
}
