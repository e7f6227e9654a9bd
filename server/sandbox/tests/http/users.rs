use crate::harness::Bench;
use sandbox::{ControlError, Faults};
use serde_json::{Value, json};

async fn users(bench: &Bench, query: &str) -> Vec<Value> {
    bench.get(&format!("users?{query}")).await.json["users"]
        .as_array()
        .unwrap()
        .clone()
}

async fn act(bench: &Bench, verb: &str, user: Value) -> Value {
    bench
        .run(&format!("users/{verb}"), json!({ "users": [user] }))
        .await
}

#[tokio::test]
async fn a_user_is_registered_then_associated_then_retired() {
    let bench = Bench::start().await;
    act(
        &bench,
        "create",
        json!({ "clientUserId": "u", "email": "u@example.org" }),
    )
    .await;
    let user = &users(&bench, "clientUserId=u").await[0];
    assert_eq!(user["status"], "Registered");
    let code = user["inviteCode"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 32);
    assert!(user.get("idHash").is_none());
    bench
        .sandbox
        .control()
        .accept_invitation(&code, "U@example.org")
        .unwrap();
    let user = &users(&bench, "clientUserId=u").await[0];
    assert_eq!(user["status"], "Associated");
    assert!(user.get("inviteCode").is_none());
    act(&bench, "retire", json!({ "clientUserId": "u" })).await;
    assert_eq!(users(&bench, "clientUserId=u&retiredOnly=true").await.len(), 1);
    assert!(users(&bench, "clientUserId=u&activeOnly=true").await.is_empty());
}

#[tokio::test]
async fn a_managed_account_is_associated_at_once_and_only_once() {
    let bench = Bench::start().await;
    act(
        &bench,
        "create",
        json!({ "clientUserId": "a", "managedAppleId": "m@example.org" }),
    )
    .await;
    let user = &users(&bench, "clientUserId=a").await[0];
    assert_eq!(user["status"], "Associated");
    assert!(user.get("inviteCode").is_none());
    let second = act(
        &bench,
        "create",
        json!({ "clientUserId": "b", "managedAppleId": "M@example.org" }),
    )
    .await;
    assert_eq!(second["failures"][0]["errorNumber"], 9641);
    let again = act(&bench, "create", json!({ "clientUserId": "a" })).await;
    assert_eq!(again["failures"][0]["errorNumber"], 9716);
}

#[tokio::test]
async fn an_update_changes_the_address_and_can_link() {
    let bench = Bench::start().await;
    act(
        &bench,
        "create",
        json!({ "clientUserId": "u", "email": "old@example.org" }),
    )
    .await;
    act(
        &bench,
        "update",
        json!({ "clientUserId": "u", "email": "new@example.org" }),
    )
    .await;
    assert_eq!(
        users(&bench, "clientUserId=u").await[0]["email"],
        "new@example.org"
    );
    act(
        &bench,
        "update",
        json!({ "clientUserId": "u", "managedAppleId": "u@school.example" }),
    )
    .await;
    let user = &users(&bench, "clientUserId=u").await[0];
    assert_eq!(
        (&user["status"], &user["email"]),
        (&json!("Associated"), &json!("new@example.org"))
    );
}

#[tokio::test]
async fn a_retired_user_without_account_lives_again_and_one_with_account_gets_a_new_record() {
    let bench = Bench::start().await;
    for _ in 0..2 {
        act(&bench, "create", json!({ "clientUserId": "u" })).await;
        act(&bench, "retire", json!({ "clientUserId": "u" })).await;
    }
    assert_eq!(users(&bench, "clientUserId=u").await.len(), 1);
    let managed = json!({ "clientUserId": "m", "managedAppleId": "m@example.org" });
    act(&bench, "create", managed.clone()).await;
    let book = json!({ "assets": [{ "adamId": bench.book() }], "clientUserIds": ["m"] });
    bench.run("assets/associate", book).await;
    act(&bench, "retire", json!({ "clientUserId": "m" })).await;
    act(&bench, "create", managed).await;
    let states: Vec<Value> = users(&bench, "clientUserId=m")
        .await
        .iter()
        .map(|user| user["status"].clone())
        .collect();
    assert_eq!(states, ["Deleted", "Associated"]);
    let held = bench
        .get("assignments?clientUserId=m&includeUserState=true")
        .await
        .json;
    assert_eq!(held["size"], 1);
    assert_eq!(
        held["assignments"][0]["userStatus"], "Associated",
        "the book moved to the new record"
    );
}

