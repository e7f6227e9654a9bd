//! Generating organisations by order.

use super::order;
use crate::harness::{Bench, small};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test]
async fn organisations_and_locations_are_added_and_listed() {
    let bench = Bench::start().await;
    let spec =
        json!({ "seed": 99, "name": "Added", "locations": 2, "apps": 3, "devices": 4, "country": "nl" });
    let (_, added) = order(&bench, Method::POST, "organisations", Some(spec.clone())).await;
    assert_eq!(added["uids"].as_array().unwrap().len(), 2);
    let (_, all) = order(&bench, Method::GET, "organisations", None).await;
    assert_eq!(
        (&all[1]["name"], &all[1]["uids"]),
        (&json!("Added"), &added["uids"])
    );
    let (_, devices) = order(&bench, Method::POST, "devices", Some(spec)).await;
    assert_eq!(devices.as_array().unwrap().len(), 4);
    let empty = json!({ "uid": "77", "name": "Empty", "organisation": "Added", "kind": "education", "country": "de" });
    assert_eq!(
        order(&bench, Method::POST, "locations", Some(empty.clone()))
            .await
            .0,
        201
    );
    assert_eq!(order(&bench, Method::POST, "locations", Some(empty)).await.0, 409);
    let change = json!({ "country": "at", "name": "Changed" });
    assert_eq!(
        order(&bench, Method::PATCH, "locations/77", Some(change)).await.0,
        204
    );
    let (_, location) = order(&bench, Method::GET, "locations/77", None).await;
    assert_eq!(
        (&location["country"], &location["name"]),
        (&json!("AT"), &json!("Changed"))
    );
    assert_eq!(
        order(&bench, Method::GET, "locations", None)
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(order(&bench, Method::GET, "locations/0", None).await.0, 404);
}

#[tokio::test]
async fn a_seed_is_used_once_and_without_one_a_free_one_is_taken() {
    let bench = Bench::start().await;
    let add = async |body: Value| order(&bench, Method::POST, "organisations", Some(body)).await;
    let locations = || bench.sandbox.control().locations().len();
    let two = json!({ "locations": 2, "devices": 1 });
    let mut uids = HashSet::new();
    for seed in 1..3 {
        let (status, added) = add(two.clone()).await;
        assert_eq!((status, &added["seed"]), (200, &json!(seed)));
        let added = added["uids"].as_array().unwrap().iter();
        uids.extend(added.map(|uid| uid.as_str().unwrap().to_owned()));
    }
    assert_eq!((uids.len(), locations()), (4, 5));
    for taken in [1, 2, small().seed] {
        let (status, refused) = add(json!({ "seed": taken, "locations": 3 })).await;
        let error = refused["error"].as_str().unwrap();
        assert!(status == 409 && error.contains("seed"), "{status} {refused}");
    }
    assert_eq!(locations(), 5, "none of them is added");
}

#[tokio::test]
async fn an_organisation_that_is_too_big_is_refused() {
    let bench = Bench::start().await;
    for (wrong, said) in [
        (json!({ "locations": 0 }), "locations is at least 1"),
        (json!({ "locations": 5000 }), "locations is at most 3000"),
        (json!({ "apps": 90_001 }), "apps is at most 90000"),
        (json!({ "books": 10_001 }), "books is at most 10000"),
        (json!({ "distinct": 90_001 }), "distinct is at most 90000"),
        (json!({ "devices": 1_000_001 }), "devices is at most 1000000"),
        (
            json!({ "devices": 4_294_967_295_u32 }),
            "devices is at most 1000000",
        ),
        (json!({ "devices": -1 }), "invalid value"),
        (
            json!({ "locations": 3, "apps": 90_000, "users": 333_334 }),
            "users × locations",
        ),
        (
            json!({ "locations": 2, "assignments": 500_001 }),
            "assignments × locations",
        ),
        (json!({ "locations": 3000, "apps": 334 }), "apps × locations"),
        (json!({ "locations": 3000, "books": 334 }), "books × locations"),
    ] {
        for path in ["organisations", "devices"] {
            let (status, answer) = order(&bench, Method::POST, path, Some(wrong.clone())).await;
            let error = answer["error"].as_str().unwrap();
            assert!(status == 400 && error.contains(said), "{path} {wrong}: {answer}");
        }
    }
    assert_eq!(bench.sandbox.control().locations().len(), 1);
}
