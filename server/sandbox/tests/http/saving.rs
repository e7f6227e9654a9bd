//! Saving the world and restoring it.

mod events;
mod files;

use crate::harness::{Bench, small};
use sandbox::{
    Control, MdmInfo, Organisation, PricingParam, Purchase, Sandbox, SandboxSettings, TokenRequest, TokenRole,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A file for a test alone, not there yet.
fn file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    let _ = std::fs::remove_file(&path);
    path
}

/// Everything that the control API shows of all locations.
fn states(control: &Control) -> Vec<Value> {
    let locations = control.locations().into_iter();
    let state = |uid: &str| serde_json::to_value(control.state(uid).unwrap()).unwrap();
    locations.map(|location| state(&location.uid)).collect()
}

/// What Apple's API shows of the location: all endpoints that read, with their version ids.
async fn shown(bench: &Bench) -> Vec<Value> {
    let mut shown = Vec::new();
    for path in [
        "client/config",
        "assets",
        "assignments?includeUserState=true",
        "users",
    ] {
        let answer = bench.get(path).await;
        assert_eq!(answer.status, 200);
        shown.push(answer.json);
    }
    shown
}

/// A location in which everything was done that can be done.
async fn lived_in() -> Bench {
    let bench = Bench::with(Organisation {
        unlimited_app: true,
        ..small()
    })
    .await;
    let control = bench.sandbox.control();
    control.rename(&bench.uid, "Renamed").unwrap();
    control.set_country(&bench.uid, "no").unwrap();
    control
        .buy(&bench.uid, &Purchase::of(bench.adam_id(1), 30))
        .unwrap();
    let plus = Purchase {
        pricing_param: PricingParam::Plus,
        ..Purchase::of(bench.adam_id(2), 3)
    };
    control.buy(&bench.uid, &plus).unwrap();
    control.set_version(&bench.adam_id(0), "99.1").unwrap();
    control.set_sold_in(&bench.adam_id(3), "DE", false).unwrap();
    let second = Organisation {
        seed: 8,
        name: "Second".to_owned(),
        locations: 2,
        ..small()
    };
    control.add_organisation(&second).unwrap();
    let mdm = json!({ "mdmInfo": { "id": "m-1", "name": "Pomona", "metadata": "here" } });
    assert_eq!(bench.post("client/config", mdm).await.status, 200);
    let names: Vec<Value> = (0..3)
        .map(|n| json!({ "clientUserId": format!("new-{n}"), "email": format!("{n}@example.org") }))
        .collect();
    bench.run("users/create", json!({ "users": names })).await;
    bench
        .run("users/retire", json!({ "users": [{ "clientUserId": "new-1" }] }))
        .await;
    let code = control.invite_code(&bench.uid, "new-2").unwrap();
    control.accept_invitation(&code, "two@example.org").unwrap();
    let serials = bench.serials(9);
    let body = json!({ "assets": [bench.asset(0), bench.asset(1)], "serialNumbers": serials, "clientUserIds": ["new-0"] });
    bench.run("assets/associate", body).await;
    let back = json!({ "assets": [bench.asset(1)], "serialNumbers": serials[..3] });
    bench.run("assets/disassociate", back).await;
    bench
}

#[tokio::test]
async fn a_restored_sandbox_is_the_one_that_was_saved() {
    let (before, path) = (lived_in().await, file("round-trip"));
    let failed = json!({ "assets": [before.asset(5)], "serialNumbers": before.serials(20) });
    let accepted = before.post("assets/associate", failed).await.json;
    let event = accepted["eventId"].as_str().unwrap();
    let status = before.finished(event).await;
    assert_eq!(status["eventStatus"], "FAILED");
    before.sandbox.control().save(&path).unwrap();

    let after = before.restored(&path).await;
    let (old, new) = (before.sandbox.control(), after.sandbox.control());
    assert_eq!(states(&old), states(&new));
    assert_eq!(states(&new).len(), 3);
    assert_eq!(shown(&before).await, shown(&after).await);
    assert_eq!(after.finished(event).await, status);
    for app in small().apps_of(0).chain(small().books_of(0)) {
        assert_eq!(old.product(&app.adam_id), new.product(&app.adam_id));
    }
    assert_eq!(new.product(&after.adam_id(0)).unwrap().version, "99.1");
    let assets = new.assets(&after.uid).unwrap();
    let unlimited: Vec<_> = assets.iter().filter(|asset| asset.unlimited).collect();
    assert_eq!(unlimited.len(), 1);
    assert_eq!(
        (unlimited[0].total_count, unlimited[0].assigned_count),
        (2_147_483_647, 10)
    );

    // What no answer shows is the same as well.
    let again = file("round-trip-again");
    new.save(&again).unwrap();
    assert!(std::fs::read(&path).unwrap() == std::fs::read(&again).unwrap());
}

