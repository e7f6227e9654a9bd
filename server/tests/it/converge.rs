//! Continuous (A8): whatever happens at Apple, in groups and to Pomona itself, the engine comes to rest where it should be.

use crate::{
    shop::Shop,
    stand::{until, usual},
};
use contract::{
    Code, GroupId,
    assignments::{
        AssignmentForm, Change, GroupAssignments, Intent, LicenseKind, Priority, Shortage, Target, Verdict,
    },
    licenses::LicenseState,
    people::{People, PersonForm},
    tokens::Tokens,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use sandbox::{Faults, Purchase};
use server::engine::{fulfil::AssetPlan, planning::Planning};
use std::collections::BTreeMap;

/// What differs from what should be, without a reason told.
fn untold(planning: &Planning, plan: &AssetPlan) -> Vec<String> {
    let busy = plan.lines.iter().filter(|line| match line.verdict {
        Verdict::Has | Verdict::Offered | Verdict::Keeps { .. } | Verdict::Cannot { .. } => false,
        Verdict::Waits { .. } => line.state != Some(LicenseState::Waiting),
        Verdict::Gets | Verdict::Draws | Verdict::Loses | Verdict::Leaves | Verdict::Returns => true,
    });
    busy.map(|line| format!("{line:?} of {} devices", planning.data.devices.len()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_engine_comes_to_rest_where_each_difference_has_a_reason() {
    const DEVICES: usize = 24;
    let mut shop = Shop::open(DEVICES as u32, 8).await;
    let uid = shop.stand.uid();
    let key = sandbox::AssetKey {
        adam_id: shop.adam_id.as_str().into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let mut random = StdRng::seed_from_u64(4);
    for (person, devices) in [("ada", 0..4), ("bo", 4..6), ("cy", 6..7)] {
        let devices: Vec<_> = shop.devices[devices]
            .iter()
            .map(|device| device.id.clone())
            .collect();
        shop.person(person, &devices).await;
    }
    for group in ["d1", "d2", "d3"] {
        shop.group(group, 1, Vec::new()).await;
    }
    for group in ["p1", "p2"] {
        shop.group(group, 0, Vec::new()).await;
    }
    let intents = [
        Intent::Required,
        Intent::Required,
        Intent::Available,
        Intent::Uninstall,
    ];
    for _ in 0..90 {
        match random.random_range(0..12) {
            0 | 1 => {
                let group = *["d1", "d2", "d3"].choose(&mut random).unwrap();
                let members: Vec<_> = (0..DEVICES)
                    .filter(|_| random.random_bool(0.4))
                    .map(|at| shop.devices[at].id.0.clone())
                    .collect();
                shop.members(group, members).await;
            }
            2 => {
                let group = *["p1", "p2"].choose(&mut random).unwrap();
                let people = ["ada", "bo", "cy"]
                    .into_iter()
                    .filter(|_| random.random_bool(0.5));
                let people: Vec<_> = people.map(str::to_owned).collect();
                shop.members(group, people).await;
            }
            3 => shop.buy(random.random_range(1..3)),
            4 => {
                let purchase = Purchase::of(shop.adam_id.clone(), 1);
                // There may be none that nobody holds.
                drop(shop.stand.sandbox.control().refund(&uid, &purchase));
            }
            5 => {
                let serial = shop.devices.choose(&mut random).unwrap().serial.to_string();
                drop(shop.stand.sandbox.control().assign_outside(&uid, &key, &[serial]));
            }
            6 => {
                let group = *["d1", "d2", "d3", "p1", "p2"].choose(&mut random).unwrap();
                let change = Change::Remove {
                    asset: shop.app,
                    group: group.into(),
                };
                shop.try_change(change).await;
            }
            7 => {
                let user = *["", "ada", "bo", "cy"].choose(&mut random).unwrap();
                let device = random.random_range(0..DEVICES);
                crate::keep::give(&shop, device, user).await;
            }
            8 => {
                let person = *["ada", "bo", "cy"].choose(&mut random).unwrap();
                let form = PersonForm {
                    name: person.to_owned(),
                    user_name: person.to_owned(),
                    active: random.random_bool(0.7),
                    ..PersonForm::default()
                };
                People::change(&shop.stand.portal, &shop.stand.owner, &person.into(), form, None)
                    .await
                    .unwrap();
            }
            9 => {
                let faults = Faults {
                    lost_notifications: *[0.0, 0.5, 1.0].choose(&mut random).unwrap(),
                    ..usual()
                };
                shop.stand.sandbox.control().set_faults(faults);
            }
            10 => {
                // Wherever the engine is, it goes on from what is written.
                let clock = shop.stand.portal.clock.clone();
                shop = Shop {
                    stand: shop.stand.restart(clock).await,
                    ..shop
                };
            }
            _ => {
                let group = *["d1", "d2", "d3", "p1", "p2"].choose(&mut random).unwrap();
                let target = match random.random_range(0..5) {
                    0 => Target::Exclude,
                    _ => Target::Include {
                        intent: *intents.choose(&mut random).unwrap(),
                        kind: LicenseKind::Device,
                    },
                };
                let form = AssignmentForm {
                    priority: *Priority::ALL.choose(&mut random).unwrap(),
                    shortage: *Shortage::ALL.choose(&mut random).unwrap(),
                    reserved: random.random_range(0..3),
                    ..shop.form(group, target)
                };
                shop.try_change(Change::Save {
                    asset: shop.app,
                    form,
                })
                .await;
            }
        }
    }
    shop.stand.sandbox.control().set_faults(usual());
    // What was done outside is found by a sync.
    let token = shop.stand.token().await.id;
    Tokens::sync(&shop.stand.portal, &shop.stand.owner, &token)
        .await
        .unwrap();
    shop.stand.synced(&token).await;
    let mut last = Vec::new();
    until("nothing is left to do", async || {
        let planning = Planning::read(&shop.stand.portal.db, &[shop.app], None)
            .await
            .unwrap();
        let plan = planning.plans().remove(0);
        last = untold(&planning, &plan);
        let moving = planning.data.assets[0]
            .device_licenses
            .iter()
            .any(|license| matches!(license.state, LicenseState::Requested | LicenseState::Releasing));
        let held = shop.held(LicenseState::Held).await;
        last.is_empty() && !moving && held == shop.at_apple()
    })
    .await;
    let rows: BTreeMap<GroupId, i64> = shop
        .rows()
        .await
        .into_iter()
        .map(|row| (row.group, row.waiting))
        .collect();
    let waiting = shop.waiting().await.0.unwrap();
    assert_eq!(
        rows.values().sum::<i64>(),
        waiting,
        "everybody waits by an assignment"
    );
}

impl Shop {
    /// Saves a change; a plan that lapsed meanwhile, or is refused, is left.
    async fn try_change(&self, change: Change) {
        if let Ok(plan) = self.plan(change).await {
            let (portal, owner) = (&self.stand.portal, &self.stand.owner);
            if let Err(fault) = portal.apply_change(owner, &plan, false).await {
                assert_eq!(fault.code, Code::PlanLapsed, "{fault}");
            }
        }
    }
}
