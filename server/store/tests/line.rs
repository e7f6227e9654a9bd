//! Who is in the line for an app, in which place, and when it is looked at again.

use crate::{
    assignments::{add_devices, all_planned, assigned, form, group, queued, save, saved},
    setup::{
        DAY, NOW, Raw, app, batch, device, devices, leased, on_each_raw, operation, pairs, states, synced,
        walk,
    },
};
use contract::{
    AppleError, AssetId, UnixMillis,
    activity::OperationKind::Assign,
    assignments::Change,
    licenses::{Holder, LicenseState},
};
use store::{
    Db,
    checks::Doubt,
    fulfilment::{Fulfilment, Mark, NEW_ASSIGNMENT},
    locations::Fence,
    operations::{BatchResult, NewBatch, NewOperation, Pair},
    planning::PlanLicense,
};

use LicenseState::{Failed, Held, Requested, Waiting};

const SHORTAGE: u32 = 9709;
const REFUSED: u32 = 9602;

fn error(number: u32) -> AppleError {
    AppleError {
        number,
        message: "no".to_owned(),
    }
}

/// Ends all that is open: these fail, the others are done.
async fn end(db: &Db, fence: &Fence, failing: &[(Pair, u32)], at: UnixMillis) {
    for open in db.open_batches(fence, NOW + DAY, 99).await.unwrap() {
        let assets: Vec<AssetId> = open.assets.iter().map(|asset| asset.0).collect();
        let mut result = BatchResult::default();
        for pair in pairs(&batch(&assets, &open.holders)) {
            match failing.iter().find(|(own, _)| *own == pair) {
                Some((_, number)) => result.failed.push((pair, error(*number))),
                None => result.done.push(pair),
            }
        }
        db.end_batch(fence, open.id, &result, at).await.unwrap();
    }
}

async fn remove(db: &Db, asset: AssetId, group: &str) {
    let change = Change::Remove {
        asset,
        group: group.into(),
    };
    let removed = Fulfilment {
        at: NOW + 3000,
        applied: Some(saved(db, "remove", change).await),
        ..Fulfilment::default()
    };
    db.fulfil(None, &removed).await.unwrap();
}

/// What the device has, or waits for.
async fn license(db: &Db, asset: AssetId, number: u32) -> PlanLicense {
    let all = db
        .planning_data(&[asset], &["all_devices".into()], None)
        .await
        .unwrap();
    let found = all.assets[0]
        .device_licenses
        .iter()
        .find(|license| all.devices[license.position as usize].serial.as_str() == device(number).id());
    *found.unwrap()
}

async fn place(db: &Db, asset: AssetId, number: u32) -> (LicenseState, UnixMillis, i64) {
    let license = license(db, asset, number).await;
    (license.state, license.since, license.turn)
}

async fn line(db: &Db, asset: AssetId) -> Vec<Holder> {
    let waiting = walk(async |page| db.waiting_list(asset, &page).await).await;
    waiting.into_iter().map(|row| row.holder).collect()
}

fn later(operation: NewOperation, at: UnixMillis) -> NewOperation {
    NewOperation {
        created_at: at,
        ..operation
    }
}

fn waiting(fence: &Fence, name: &str, asset: AssetId, numbers: &[u32], at: UnixMillis) -> NewOperation {
    let waiting = numbers.iter().map(|number| (asset, device(*number)));
    NewOperation {
        waiting: waiting.collect(),
        ..later(operation(fence, name, Assign, Vec::new()), at)
    }
}

async fn insert(db: &Db, operation: NewOperation) {
    db.insert_operations(&[operation], None).await.unwrap();
}

#[test]
fn r2_what_a_removed_assignment_gave_is_looked_at_again_when_apple_is_through_with_it() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        add_devices(&db, 3).await;
        group(&raw, "g", 1, &["device-00", "device-01"]).await;
        db.fulfil(None, &assigned(&db, &fence, ids[0], "g", 2, 0).await)
            .await
            .unwrap();
        let by_hand = batch(&ids[1..], &devices(2..3));
        insert(&db, operation(&fence, "by-hand", Assign, vec![by_hand])).await;
        remove(&db, ids[0], "g").await;
        assert_eq!(queued(&db, &fence).await, ids[..1]);
        all_planned(&db, &fence).await;
        end(&db, &fence, &[((ids[0], device(1)), REFUSED)], NOW + 4000).await;
        assert_eq!(
            states(&db, ids[0]).await,
            [(device(0), Held), (device(1), Failed)]
        );
        assert_eq!(queued(&db, &fence).await, ids[..1], "and nothing else");
    });
}

