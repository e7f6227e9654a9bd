use crate::harness::{Bench, small};
use sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};

async fn rows(bench: &Bench, query: &str) -> Vec<Value> {
    let answer = bench.get(&format!("assignments?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json["assignments"].as_array().unwrap().clone()
}

async fn prepared() -> Bench {
    let bench = Bench::start().await;
    bench
        .run(
            "assets/associate",
            json!({ "assets": [bench.asset(0), bench.asset(1)], "serialNumbers": bench.serials(2),
                    "clientUserIds": ["person-0-0000"] }),
        )
        .await;
    bench
}

#[tokio::test]
async fn assignments_are_filtered_by_asset_device_and_user() {
    let bench = prepared().await;
    let serial = &bench.serials(1)[0];
    let of = |id: String| format!("adamId={id}");
    assert_eq!(rows(&bench, &of(bench.adam_id(0))).await.len(), 3);
    assert_eq!(rows(&bench, &format!("serialNumber={serial}")).await.len(), 2);
    let one = rows(
        &bench,
        &format!("serialNumber={serial}&adamId={}", bench.adam_id(1)),
    )
    .await;
    assert_eq!(
        one,
        [json!({ "adamId": bench.adam_id(1), "pricingParam": "STDQ", "serialNumber": serial })]
    );
    assert!(
        rows(
            &bench,
            &format!("serialNumber={serial}&clientUserId=person-0-0000")
        )
        .await
        .is_empty()
    );
    assert!(rows(&bench, "pricingParam=PLUS").await.is_empty());
    assert!(rows(&bench, "serialNumber=UNKNOWN").await.is_empty());
}

#[tokio::test]
async fn user_state_is_added_on_demand_and_inactive_users_can_be_left_out() {
    let bench = Bench::start().await;
    let book = bench.book();
    let create = json!({ "users": [{ "clientUserId": "m", "managedAppleId": "m@school.example.org" }] });
    bench.run("users/create", create).await;
    bench
        .run(
            "assets/associate",
            json!({ "assets": [{ "adamId": book }], "clientUserIds": ["m"] }),
        )
        .await;
    let plain = rows(&bench, "clientUserId=m").await;
    assert!(plain[0].get("userStatus").is_none() && plain[0].get("idHash").is_none());
    let full = rows(&bench, "clientUserId=m&includeUserState=true").await;
    assert_eq!(full[0]["userStatus"], "Associated");
    assert_eq!(full[0]["idHash"].as_str().unwrap().len(), 28);
    bench
        .run("users/retire", json!({ "users": [{ "clientUserId": "m" }] }))
        .await;
    let retired = rows(&bench, "clientUserId=m&includeUserState=true").await;
    assert_eq!(
        retired[0]["userStatus"], "Retired",
        "the book cannot be given back"
    );
    assert!(
        rows(&bench, "clientUserId=m&excludeInactiveUsers=true")
            .await
            .is_empty()
    );
    let all = rows(&bench, "").await.len();
    assert_eq!(rows(&bench, "excludeInactiveUsers=true").await.len(), all - 1);
}

#[tokio::test]
async fn a_delta_holds_what_was_added_since_and_leaves_out_what_was_removed() {
    let bench = prepared().await;
    let version = bench.get("assignments").await.json["versionId"]
        .as_str()
        .unwrap()
        .to_owned();
    let since = format!("sinceVersionId={version}");
    assert!(rows(&bench, &since).await.is_empty());
    let serials = bench.serials(4);
    let add = json!({ "assets": [bench.asset(2)], "serialNumbers": serials });
    bench.run("assets/associate", add).await;
    assert_eq!(rows(&bench, &since).await.len(), 4);
    let remove = json!({ "assets": [bench.asset(2)], "serialNumbers": [serials[0]] });
    bench.run("assets/disassociate", remove).await;
    assert_eq!(rows(&bench, &since).await.len(), 3);
    assert_eq!(
        rows(&bench, &format!("{since}&serialNumber={}", serials[1]))
            .await
            .len(),
        1
    );
    assert_ne!(bench.get("assignments").await.json["versionId"], version);
}

#[tokio::test]
async fn what_assignments_show_of_their_user_is_part_of_their_version() {
    let bench = Bench::start().await;
    let version = async || {
        let answer = bench.get("assignments").await.json;
        answer["versionId"].as_str().unwrap().to_owned()
    };
    let create = json!({ "users": [{ "clientUserId": "m" }, { "clientUserId": "nothing" }] });
    bench.run("users/create", create).await;
    let book = json!({ "assets": [{ "adamId": bench.book() }], "clientUserIds": ["m"] });
    bench.run("assets/associate", book).await;
    let users = |call, name: &str| (call, json!({ "users": [{ "clientUserId": name }] }));
    let link = json!({ "users": [{ "clientUserId": "m", "managedAppleId": "m@school.example.org" }] });
    for (call, body) in [("users/update", link), users("users/retire", "m")] {
        let before = version().await;
        bench.run(call, body).await;
        let delta = rows(&bench, &format!("sinceVersionId={before}&includeUserState=true")).await;
        assert_eq!(delta.len(), 1, "{call}");
        assert_ne!(version().await, before, "{call}");
    }
    let before = version().await;
    let (call, body) = users("users/retire", "nothing");
    bench.run(call, body).await;
    assert_eq!(version().await, before, "who holds nothing is in no assignment");
}

#[tokio::test]
async fn a_version_of_another_run_was_never_issued_here() {
    let bench = Bench::start().await;
    let add = json!({ "assets": [bench.asset(2)], "serialNumbers": bench.serials(1) });
    bench.run("assets/associate", add.clone()).await;
    let issued = bench.get("assignments").await.json["versionId"].clone();
    let issued = format!("assignments?sinceVersionId={}", issued.as_str().unwrap());
    assert_eq!(bench.get(&issued).await.status, 200);
    let settings = SandboxSettings::with([small()]);
    settings.clock.advance(1000);
    let sandbox = Sandbox::start(settings).await.unwrap();
    let again = Bench {
        token: sandbox.control().issue_token(&bench.uid).unwrap(),
        uid: bench.uid.clone(),
        client: bench.client.clone(),
        sandbox,
    };
    assert_eq!(again.get(&issued).await.error(), (400, 9721));
    again.run("assets/associate", add).await;
    assert_eq!(
        again.get(&issued).await.error(),
        (400, 9721),
        "after as many writes"
    );
}

#[tokio::test]
async fn another_mdms_assignments_show() {
    let bench = Bench::start().await;
    let key = sandbox::AssetKey {
        adam_id: bench.adam_id(0).into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let control = bench.sandbox.control();
    control
        .assign_outside(&bench.uid, &key, &["OUTSIDE1".to_owned()])
        .unwrap();
    assert_eq!(rows(&bench, "serialNumber=OUTSIDE1").await.len(), 1);
    control
        .release_outside(&bench.uid, &key, &["OUTSIDE1".to_owned()])
        .unwrap();
    assert!(rows(&bench, "serialNumber=OUTSIDE1").await.is_empty());
}

#[tokio::test]
async fn a_version_of_an_earlier_location_of_the_same_uid_was_never_issued_here() {
    let bench = Bench::start().await;
    let with_location = async |later_ms: i64| {
        let settings = SandboxSettings::default();
        settings.clock.advance(later_ms);
        let sandbox = Sandbox::start(settings).await.unwrap();
        let new = json!({ "uid": "77", "name": "n", "organisation": "o", "country": "SE" });
        let control = sandbox.control();
        control
            .add_location(serde_json::from_value(new).unwrap())
            .unwrap();
        Bench {
            token: control.issue_token("77").unwrap(),
            uid: "77".to_owned(),
            client: bench.client.clone(),
            sandbox,
        }
    };
    let first = with_location(0).await;
    let issued = first.get("users").await.json["versionId"].clone();
    let delta = format!("users?sinceVersionId={}", issued.as_str().unwrap());
    assert_eq!(first.get(&delta).await.status, 200);
    let again = with_location(1000).await;
    assert_eq!(again.get(&delta).await.error(), (400, 9721));
}