#[tokio::test]
async fn retiring_frees_apps() {
    let bench = Bench::start().await;
    act(&bench, "create", json!({ "clientUserId": "u" })).await;
    bench
        .run(
            "assets/associate",
            json!({ "assets": [bench.asset(0)], "clientUserIds": ["u"] }),
        )
        .await;
    act(&bench, "retire", json!({ "clientUserId": "u" })).await;
    assert_eq!(bench.get("assignments?clientUserId=u").await.json["size"], 0);
}

#[tokio::test]
async fn a_delta_of_users_holds_those_changed_since() {
    let bench = Bench::start().await;
    let version = bench.get("users").await.json["versionId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        users(&bench, &format!("sinceVersionId={version}"))
            .await
            .is_empty()
    );
    act(&bench, "create", json!({ "clientUserId": "u" })).await;
    let delta = users(&bench, &format!("sinceVersionId={version}")).await;
    assert_eq!((delta.len(), &delta[0]["clientUserId"]), (1, &json!("u")));
}

#[tokio::test]
async fn the_invitation_page_links_the_account_that_is_entered() {
    let bench = Bench::start().await;
    act(
        &bench,
        "create",
        json!({ "clientUserId": "u", "email": "u@example.org" }),
    )
    .await;
    let code = bench.sandbox.control().invite_code(&bench.uid, "u").unwrap();
    let config = bench.get("service/config").await.json;
    let url = config["urls"]["invitationEmail"]
        .as_str()
        .unwrap()
        .replace("%25inviteCode%25", &code);
    let page = bench.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("u@example.org"));
    let form = bench
        .client
        .post(&url)
        .header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(
        form.body("appleAccount=u%40example.org")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(users(&bench, "clientUserId=u").await[0]["status"], "Associated");
    let bad = url.replace(&code, "0000");
    assert_eq!(bench.client.get(bad).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn an_invitation_serves_once() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    act(&bench, "create", json!({ "clientUserId": "u" })).await;
    let code = control.invite_code(&bench.uid, "u").unwrap();
    control.accept_invitation(&code, "first@example.org").unwrap();
    let hash = users(&bench, "clientUserId=u").await[0]["idHash"].clone();
    assert_eq!(control.invited(&code), Err(ControlError::UnknownUser));
    assert_eq!(
        control.accept_invitation(&code, "second@example.org"),
        Err(ControlError::UnknownUser)
    );
    assert_eq!(users(&bench, "clientUserId=u").await[0]["idHash"], hash);
}

#[tokio::test]
async fn an_empty_managed_account_is_none() {
    let bench = Bench::with_faults(Faults {
        managed_domain: Some("school.example".to_owned()),
        ..Faults::default()
    })
    .await;
    let nobody = json!({ "clientUserId": "u", "managedAppleId": "" });
    for verb in ["create", "update"] {
        assert_eq!(act(&bench, verb, nobody.clone()).await["eventStatus"], "COMPLETE");
        let user = &users(&bench, "clientUserId=u").await[0];
        assert_eq!(user["status"], "Registered", "{verb}");
        assert!(user["inviteCode"].is_string(), "{verb}");
    }
}

#[tokio::test]
async fn users_are_found_by_their_managed_account_unless_it_is_ignored() {
    let bench = Bench::start().await;
    let all = users(&bench, "").await.len() + 1;
    act(
        &bench,
        "create",
        json!({ "clientUserId": "m", "managedAppleId": "m@example.org" }),
    )
    .await;
    let found = users(&bench, "managedAppleId=M%40example.org").await;
    assert_eq!((found.len(), &found[0]["clientUserId"]), (1, &json!("m")));
    assert!(users(&bench, "managedAppleId=x%40example.org").await.is_empty());
    assert_eq!(users(&bench, "managedAppleId=").await.len(), all);
    bench.sandbox.control().set_faults(Faults {
        managed_account_filter: false,
        ..Faults::default()
    });
    assert_eq!(users(&bench, "managedAppleId=x%40example.org").await.len(), all);
}
