//! Whatever is asked, counts agree and no licence is given twice.

use crate::harness::Bench;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sandbox::{Faults, Timing};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
struct Step {
    verb: &'static str,
    assets: Vec<u32>,
    devices: Vec<usize>,
    users: Vec<usize>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verb = prop::sample::select(vec!["associate", "associate", "disassociate", "revoke"]);
    let step = (
        verb,
        prop::collection::btree_set(0u32..6, 1..4),
        prop::collection::btree_set(0usize..20, 1..9),
        prop::collection::btree_set(0usize..6, 0..4),
    );
    let step = step.prop_map(|(verb, assets, devices, users)| Step {
        verb,
        assets: assets.into_iter().collect(),
        devices: devices.into_iter().collect(),
        users: users.into_iter().collect(),
    });
    prop::collection::vec(step, 40)
}

#[tokio::test]
async fn assigned_and_available_always_add_up_and_match_the_assignments() {
    let bench = Bench::with_faults(Faults {
        unknown_user: Timing::Async,
        ..Faults::default()
    })
    .await;
    let serials = bench.serials(20);
    let steps = steps()
        .new_tree(&mut TestRunner::deterministic())
        .unwrap()
        .current();
    for step in steps {
        let assets: Vec<Value> = step.assets.iter().map(|index| bench.asset(*index)).collect();
        let devices: Vec<&String> = step.devices.iter().map(|index| &serials[*index]).collect();
        // Users 4 and 5 do not exist.
        let users: Vec<String> = step
            .users
            .iter()
            .map(|index| format!("person-0-{index:04}"))
            .collect();
        let mut body = json!({ "assets": assets, "serialNumbers": devices, "clientUserIds": users });
        if step.verb == "revoke" {
            body.as_object_mut().unwrap().remove("assets");
        }
        let status = bench.run(&format!("assets/{}", step.verb), body).await;
        let failed = status["eventStatus"] == "FAILED";
        assert_eq!(failed, status.get("failures").is_some());
        let state = bench.sandbox.control().state(&bench.uid).unwrap();
        for asset in &state.assets {
            assert_eq!(asset.assigned_count + asset.available_count, asset.total_count);
            let held = state
                .assignments
                .iter()
                .filter(|row| row.adam_id == asset.adam_id)
                .count();
            assert_eq!(held, usize::try_from(asset.assigned_count).unwrap());
        }
        let mut unique = state.assignments.clone();
        unique.dedup();
        assert_eq!(unique.len(), state.assignments.len());
    }
}
