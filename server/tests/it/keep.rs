//! Assignments stay true whatever changes around them.

use crate::{
    shop::{REQUIRED, Shop},
    stand::{apple_says, until, usual},
};
use contract::{
    AssetId,
    assignments::{
        AssignmentForm, Change, GroupAssignments, Intent, LicenseKind, Reason, Shortage, Target, Verdict,
    },
    devices::{DeviceForm, Devices},
    licenses::{Act, Holder, LedgerQuery, LicenseQuery, Licenses, Revocation, RevocationForm, UnknownOrigin},
    people::{People, PersonForm},
    reclaim::RuleKind,
    tokens::Tokens,
};
use sandbox::Faults;
use std::collections::BTreeSet;
use store::assignments::Asker;

/// The device, said to be this person's by an import.
pub async fn give(shop: &Shop, device: usize, user: &str) {
    let line = format!(
        "serial,name,user\n{},Device,{user}",
        shop.devices[device].serial.as_str()
    );
    let done = Devices::import_csv(&shop.stand.portal, &shop.stand.owner, &line)
        .await
        .unwrap();
    assert!(done.bad.is_empty() && done.added == 0, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_a_device_licence_follows_the_person_to_whichever_devices_there_are() {
    let mut shop = Shop::open(4, 4).await;
    let first = shop.devices[0].id.clone();
    shop.person("anna", &[first]).await;
    shop.person("bo", &[]).await;
    shop.group("people", 0, ["anna".to_owned()]).await;
    shop.assign("people", REQUIRED).await;
    shop.holds("her device has it", shop.serials(0..1)).await;
    give(&shop, 1, "Anna").await;
    shop.holds("her second device has it too", shop.serials(0..2))
        .await;
    give(&shop, 1, "bo").await;
    shop.holds("it is somebody else's now", shop.serials(0..1)).await;
    let form = DeviceForm {
        name: "New".into(),
        serial: "NEWDEVICE123".into(),
        user_name: "anna".into(),
        ..DeviceForm::default()
    };
    Devices::add(&shop.stand.portal, &shop.stand.owner, form)
        .await
        .unwrap();
    let both: BTreeSet<String> = shop
        .serials(0..1)
        .into_iter()
        .chain(["NEWDEVICE123".to_owned()])
        .collect();
    shop.holds("the new one has it", both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_a_user_licence_for_devices_is_given_to_a_person_who_comes_later() {
    let mut shop = Shop::open(2, 2).await;
    give(&shop, 0, "anna").await;
    let device = shop.ids(0..1);
    shop.group("devices", 1, device).await;
    let user = Target::Include {
        intent: Intent::Required,
        kind: LicenseKind::User,
    };
    shop.assign("devices", user).await;
    let form = PersonForm {
        name: "Anna".into(),
        user_name: "anna".into(),
        email: "anna@skola.example".into(),
        ..PersonForm::default()
    };
    People::add(&shop.stand.portal, &shop.stand.owner, form)
        .await
        .unwrap();
    until("she has it", async || {
        let at_apple = apple_says(&shop.stand.sandbox, &shop.stand.uid());
        at_apple.iter().any(|(_, holder)| holder.starts_with("user "))
    })
    .await;
}

/// The app is no longer assigned to the group.
async fn remove(shop: &Shop, group: &str) {
    let change = Change::Remove {
        asset: shop.app,
        group: group.into(),
    };
    let plan = shop.plan(change).await.unwrap();
    shop.apply(&plan).await;
}

async fn verdict(shop: &Shop, device: usize) -> Option<Verdict> {
    let serial = shop.devices[device].serial.as_str();
    let told = shop
        .stand
        .portal
        .explain(&shop.stand.owner, shop.app, serial)
        .await;
    told.unwrap().verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_whoever_asked_once_does_not_take_a_later_offer_unasked() {
    let mut shop = Shop::open(2, 2).await;
    let device = shop.devices[0].id.clone();
    shop.person("bo", std::slice::from_ref(&device)).await;
    shop.group("people", 0, ["bo".to_owned()]).await;
    let available = Target::Include {
        intent: Intent::Available,
        kind: LicenseKind::Device,
    };
    shop.assign("people", available).await;
    let asker = Asker::Device(device);
    shop.stand.portal.ask_for(shop.app, &asker).await.unwrap();
    shop.holds("asked for", shop.serials(0..1)).await;
    remove(&shop, "people").await;
    shop.holds("removed", BTreeSet::new()).await;
    shop.assign("people", available).await;
    assert_eq!(
        verdict(&shop, 0).await,
        Some(Verdict::Offered),
        "it waits to be asked"
    );
    shop.stand.portal.ask_for(shop.app, &asker).await.unwrap();
    shop.holds("asked for again", shop.serials(0..1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_what_apple_still_gives_for_a_removed_assignment_goes_when_it_is_there() {
    let mut shop = Shop::open(2, 2).await;
    let both = shop.ids(0..2);
    shop.group("g", 1, both).await;
    shop.stand.sandbox.control().set_faults(Faults {
        event_latency_ms: 1000,
        ..usual()
    });
    shop.assign("g", REQUIRED).await;
    remove(&shop, "g").await;
    until("Apple gives them", async || shop.at_apple() == shop.serials(0..2)).await;
    shop.holds("both are free again", BTreeSet::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_what_a_rule_took_can_be_asked_for_again() {
    let mut shop = Shop::open(1, 1).await;
    let device = shop.devices[0].id.clone();
    let members = shop.ids(0..1);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("it has it", shop.serials(0..1)).await;
    let holder = Holder::Device(shop.devices[0].serial.clone());
    let pair = (shop.app, holder.clone());
    let now = shop.stand.portal.clock.now() + 1;
    shop.run(format!(
        "INSERT INTO reclaims (asset, holder, kind, rule, queued_at) VALUES ({}, '{}', 0, 1, 0)",
        shop.app,
        holder.id()
    ))
    .await;
    shop.stand
        .portal
        .db
        .reclaim(None, &[], &[(pair, RuleKind::Unseen)], now)
        .await
        .unwrap();
    revoke(&shop, vec![(shop.app, holder)]).await;
    shop.holds("a rule took it", BTreeSet::new()).await;
    let reclaimed = Verdict::Cannot {
        reason: Reason::Reclaimed,
    };
    assert_eq!(verdict(&shop, 0).await, Some(reclaimed));
    shop.stand
        .portal
        .ask_for(shop.app, &Asker::Device(device))
        .await
        .unwrap();
    shop.holds("somebody wants it", shop.serials(0..1)).await;
}

async fn revoke(shop: &Shop, licenses: Vec<(AssetId, Holder)>) {
    let what = Revocation::Licenses { licenses };
    Licenses::revoke(&shop.stand.portal, &shop.stand.owner, RevocationForm::of(what))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_a_preview_says_what_assignments_would_give_again() {
    let mut shop = Shop::open(4, 4).await;
    let serials: Vec<String> = shop.serials(0..2).into_iter().collect();
    let by_hand = shop.stand.assign(vec![shop.app], &serials).await;
    shop.stand.done(&by_hand).await;
    let members = shop.ids(1..4);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..4)).await;
    let preview = Licenses::preview_revocation(
        &shop.stand.portal,
        &shop.stand.owner,
        Revocation::Asset { asset: shop.app },
        UnknownOrigin::Stays,
    )
    .await
    .unwrap();
    assert_eq!((preview.licenses, preview.given_again), (4, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn t8_what_is_revoked_before_a_token_is_deleted_does_not_come_back() {
    let mut shop = Shop::open(5, 3).await;
    let members = shop.ids(0..4);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("three have it", shop.serials(0..3)).await;
    let serials: Vec<String> = shop.serials(4..5).into_iter().collect();
    shop.stand.assign(vec![shop.app], &serials).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let row = shop.stand.token().await;
    let (token, unknown) = (row.id, UnknownOrigin::Goes);
    let operation = Tokens::revoke_all(portal, owner, &token, &row.name, unknown)
        .await
        .unwrap();
    let row = shop.stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (3, 0));
    until("nothing is left to be planned", async || {
        let location = shop.stand.token().await.location;
        let queued = portal.db.assets_to_plan(&location, i64::MAX, 9).await.unwrap();
        queued.is_empty()
    })
    .await;
    shop.holds("nobody has it", BTreeSet::new()).await;
    let left = Tokens::deletion(portal, owner, &token).await.unwrap();
    assert_eq!((left.revocable, left.operations_open), (0, 0));
    assert!(shop.rows().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_devices_chosen_by_hand_wait_when_apple_has_none_left() {
    let shop = Shop::open(6, 3).await;
    let key = sandbox::AssetKey {
        adam_id: shop.adam_id.as_str().into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let taken: Vec<String> = shop.serials(3..6).into_iter().collect();
    let control = shop.stand.sandbox.control();
    control.set_faults(Faults {
        lost_notifications: 1.0,
        ..usual()
    });
    control.assign_outside(&shop.stand.uid(), &key, &taken).unwrap();
    let chosen: Vec<String> = shop.serials(0..2).into_iter().collect();
    let operation = shop.stand.assign(vec![shop.app], &chosen).await;
    let row = shop.stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (0, 2), "Apple had fewer than was known");
    control.set_faults(usual());
    shop.buy(2);
    let all: BTreeSet<String> = shop.serials(0..2).union(&shop.serials(3..6)).cloned().collect();
    until("they waited for it", async || shop.at_apple() == all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_for_want_of_licences_is_gone_when_the_group_is_left() {
    let mut shop = Shop::open(4, 1).await;
    let members = shop.ids(0..3);
    shop.group("g", 1, members).await;
    let form = AssignmentForm {
        shortage: Shortage::Fail,
        ..shop.form("g", REQUIRED)
    };
    shop.save(form).await;
    shop.holds("one has it", shop.serials(0..1)).await;
    until("two failed", async || shop.rows().await[0].failed == 2).await;
    let members = shop.ids(0..2);
    shop.members("g", members).await;
    until("one of them has left", async || shop.rows().await[0].failed == 1).await;
    remove(&shop, "g").await;
    let failed = LicenseQuery {
        asset: Some(shop.app),
        ..LicenseQuery::default()
    };
    until("nothing is left of it", async || {
        let page = Licenses::list(&shop.stand.portal, &shop.stand.owner, failed.clone()).await;
        page.unwrap().rows.is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_what_the_engine_takes_back_names_the_group() {
    let mut shop = Shop::open(3, 3).await;
    let members = shop.ids(0..2);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("both have it", shop.serials(0..2)).await;
    let members = shop.ids(1..2);
    shop.members("g", members).await;
    shop.holds("one left", shop.serials(1..2)).await;
    remove(&shop, "g").await;
    shop.holds("nobody has it", BTreeSet::new()).await;
    let query = LedgerQuery {
        asset: Some(shop.app),
        act: Some(Act::Released),
        ..LedgerQuery::default()
    };
    let lines = Licenses::ledger(&shop.stand.portal, &shop.stand.owner, query)
        .await
        .unwrap()
        .rows;
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line.actor.as_str(), line.reason.as_str()))
        .collect();
    assert_eq!(told, [("Ada", "Group g"), ("Pomona", "Group g")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_what_apple_refuses_to_take_back_is_tried_again_with_the_next_sync_and_no_sooner() {
    let mut shop = Shop::open(4, 4).await;
    let first = shop.ids(0..1);
    let second = shop.ids(1..2);
    shop.group("g", 1, first).await;
    shop.group("h", 1, second).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("it has it", shop.serials(0..1)).await;
    let control = shop.stand.sandbox.control();
    control.reset_requests();
    control.set_faults(Faults {
        event_error: Some(9602),
        ..usual()
    });
    let remove = Change::Remove {
        asset: shop.app,
        group: "g".into(),
    };
    let plan = shop.plan(remove).await.unwrap();
    let operation = shop.apply(&plan).await.unwrap();
    assert_eq!(shop.stand.done(&operation).await.failed, 1);
    let asked = || {
        let requests = control.requests();
        let revoked = requests
            .iter()
            .filter(|request| request.path.ends_with("/disassociate"));
        revoked.count()
    };
    // A plan that has come out in between has looked at it, too.
    control.set_faults(usual());
    for (at, group) in ["h", "k"].into_iter().enumerate() {
        if group == "k" {
            let third = shop.ids(2..3);
            shop.group("k", 1, third).await;
        }
        shop.assign(group, REQUIRED).await;
        shop.holds("planned again", shop.serials(0..at + 2)).await;
    }
    assert_eq!(asked(), 1, "it was not asked for again");
    let token = shop.stand.token().await.id;
    Tokens::sync(&shop.stand.portal, &shop.stand.owner, &token)
        .await
        .unwrap();
    shop.holds("taken back after the sync", shop.serials(1..3)).await;
    assert_eq!(asked(), 2);
}
