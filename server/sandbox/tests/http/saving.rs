//! Saving the world and restoring it.

use crate::harness::{Bench, small, until};
use sandbox::{
    AssetKey, Control, Faults, MdmInfo, Organisation, PricingParam, Purchase, Sandbox, SandboxSettings,
    StartError, TokenRequest, TokenRole,
};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file for a test alone, not there yet.
fn file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.json", std::process::id()));
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
    control.add_organisation(&Organisation {
        seed: 8,
        name: "Second".to_owned(),
        locations: 2,
        ..small()
    });
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
    assert!(
        control
            .assets(&uid)
            .unwrap()
            .iter()
            .all(|a| a.assigned_count == 0)
    );
    let settings = SandboxSettings {
        saved: Some(path),
        ..SandboxSettings::default()
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    let rows = sandbox.control().state(&uid).unwrap().assignments;
    let bench = Bench {
        sandbox,
        uid,
        token,
        client,
    };
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].serial_number.as_deref(),
        Some(bench.serials(3)[2].as_str())
    );
    let users = bench.sandbox.control().users(&bench.uid).unwrap();
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
    let serials: Vec<String> = (0..1000)
        .map(|n| sandbox::serial_number(bench.uid.len() as u64, n))
        .collect();
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
    let summary = restored.sandbox.control().summary(&bench.uid).unwrap();
    assert_eq!(summary.assignments, 6000);
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

#[tokio::test]
async fn without_a_file_the_organisations_are_generated() {
    let settings = SandboxSettings {
        saved: Some(file("missing")),
        ..SandboxSettings::with([small()])
    };
    let sandbox = Sandbox::start(settings).await.unwrap();
    assert_eq!(sandbox.control().locations().len(), 1);
}

#[tokio::test]
async fn a_damaged_file_is_refused_in_plain_words() {
    let (bench, path) = (Bench::start().await, file("damaged"));
    bench.sandbox.control().save(&path).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    let mut twice: Value = serde_json::from_str(&good).unwrap();
    let location = twice["locations"][0].clone();
    twice["locations"].as_array_mut().unwrap().push(location);
    let cases = [
        (good[..good.len() / 2].to_owned(), "EOF"),
        (format!("{good}{good}"), "trailing characters"),
        (String::new(), "EOF"),
        ("[]".to_owned(), "missing field"),
        (
            good.replacen("\"format\":1", "\"format\":7", 1),
            "it has format 7",
        ),
        (twice.to_string(), "is there twice"),
        (good.replace(&bench.uid[..15], "999999999999999"), ""),
        (
            good.replacen(&format!("\"uid\":\"{}\"", bench.uid), "\"uid\":\"1\"", 1),
            "which is missing",
        ),
    ];
    for (text, words) in cases {
        std::fs::write(&path, text).unwrap();
        let settings = SandboxSettings {
            saved: Some(path.clone()),
            ..SandboxSettings::default()
        };
        let started = Sandbox::start(settings).await;
        if words.is_empty() {
            // Consistent, though not what was written: another uId everywhere.
            assert!(started.is_ok());
            continue;
        }
        let error = started.unwrap_err();
        assert!(matches!(error, StartError::Damaged { .. }));
        let said = error.to_string();
        assert!(
            said.contains(words) && said.contains("damaged") && said.contains("delete it"),
            "{said}"
        );
    }
    let folder = SandboxSettings {
        saved: path.parent().map(Path::to_owned),
        ..SandboxSettings::default()
    };
    assert!(matches!(
        Sandbox::start(folder).await,
        Err(StartError::Saved { .. })
    ));
}

#[tokio::test]
async fn a_file_is_replaced_whole_or_not_at_all() {
    let (bench, path) = (Bench::start().await, file("replaced"));
    let control = bench.sandbox.control();
    let nowhere = path.with_extension("").join("missing").join("state.json");
    let said = control.save(&nowhere).unwrap_err().to_string();
    assert!(said.starts_with("cannot save the sandbox to"), "{said}");
    // A folder cannot be replaced by a file.
    std::fs::create_dir_all(&path).unwrap();
    assert!(control.save(&path).is_err());
    std::fs::remove_dir(&path).unwrap();
    control.save(&path).unwrap();
    control.rename(&bench.uid, "Later").unwrap();
    control.save(&path).unwrap();
    let restored = bench.restored(&path).await;
    assert_eq!(restored.sandbox.control().locations()[0].name, "Later");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let beside = path.with_file_name(format!("{name}.new"));
    assert!(!beside.exists());
}

#[tokio::test]
async fn a_hundred_thousand_assignments_are_saved_and_restored_soon() {
    let organisation = Organisation {
        devices: 4000,
        apps: 25,
        assignments: 100_000,
        ..Organisation::default()
    };
    let bench = Bench::with(organisation).await;
    let path = file("large");
    let control = bench.sandbox.control();
    // Through the journal, too.
    let key = AssetKey {
        adam_id: control.assets(&bench.uid).unwrap()[0].adam_id.clone(),
        pricing_param: PricingParam::Stdq,
    };
    control
        .buy(&bench.uid, &Purchase::of(&*key.adam_id, 2000))
        .unwrap();
    let serials: Vec<String> = (0..2000).map(|n| format!("FOREIGN{n:05}")).collect();
    control.assign_outside(&bench.uid, &key, &serials).unwrap();
    let start = tokio::time::Instant::now();
    control.save(&path).unwrap();
    let restored = bench.restored(&path).await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(std::fs::metadata(&path).unwrap().len() < 3_000_000);
    assert_eq!(
        restored
            .sandbox
            .control()
            .summary(&bench.uid)
            .unwrap()
            .assignments,
        102_000
    );
    assert_eq!(states(&control), states(&restored.sandbox.control()));
}