#[tokio::test]
async fn a_restored_sandbox_goes_on_as_any_other() {
    let (before, path) = (lived_in().await, file("goes-on"));
    before.sandbox.control().save(&path).unwrap();
    let after = before.restored(&path).await;
    let control = after.sandbox.control();
    let body =
        json!({ "assets": [after.asset(4)], "serialNumbers": ["NEWDEVICE001"], "clientUserIds": ["new-2"] });
    assert_eq!(
        after.run("assets/associate", body.clone()).await["eventStatus"],
        "COMPLETE"
    );
    assert_eq!(
        after.run("assets/disassociate", body).await["eventStatus"],
        "COMPLETE"
    );
    control
        .refund(&after.uid, &Purchase::of(after.adam_id(1), 1))
        .unwrap();
    let other = MdmInfo {
        id: "x".to_owned(),
        name: "Other".to_owned(),
        metadata: String::new(),
    };
    control.claim(&after.uid, Some(other)).unwrap();
    let code = control.invite_code(&after.uid, "new-0").unwrap();
    control.accept_invitation(&code, "zero@example.org").unwrap();
    control.save(&path).unwrap();
    let third = after.restored(&path).await;
    assert_eq!(states(&control), states(&third.sandbox.control()));
    assert_eq!(shown(&after).await, shown(&third).await);
}

#[tokio::test]
async fn tokens_work_as_before_by_their_text() {
    let (mut bench, path) = (Bench::start().await, file("tokens"));
    let control = bench.sandbox.control();
    let issue = || control.issue_token(&bench.uid).unwrap();
    let (good, revoked, expired) = (bench.token.clone(), issue(), issue());
    control.revoke_token(&revoked).unwrap();
    control.expire_token(&expired, None).unwrap();
    let request = TokenRequest {
        expires: Some("2031-05-06T07:08:09Z".parse().unwrap()),
        role: TokenRole::ReadOnly,
    };
    let reading = control.issue_token_as(&bench.uid, &request).unwrap();
    control.save(&path).unwrap();
    bench = bench.restored(&path).await;
    for (token, error) in [
        (good, (200, 0)),
        (revoked, (401, 9625)),
        (expired, (401, 9621)),
        (reading.clone(), (200, 0)),
        ("bm90IGEgdG9rZW4=".to_owned(), (401, 9622)),
    ] {
        bench.token = token;
        assert_eq!(bench.get("assets").await.error(), error);
    }
    bench.token = reading;
    let date = &bench.get("client/config").await.json["tokenExpirationDate"];
    assert_eq!(date, "2031-05-06T07:08:09+0000");
    let retire = json!({ "users": [{ "clientUserId": "person-0-0000" }] });
    assert_eq!(bench.post("users/retire", retire).await.error().1, 9637);
}

#[tokio::test]
async fn a_version_from_before_still_tells_what_came_since() {
    let (bench, path) = (Bench::start().await, file("versions"));
    let version = |answer: Value| answer["versionId"].as_str().unwrap().to_owned();
    let start = version(bench.get("assignments").await.json);
    let users = version(bench.get("users").await.json);
    let give = |n: usize| json!({ "assets": [bench.asset(0)], "serialNumbers": [bench.serials(4)[n]] });
    bench.run("assets/associate", give(0)).await;
    bench
        .run("users/create", json!({ "users": [{ "clientUserId": "late" }] }))
        .await;
    bench.sandbox.control().save(&path).unwrap();
    let restored = bench.restored(&path).await;
    restored.run("assets/associate", give(3)).await;
    let added = restored
        .get(&format!("assignments?sinceVersionId={start}"))
        .await
        .json;
    assert_eq!(added["size"], 2);
    let added = restored.get(&format!("users?sinceVersionId={users}")).await.json;
    assert_eq!(
        (&added["size"], &added["users"][0]["clientUserId"]),
        (&json!(1), &json!("late"))
    );
}

/// Ids of all kinds that the sandbox made up: a token, events, an invitation.
async fn new_ids(bench: &Bench, user: &str) -> Vec<String> {
    let control = bench.sandbox.control();
    let create = json!({ "users": [{ "clientUserId": user }] });
    let accepted = bench.post("users/create", create).await.json;
    let event = accepted["eventId"].as_str().unwrap();
    bench.finished(event).await;
    vec![
        control.issue_token(&bench.uid).unwrap(),
        event.to_owned(),
        control.invite_code(&bench.uid, user).unwrap(),
    ]
}

#[tokio::test]
async fn no_id_comes_twice_even_when_a_file_is_restored_twice() {
    let (bench, path) = (Bench::start().await, file("ids"));
    bench.sandbox.control().save(&path).unwrap();
    let mut ids = new_ids(&bench, "a").await;
    for later in [1, 2] {
        let settings = SandboxSettings {
            saved: Some(path.clone()),
            ..SandboxSettings::default()
        };
        settings.clock.advance(later * 1000);
        let restored = Bench {
            sandbox: Sandbox::start(settings).await.unwrap(),
            uid: bench.uid.clone(),
            token: bench.token.clone(),
            client: bench.client.clone(),
        };
        ids.extend(new_ids(&restored, "a").await);
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 9);
}
