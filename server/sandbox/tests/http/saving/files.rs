//! The file itself: missing, damaged, replaced, large.

use super::{file, states};
use crate::harness::{Bench, small};
use sandbox::{AssetKey, Organisation, PricingParam, Purchase, Sandbox, SandboxSettings, StartError};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

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
        ("{}".to_owned(), "missing field"),
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

#[cfg(unix)]
#[tokio::test]
async fn the_file_has_tokens_in_it_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, path) = (Bench::start().await, file("private"));
    bench.sandbox.control().save(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn the_count_of_changes_grows_with_all_that_is_saved_and_with_nothing_else() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let mut before = control.changes();
    let mut grown = |what: &str, wanted: bool| {
        let now = control.changes();
        assert_eq!(now > before, wanted, "{what}");
        before = now;
    };
    for path in [
        "client/config",
        "assets",
        "assignments",
        "users",
        "service/config",
    ] {
        bench.get(path).await;
    }
    control.locations();
    control.state(&bench.uid).unwrap();
    grown("reading", false);
    control.set_version(&bench.adam_id(0), "7.7").unwrap();
    grown("a product", true);
    let token = control.issue_token(&bench.uid).unwrap();
    grown("a token", true);
    control.revoke_token(&token).unwrap();
    grown("a revoked token", true);
    control.expire_token(&token, None).unwrap();
    grown("an expired token", true);
    control.rename(&bench.uid, "Other").unwrap();
    grown("a name", true);
    control
        .add_organisation(&Organisation { seed: 5, ..small() })
        .unwrap();
    grown("a location", true);
    let settings = serde_json::json!({ "notificationTypes": ["ASSET_COUNT"] });
    bench.post("client/config", settings).await;
    grown("a setting", true);
    let nobody = serde_json::json!({ "serialNumbers": ["NOBODY"] });
    bench.run("assets/revoke", nobody).await;
    grown("an event without tasks", true);
}