#[test]
fn a8_whoever_failed_keeps_the_place_under_another_assignment_and_when_all_may_wait() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 3).await;
        for id in ["first", "second"] {
            group(&raw, id, 1, &["device-00"]).await;
            db.fulfil(None, &assigned(&db, &fence, asset, id, 0, 0).await)
                .await
                .unwrap();
        }
        let stored = db.assignments_of(asset).await.unwrap();
        let fails = async |assignment: i64, at| {
            let fails = Fulfilment {
                at,
                by: "Pomona".to_owned(),
                holders: vec![device(0)],
                fails: vec![Mark {
                    asset,
                    assignment,
                    holders: vec![0],
                }],
                ..Fulfilment::default()
            };
            db.fulfil(None, &fails).await.unwrap();
        };
        fails(stored[0].number, NOW).await;
        fails(stored[1].number, NOW + DAY).await;
        assert_eq!(place(&db, asset, 0).await, (Failed, NOW, 0));
        // From now on it may wait.
        insert(&db, waiting(&fence, "wait", asset, &[1, 0], NOW + DAY)).await;
        assert_eq!(place(&db, asset, 0).await, (Waiting, NOW, 0));
        assert_eq!(line(&db, asset).await, [device(0), device(1)]);
        // Whoever waits and fails keeps the turn, too; whoever was refused by Apple begins anew.
        insert(&db, waiting(&fence, "turns", asset, &[2], NOW + DAY)).await;
        raw.run("UPDATE licenses SET turn = 7").await;
        fails(stored[0].number, NOW + 2 * DAY).await;
        assert_eq!(place(&db, asset, 0).await, (Failed, NOW, 7));
        raw.run("UPDATE licenses SET error_number = 9602 WHERE state = 5")
            .await;
        fails(stored[0].number, NOW + 3 * DAY).await;
        assert_eq!(place(&db, asset, 0).await, (Failed, NOW + 3 * DAY, 0));
    });
}

#[test]
fn a8_whoever_asked_is_in_the_line_since_then_whatever_came_of_it() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), devices(3..4))]).await[0];
        add_devices(&db, 4).await;
        group(&raw, "g", 1, &["device-00"]).await;
        let planned = assigned(&db, &fence, asset, "g", 1, 1).await;
        let planned = Fulfilment {
            holders: devices(0..4),
            fails: vec![Mark {
                asset,
                assignment: NEW_ASSIGNMENT,
                holders: vec![2],
            }],
            since: (0..4).map(|at| (asset, at, NOW - i64::from(at))).collect(),
            ..planned
        };
        let held = place(&db, asset, 3).await;
        db.fulfil(None, &planned).await.unwrap();
        assert_eq!(place(&db, asset, 0).await, (Requested, NOW, 0));
        assert_eq!(place(&db, asset, 1).await, (Waiting, NOW - 1, 0));
        assert_eq!(place(&db, asset, 2).await, (Failed, NOW - 2, 0));
        assert_eq!(place(&db, asset, 3).await, held);
    });
}

#[test]
fn a8_whom_apple_has_none_left_for_comes_before_those_who_were_behind() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        add_devices(&db, 6).await;
        // The first has waited for long; then there are three by our count, and one in truth.
        insert(&db, waiting(&fence, "long", asset, &[5], NOW)).await;
        let gets = [device(5), device(0), device(1), device(2)];
        let new = NewOperation {
            waiting: vec![(asset, device(3)), (asset, device(4))],
            ..operation(&fence, "new", Assign, vec![batch(&[asset], &gets)])
        };
        let at = new.created_at;
        insert(&db, new).await;
        assert_eq!(
            place(&db, asset, 5).await,
            (Requested, NOW, 1),
            "it is not held yet"
        );
        let short = [0, 1, 5].map(|number| ((asset, device(number)), SHORTAGE));
        end(&db, &fence, &short, NOW + 9000).await;
        assert_eq!(place(&db, asset, 0).await, (Failed, at, 0));
        assert_eq!(place(&db, asset, 2).await, (Held, NOW + 9000, 0));
        insert(&db, waiting(&fence, "again", asset, &[1, 0, 5], NOW + DAY)).await;
        assert_eq!(line(&db, asset).await, [5, 0, 1, 3, 4].map(device));
        // Another refusal is none of the line's.
        insert(
            &db,
            later(
                operation(&fence, "once", Assign, vec![batch(&[asset], &gets[..1])]),
                NOW + DAY,
            ),
        )
        .await;
        end(&db, &fence, &[((asset, device(5)), REFUSED)], NOW + 2 * DAY).await;
        assert_eq!(place(&db, asset, 5).await, (Failed, NOW + 2 * DAY, 0));
    });
}

#[test]
fn a8_devices_and_people_of_one_list_wait_in_its_order() {
    on_each_raw(|db, _raw| async move {
        let fence = leased(&db, "A").await;
        let asset = synced(&db, &fence, &[(app(1), vec![])]).await[0];
        let user = |name: &str| Holder::User(name.to_owned());
        let list = [user("b"), device(2), user("a"), device(1)];
        let new = NewOperation {
            waiting: list.iter().map(|holder| (asset, holder.clone())).collect(),
            ..operation(&fence, "list", Assign, Vec::new())
        };
        insert(&db, new).await;
        assert_eq!(line(&db, asset).await, list);
    });
}

