//! Assignments to groups against the stand-in Apple: licences are given, waited for, handed on and taken back as groups,
//! counts and assignments change.

use crate::{
    shop::{REQUIRED, Shop},
    stand::{until, usual},
    web::Visitor,
};
use contract::{
    Code, DeviceId, PageQuery, PlanId, Role,
    activity::{Activity, OperationState, Reach},
    assignments::{
        AssignmentForm, AssignmentRow, Assignments, Change, ChangeFilter, DeviceSelection, Explained,
        GroupAssignments, Intent, LicenseKind, NewPlan, PlanRequest, Priority, Prompts, Reason, Settled,
        Shortage, Target, Verdict,
    },
    catalog::{AssetQuery, Catalog, ProductType},
    groups::{GroupForm, GroupKind, Groups},
    licenses::{Act, Holder, LedgerQuery, LicenseState, Licenses, Revocation, RevocationForm},
};
use sandbox::Faults;
use std::collections::BTreeSet;
use store::assignments::Asker;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_licences_for_five_hundred_go_to_the_first_and_what_is_bought_to_the_next() {
    let mut shop = Shop::open(500, 100).await;
    let all = shop.ids(0..500);
    shop.group("all", 1, all).await;
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("all", REQUIRED),
    };
    let plan = shop.plan(change).await.unwrap();
    let view = shop.view(&plan).await;
    assert_eq!(
        (view.counts.gets, view.counts.waits, view.counts.cannot),
        (100, 400, 0)
    );
    assert_eq!((view.used_after, view.total, view.lapsed), (100, 100, false));
    assert_eq!(view.counts.installs, 100);
    assert_eq!(view.prompts.iter().map(|(_, count)| count).sum::<i64>(), 500);
    let operation = shop.apply(&plan).await.unwrap();
    assert_eq!(shop.apply(&plan).await, Some(operation.clone()), "applied once");
    let row = shop.stand.done(&operation).await;
    assert_eq!((row.done, row.failed, row.waiting), (100, 0, 400));
    shop.holds("the first hundred have it", shop.serials(0..100))
        .await;
    let (total, first) = shop.waiting().await;
    assert_eq!(total, Some(400));
    let expected: Vec<_> = shop.devices[100..200]
        .iter()
        .map(|device| device.serial.to_string())
        .collect();
    assert_eq!(first, expected, "in order");

    shop.buy(3);
    shop.holds("the next three have it", shop.serials(0..103)).await;
    assert_eq!(shop.waiting().await.0, Some(397));

    let freed = Holder::Device(shop.devices[0].serial.clone());
    let revocation = Revocation::Licenses {
        licenses: vec![(shop.app, freed)],
    };
    Licenses::revoke(
        &shop.stand.portal,
        &shop.stand.owner,
        RevocationForm::of(revocation),
    )
    .await
    .unwrap();
    shop.holds("a freed licence goes to the next", shop.serials(1..104))
        .await;
    until("whoever lost it waits at the end", async || {
        shop.held(LicenseState::Waiting)
            .await
            .contains(shop.devices[0].serial.as_str())
    })
    .await;
    until("the numbers are right", async || {
        let row = shop.rows().await.remove(0);
        (row.members, row.licensed, row.waiting, row.failed) == (500, 103, 397, 0)
    })
    .await;
    shop.stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_a_group_gets_a_licence_and_who_leaves_frees_it_for_the_next() {
    let mut shop = Shop::open(8, 3).await;
    let members = shop.ids(0..2);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("both have it", shop.serials(0..2)).await;
    let members = shop.ids(0..5);
    shop.members("g", members).await;
    shop.holds("one more has it", shop.serials(0..3)).await;
    until("the others wait", async || shop.waiting().await.0 == Some(2)).await;
    let members = shop.ids(1..5);
    shop.members("g", members).await;
    shop.holds("the licence was handed on", shop.serials(1..4)).await;
    let query = LedgerQuery {
        holder: shop.devices[0].serial.to_string(),
        asset: Some(shop.app),
        ..LedgerQuery::default()
    };
    let ledger = Licenses::ledger(&shop.stand.portal, &shop.stand.owner, query)
        .await
        .unwrap()
        .rows;
    let acts: Vec<_> = ledger
        .iter()
        .rev()
        .map(|line| (line.act, line.actor.as_str()))
        .collect();
    let expected = [
        (Act::Requested, "Ada"),
        (Act::Held, "Ada"),
        (Act::Releasing, "Pomona"),
        (Act::Released, "Pomona"),
    ];
    assert_eq!(acts, expected);

    shop.members("g", Vec::new()).await;
    shop.holds("nobody has it", BTreeSet::new()).await;
    until("nobody waits", async || shop.waiting().await.0 == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_an_assignment_frees_its_licences_unless_it_keeps_them() {
    let mut shop = Shop::open(6, 6).await;
    let (some, others) = (shop.ids(0..2), shop.ids(2..4));
    shop.group("goes", 1, some).await;
    shop.group("keeps", 1, others).await;
    shop.assign("goes", REQUIRED).await;
    let mut form = shop.form("keeps", REQUIRED);
    form.settings.keep_licenses = true;
    shop.save(form).await;
    shop.holds("all four have it", shop.serials(0..4)).await;
    for group in ["goes", "keeps"] {
        let change = Change::Remove {
            asset: shop.app,
            group: group.into(),
        };
        let plan = shop.plan(change).await.unwrap();
        let view = shop.view(&plan).await;
        let loses = if group == "goes" { 2 } else { 0 };
        assert_eq!(
            (view.counts.loses, view.counts.uninstalls),
            (loses, loses),
            "{group}"
        );
        shop.apply(&plan).await;
        // A plan that is made while licences are on their way may lapse.
        shop.holds("two keep it", shop.serials(2..4)).await;
    }
    assert!(shop.rows().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_subscription_fails_where_it_is_to_fail_and_what_is_bought_goes_to_who_failed() {
    let mut shop = Shop::open(5, 2).await;
    let members = shop.ids(0..4);
    shop.group("g", 1, members).await;
    let form = AssignmentForm {
        shortage: Shortage::Fail,
        ..shop.form("g", REQUIRED)
    };
    shop.save(form.clone()).await;
    shop.holds("two have it", shop.serials(0..2)).await;
    until("the others failed", async || {
        shop.held(LicenseState::Failed).await == shop.serials(2..4)
    })
    .await;
    assert_eq!(shop.waiting().await.0, Some(0));
    let none_left = Verdict::Cannot {
        reason: Reason::NoneLeft,
    };
    assert_eq!(shop.explain(2).await.verdict, Some(none_left));
    shop.buy(1);
    shop.holds("one more has it", shop.serials(0..3)).await;
    assert_eq!(shop.explain(2).await.verdict, Some(Verdict::Has));
    assert_eq!(shop.explain(3).await.verdict, Some(none_left));
    shop.save(form).await;
    until("one is left that failed", async || {
        shop.rows().await[0].failed == 1
    })
    .await;
}

impl Shop {
    async fn explain(&self, device: usize) -> contract::assignments::Explanation {
        let serial = self.devices[device].serial.as_str();
        self.stand
            .portal
            .explain(&self.stand.owner, self.app, serial)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn available_takes_the_licence_when_it_is_asked_for() {
    let mut shop = Shop::open(3, 2).await;
    let device = shop.devices[1].id.clone();
    shop.person("bo", std::slice::from_ref(&device)).await;
    shop.group("people", 0, ["bo".to_owned()]).await;
    let target = Target::Include {
        intent: Intent::Available,
        kind: LicenseKind::Device,
    };
    assert_eq!(
        shop.assign("people", target).await,
        None,
        "nothing to be done at Apple"
    );
    let portal = shop.stand.portal.clone();
    assert_eq!(shop.explain(1).await.verdict, Some(Verdict::Offered));
    let stranger = Asker::Device(shop.devices[0].id.clone());
    assert_eq!(
        portal.ask_for(shop.app, &stranger).await.unwrap_err().code,
        Code::NotOffered
    );
    assert!(shop.at_apple().is_empty());
    portal.ask_for(shop.app, &Asker::Device(device)).await.unwrap();
    shop.holds("it is there", shop.serials(1..2)).await;
    assert_eq!(shop.explain(1).await.wanted.installs, 1, "wanted, never done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_of_those_who_asked_between_two_plans_the_first_to_ask_is_first() {
    let mut shop = Shop::open(4, 1).await;
    let devices: Vec<DeviceId> = shop.devices.iter().map(|device| device.id.clone()).collect();
    shop.person("bo", &devices).await;
    shop.group("people", 0, ["bo".to_owned()]).await;
    let available = Target::Include {
        intent: Intent::Available,
        kind: LicenseKind::Device,
    };
    shop.assign("people", available).await;
    let asked = [(2, 100), (0, 200), (3, 300), (1, 400)];
    let rows = asked.map(|(at, since)| format!("({}, '{}', 0, {since})", shop.app, devices[at]));
    shop.run(format!(
        "INSERT INTO asked (asset, member, kind, at) VALUES {}",
        rows.join(", ")
    ))
    .await;
    shop.stand.portal.wake.ring();
    shop.holds("whoever asked first has it", shop.serials(2..3)).await;
    let serial = |at: usize| shop.devices[at].serial.to_string();
    assert_eq!(shop.waiting().await.1, [0, 3, 1].map(serial));
    shop.buy(1);
    shop.holds(
        "then whoever asked next",
        shop.serials(0..1).into_iter().chain(shop.serials(2..3)).collect(),
    )
    .await;
    assert_eq!(shop.waiting().await.1, [3, 1].map(serial));
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstall_takes_licences_back_and_conflicts_are_settled_by_the_table() {
    let mut shop = Shop::open(4, 4).await;
    let device = shop.devices[1].id.clone();
    shop.person("bo", std::slice::from_ref(&device)).await;
    let all = shop.ids(0..3);
    shop.group("devices", 1, all).await;
    shop.group("people", 0, ["bo".to_owned()]).await;
    shop.assign("devices", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..3)).await;
    let uninstall = Target::Include {
        intent: Intent::Uninstall,
        kind: LicenseKind::Device,
    };
    shop.assign("people", uninstall).await;
    let told = shop.explain(1).await;
    assert_eq!(told.settled, Some(Settled::Required), "UX + DR = R");
    assert!(
        told.steps
            .iter()
            .any(|step| matches!(step, Explained::Row { .. }))
    );
    let counting: Vec<_> = told
        .brought
        .iter()
        .map(|one| (one.group_name.as_str(), one.counts))
        .collect();
    assert_eq!(counting, [("Group devices", true), ("Group people", false)]);
    shop.assign("devices", uninstall).await;
    shop.holds("all are taken back", BTreeSet::new()).await;
    assert_eq!(shop.explain(0).await.wanted.uninstalls, 1);
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("devices", Target::Exclude),
    };
    let plan = shop.plan(change).await.unwrap();
    shop.apply(&plan).await;
    let told = shop.explain(0).await;
    assert_eq!((told.settled, told.steps.len()), (None, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_the_reason() {
    let mut shop = Shop::open(4, 4).await;
    let owned = shop.ids(0..1);
    let first = shop.devices[0].id.clone();
    shop.person("bo", &[first]).await;
    shop.group("devices", 1, owned).await;
    shop.group("people", 0, ["bo".to_owned()]).await;
    let refused = async |group: &str, asset, target| {
        let change = Change::Save {
            asset,
            form: shop.form(group, target),
        };
        shop.plan(change).await.map(|_| ()).unwrap_err().code
    };
    let include = |intent, kind| Target::Include { intent, kind };
    let available = include(Intent::Available, LicenseKind::Device);
    assert_eq!(
        refused("devices", shop.app, available).await,
        Code::AvailableNeedsPeople
    );
    let books = AssetQuery {
        product: ProductType::Book,
        ..AssetQuery::default()
    };
    let books = Catalog::list(&shop.stand.portal, &shop.stand.owner, books)
        .await
        .unwrap()
        .rows;
    assert_eq!(
        refused("devices", books[0].id, REQUIRED).await,
        Code::BookUserOnly
    );
    assert_eq!(refused("nobody", shop.app, REQUIRED).await, Code::FieldsInvalid);
    shop.assign("devices", REQUIRED).await;
    shop.holds("it has it", shop.serials(0..1)).await;
    let user = include(Intent::Required, LicenseKind::User);
    assert_eq!(refused("devices", shop.app, user).await, Code::DeviceToUser);

    let book = Change::Save {
        asset: books[0].id,
        form: shop.form("people", user),
    };
    let plan = shop.plan(book).await.unwrap();
    let view = shop.view(&plan).await;
    assert!(view.irrevocable);
    assert_eq!((view.counts.gets, view.reasons.len()), (1, 0));
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let unconfirmed = portal.apply_change(owner, &plan, false).await.unwrap_err();
    assert_eq!(unconfirmed.code, Code::ConfirmationNeeded);
    assert!(portal.apply_change(owner, &plan, true).await.unwrap().is_some());

    let reader = crate::stand::account(portal, "reader@harbour.example".into(), Role::ReadOnly).await;
    let change = Change::Remove {
        asset: shop.app,
        group: "devices".into(),
    };
    let forbidden = portal.plan_change(&reader, change).await.unwrap_err();
    assert_eq!(forbidden.code, Code::NotAllowed);
    assert!(portal.rows(&reader, shop.app).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_a_change_lapses_when_the_data_changes() {
    let mut shop = Shop::open(6, 6).await;
    let members = shop.ids(0..3);
    shop.group("g", 1, members).await;
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("g", REQUIRED),
    };
    let plan = shop.plan(change.clone()).await.unwrap();
    let members = shop.ids(0..4);
    shop.members("g", members).await;
    assert!(shop.view(&plan).await.lapsed);
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let refused = portal.apply_change(owner, &plan, false).await.unwrap_err();
    assert_eq!(refused.code, Code::PlanLapsed);
    let NewPlan::Change(again) = portal.again(owner, &plan).await.unwrap() else {
        panic!("a plan of a change");
    };
    let page = PageQuery::default();
    let lines = portal
        .change_lines(owner, &again, ChangeFilter::Gets, page)
        .await
        .unwrap();
    assert_eq!(lines.total, Some(4));
    assert!(
        lines
            .rows
            .iter()
            .all(|line| line.group_name.is_none() || line.verdict == Verdict::Gets)
    );
    assert!(matches!(
        shop.view(&again).await.prompts.as_slice(),
        [(Prompts::Asked { .. }, 4)]
    ));
    // A7: it is applied as it was shown, with what will be asked.
    let first = shop.devices[0].id.clone();
    shop.run(format!(
        "UPDATE devices SET supervised = NOT supervised WHERE id = '{first}'"
    ))
    .await;
    assert!(shop.view(&again).await.lapsed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_plan_whose_group_was_deleted_has_lapsed_says_so_and_is_not_made_again() {
    let mut shop = Shop::open(1, 1).await;
    shop.group("g", 1, []).await;
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("g", REQUIRED),
    };
    let plan = shop.plan(change).await.unwrap();
    assert!(!shop.view(&plan).await.lapsed);
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    Groups::delete(portal, owner, &"g".into(), "Group g")
        .await
        .unwrap();
    let view = shop.view(&plan).await;
    assert!(view.lapsed && view.group_gone, "nobody was in it");
    assert_eq!(view.group_name, "");
    let refused = portal.apply_change(owner, &plan, false).await.unwrap_err();
    assert_eq!(refused.code, Code::PlanLapsed);
    let refused = Assignments::again(portal, owner, &plan).await.unwrap_err();
    assert_eq!(refused.code, Code::NotFound);
    let desk = Visitor::signed_in_as(&shop.stand, Role::Administrator).await;
    let page = desk.get(&format!("/assignments/plans/{plan}")).await;
    let page = page.text().await.unwrap();
    assert!(page.contains("The group of this plan was deleted."), "{page}");
    assert!(page.contains(&format!("href=\"/assignments?asset={}\"", shop.app)));
    assert!(!page.contains("Make a new plan") && !page.contains("Save and apply"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_afterwards_counts_what_is_under_way_at_apple() {
    let mut shop = Shop::open(4, 3).await;
    let members = shop.ids(0..4);
    shop.group("g", 1, members).await;
    let slow = Faults {
        event_latency_ms: 3_600_000,
        ..usual()
    };
    shop.stand.sandbox.control().set_faults(slow.clone());
    shop.assign("g", REQUIRED).await;
    let (portal, owner) = (shop.stand.portal.clone(), shop.stand.owner.clone());
    let used_after = async |shop: &Shop, change: Change| {
        let plan = shop.plan(change).await.unwrap();
        let view = shop.view(&plan).await;
        (view.counts.has, view.counts.loses, view.used_after)
    };
    let again = Change::Save {
        asset: shop.app,
        form: shop.form("g", REQUIRED),
    };
    assert_eq!(used_after(&shop, again.clone()).await, (3, 0, 3));
    let devices = shop.devices.iter().map(|device| device.id.clone()).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let by_hand = Assignments::plan(&portal, &owner, request).await.unwrap();
    let by_hand = Assignments::view(&portal, &owner, &by_hand).await.unwrap();
    assert_eq!(by_hand.assets[0].used_after, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_plan_that_is_applied_goes_on_saying_what_it_said_and_is_applied_once() {
    let mut shop = Shop::open(4, 3).await;
    let members = shop.ids(0..4);
    shop.group("g", 1, members).await;
    let form = shop.form("g", REQUIRED);
    let plan = shop
        .plan(Change::Save {
            asset: shop.app,
            form,
        })
        .await
        .unwrap();
    let before = shop.view(&plan).await;
    assert_eq!(
        (before.counts.gets, before.counts.waits, before.used_after),
        (3, 1, 3)
    );
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let apply = || portal.apply_change(owner, &plan, false);
    let (a, b, c, d) = tokio::join!(apply(), apply(), apply(), apply());
    let operations: BTreeSet<_> = [a, b, c, d].map(|applied| applied.unwrap().unwrap()).into();
    assert_eq!(operations.len(), 1);
    shop.holds("three have it", shop.serials(0..3)).await;
    let applied = shop.view(&plan).await;
    assert!(applied.applied && !applied.lapsed);
    assert_eq!(applied.operation, operations.into_iter().next());
    assert_eq!(
        (applied.counts, applied.used_after, applied.prompts),
        (before.counts, before.used_after, before.prompts)
    );
    let again = Change::Save {
        asset: shop.app,
        form: shop.form("g", REQUIRED),
    };
    let again = shop.plan(again).await.unwrap();
    let counts = shop.view(&again).await.counts;
    assert_eq!((counts.has, counts.installs), (3, 0), "they are wanted already");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_chosen_by_hand_wait_in_the_same_line_and_get_what_is_bought() {
    let mut shop = Shop::open(6, 1).await;
    let serials: Vec<String> = shop.devices[0..3]
        .iter()
        .map(|device| device.serial.to_string())
        .collect();
    let operation = shop.stand.assign(vec![shop.app], &serials).await;
    shop.stand.done(&operation).await;
    let members = shop.ids(3..5);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    until("all wait", async || shop.waiting().await.0 == Some(4)).await;
    shop.buy(3);
    shop.holds("by hand first, since they waited longer", shop.serials(0..4))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_wait_by_hand_alone_are_taken_off_the_list_again() {
    let shop = Shop::open(6, 1).await;
    let the_only: Vec<String> = shop.serials(5..6).into_iter().collect();
    shop.stand.assign(vec![shop.app], &the_only).await;
    shop.holds("it is given away", shop.serials(5..6)).await;
    let serials: Vec<String> = shop.serials(0..3).into_iter().collect();
    let operation = shop.stand.assign(vec![shop.app], &serials).await;
    assert_eq!(shop.waiting().await.0, Some(3));
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let preview = Activity::preview_undo(portal, owner, &operation, Reach::Operation)
        .await
        .unwrap();
    assert_eq!((preview.licenses, preview.wait, preview.leave), (0, 0, 3));
    let undone = Activity::undo(portal, owner, &operation, Reach::Operation, "by mistake")
        .await
        .unwrap();
    assert_eq!(shop.waiting().await.0, Some(0));
    let row = Activity::detail(portal, owner, &undone).await.unwrap();
    assert_eq!(
        (row.state, row.undoes),
        (OperationState::Done, Some(operation.clone()))
    );
    let again = Activity::undo(portal, owner, &operation, Reach::Operation, "").await;
    assert!(again.is_err());
    // What is bought now is for whoever comes next.
    let next: Vec<String> = shop.serials(4..5).into_iter().collect();
    shop.stand.assign(vec![shop.app], &next).await;
    shop.buy(1);
    shop.holds("nobody is before", shop.serials(4..6)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortage_at_apple_is_waited_for() {
    let mut shop = Shop::open(8, 4).await;
    let taken: Vec<String> = shop.serials(5..8).into_iter().collect();
    let key = sandbox::AssetKey {
        adam_id: shop.adam_id.as_str().into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let uid = shop.stand.uid();
    shop.stand
        .sandbox
        .control()
        .assign_outside(&uid, &key, &taken)
        .unwrap();
    let members = shop.ids(0..3);
    shop.group("g", 1, members).await;
    shop.assign("g", REQUIRED).await;
    until("one has it and two wait", async || {
        shop.at_apple().len() == 4 && shop.waiting().await.0 == Some(2)
    })
    .await;
    shop.buy(2);
    let all: BTreeSet<_> = shop.serials(0..3).union(&shop.serials(5..8)).cloned().collect();
    shop.holds("all have it", all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_are_whole_without_scripts() {
    let mut shop = Shop::open(4, 1).await;
    let members = shop.ids(0..2);
    shop.group("g", 1, members).await;
    let visitor = Visitor::signed_in_as(&shop.stand, Role::Administrator).await;
    let text = async |path: String| {
        let answer = visitor.get(&path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    let app = shop.app;
    assert!(
        text(format!("/assignments?asset={app}"))
            .await
            .contains("No group is assigned")
    );
    assert!(
        text(format!("/assignments/edit?asset={app}"))
            .await
            .contains("Group g (2 devices)")
    );
    let asset = app.to_string();
    let fields = [
        ("asset", asset.as_str()),
        ("group", "g"),
        ("mode", "include"),
        ("intent", "required"),
        ("kind", "device"),
        ("priority", "high"),
        ("shortage", "wait"),
        ("reserved", ""),
        ("removable", "true"),
        ("vpn_profile", ""),
    ];
    let planned = visitor.call("assignments/plan-save", &fields).await;
    let plan = planned.headers()["location"].to_str().unwrap().to_owned();
    let plan = PlanId::from(plan.rsplit('/').next().unwrap());
    assert!(
        text(format!("/assignments/plans/{plan}"))
            .await
            .contains("Save and apply")
    );
    let applied = visitor
        .call("assignments/apply-change", &[("id", plan.as_str())])
        .await;
    assert!(
        applied.headers()["location"]
            .to_str()
            .unwrap()
            .starts_with("/activity/")
    );
    shop.holds("one has it", shop.serials(0..1)).await;
    let stored = shop.rows().await.remove(0);
    assert_eq!(stored.priority, Priority::High);
    assert!(stored.settings.removable && !stored.settings.uninstall_on_removal);
    let list = text(format!("/assignments?asset={app}")).await;
    assert!(list.contains("Group g") && list.contains("Required"));
    let edit = text(format!("/assignments/edit?asset={app}&group=g")).await;
    assert!(edit.contains("Change Group g"));
    let second = shop.devices[1].serial.to_string();
    assert!(
        text(format!("/assignments/waiting?asset={app}"))
            .await
            .contains(&second)
    );
    let explained = text(format!("/explain?asset={app}&holder={second}")).await;
    assert!(
        explained.contains("required for a group of devices stands alone"),
        "{explained}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_somebody_changes_or_deletes_leads_to_its_licences_at_once() {
    let shop = Shop::open(6, 6).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let pasted = |range| shop.serials(range).into_iter().collect::<Vec<_>>().join("\n");
    let form = GroupForm {
        name: "Class".to_owned(),
        kind: GroupKind::Devices,
        rule: None,
        members: pasted(0..2),
    };
    let (group, _) = Groups::add(portal, owner, form).await.unwrap();
    shop.assign(group.as_str(), REQUIRED).await;
    shop.holds("both have it", shop.serials(0..2)).await;
    Groups::add_members(portal, owner, &group, &pasted(2..4))
        .await
        .unwrap();
    shop.holds("all four have it", shop.serials(0..4)).await;
    let member = shop.devices[0].id.as_str();
    Groups::remove_member(portal, owner, &group, member)
        .await
        .unwrap();
    shop.holds("three are left", shop.serials(1..4)).await;
    shop.assign("all_devices", REQUIRED).await;
    shop.holds("all devices have it", shop.serials(0..6)).await;
    let given = |rows: Vec<AssignmentRow>| rows.iter().map(|row| row.licensed).collect::<Vec<_>>();
    assert_eq!(given(shop.rows().await), [3, 3]);
    let change = Change::Remove {
        asset: shop.app,
        group: "all_devices".into(),
    };
    let plan = shop.plan(change).await.unwrap();
    shop.apply(&plan).await;
    shop.holds("those of the class keep it", shop.serials(1..4)).await;
    shop.assign("all_devices", REQUIRED).await;
    shop.holds("all have it again", shop.serials(0..6)).await;
    let refused = Groups::delete(portal, owner, &group, "Class").await.unwrap_err();
    let name = Catalog::detail(portal, owner, shop.app).await.unwrap().row.name;
    assert_eq!((refused.code, &refused.with["apps"]), (Code::GroupInUse, &name));
    let uses = Groups::detail(portal, owner, &group).await.unwrap().uses;
    assert_eq!(uses.iter().map(|one| one.asset).collect::<Vec<_>>(), [shop.app]);
    let change = Change::Remove {
        asset: shop.app,
        group: group.clone(),
    };
    let plan = shop.plan(change).await.unwrap();
    shop.apply(&plan).await;
    Groups::delete(portal, owner, &group, "Class").await.unwrap();
    until("what the group gave is the other assignment's", async || {
        given(shop.rows().await) == [6]
    })
    .await;
    assert_eq!(shop.at_apple().len(), 6);
}