/// An app of A's whose assignment draws from B, and the same app of B's.
struct Drawing {
    a: Fence,
    b: Fence,
    own: AssetId,
    source: AssetId,
}

impl Drawing {
    /// The first device has asked B for one, and waits in A's line.
    async fn new(db: &Db, raw: &Raw) -> Self {
        let (a, b) = (leased(db, "A").await, leased(db, "B").await);
        let own = synced(db, &a, &[(app(1), vec![])]).await[0];
        let source = synced(db, &b, &[(app(1), vec![])]).await[0];
        add_devices(db, 2).await;
        group(raw, "g", 1, &["device-00", "device-01"]).await;
        let mut draws = form("g");
        draws.settings.draw_from = Some(b.location.clone());
        let saves = Fulfilment {
            at: NOW,
            applied: Some(saved(db, "draws", save(own, draws)).await),
            ..Fulfilment::default()
        };
        db.fulfil(None, &saves).await.unwrap();
        insert(db, waiting(&a, "wait", own, &[0], NOW)).await;
        let number = db.assignments_of(own).await.unwrap()[0].number;
        let draw = Fulfilment {
            at: NOW,
            holders: vec![device(0)],
            operations: vec![operation(&b, "draw", Assign, vec![Self::first(source)])],
            marks: vec![Mark {
                asset: source,
                assignment: number,
                holders: vec![0],
            }],
            ..Fulfilment::default()
        };
        db.fulfil(None, &draw).await.unwrap();
        let drawing = Self { a, b, own, source };
        all_planned(db, &drawing.a).await;
        drawing
    }

    fn first(source: AssetId) -> NewBatch {
        batch(&[source], &devices(0..1))
    }

    /// When A's is planned again, if not at once.
    async fn planned_at(&self, db: &Db, at: UnixMillis) -> bool {
        !db.assets_to_plan(&self.a.location, at, 9)
            .await
            .unwrap()
            .is_empty()
    }

    async fn free(&self, db: &Db) -> Option<i64> {
        let data = db.planning_data(&[self.own], &[], None).await.unwrap();
        data.assets[0].sources[0].free
    }

    async fn doubted(&self, db: &Db) {
        let doubt = Doubt {
            key: app(1).key,
            holders: false,
        };
        db.add_doubts(&self.b, &[doubt], NOW).await.unwrap();
    }
}

#[test]
fn a12_whose_draw_apple_refused_is_planned_again_a_moment_later() {
    on_each_raw(|db, raw| async move {
        let drawing = Drawing::new(&db, &raw).await;
        assert!(!drawing.planned_at(&db, NOW + DAY).await);
        let short = [((drawing.source, device(0)), SHORTAGE)];
        end(&db, &drawing.b, &short, NOW + 4000).await;
        assert!(
            !drawing.planned_at(&db, NOW + 4000).await,
            "what is in doubt is told first"
        );
        assert!(drawing.planned_at(&db, NOW + 9000).await);
        // Each time later, like that of the location itself.
        db.plan_later(&drawing.b, Some(drawing.source), NOW + 60_000)
            .await
            .unwrap();
        assert!(!drawing.planned_at(&db, NOW + 9000).await);
        assert!(drawing.planned_at(&db, NOW + 60_000).await);
    });
}

#[test]
fn a12_nobody_has_to_wait_for_a_refused_draw_to_be_planned_again() {
    on_each_raw(|db, raw| async move {
        let drawing = Drawing::new(&db, &raw).await;
        raw.run(&format!("DELETE FROM licenses WHERE asset = {}", drawing.own))
            .await;
        raw.run("UPDATE assets SET waiting = 0").await;
        all_planned(&db, &drawing.a).await;
        let refused = [((drawing.source, device(0)), REFUSED)];
        end(&db, &drawing.b, &refused, NOW + 4000).await;
        assert!(drawing.planned_at(&db, NOW + 9000).await);
    });
}

#[test]
fn a12_what_was_drawn_and_is_there_has_the_line_planned_again() {
    on_each_raw(|db, raw| async move {
        let drawing = Drawing::new(&db, &raw).await;
        end(&db, &drawing.b, &[], NOW + 4000).await;
        assert!(drawing.planned_at(&db, NOW + 4000).await);
    });
}

#[test]
fn a12_nothing_is_drawn_while_the_counts_there_are_in_doubt() {
    on_each_raw(|db, raw| async move {
        let drawing = Drawing::new(&db, &raw).await;
        end(&db, &drawing.b, &[], NOW + 4000).await;
        all_planned(&db, &drawing.a).await;
        assert_eq!(drawing.free(&db).await, Some(9));
        drawing.doubted(&db).await;
        assert_eq!(drawing.free(&db).await, Some(0));
        assert!(!drawing.planned_at(&db, NOW + DAY).await);
        db.drop_doubt(&drawing.b, &app(1).key).await.unwrap();
        assert_eq!(drawing.free(&db).await, Some(9));
        assert!(drawing.planned_at(&db, NOW).await, "somebody waits");
    });
}
