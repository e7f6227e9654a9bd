//! What a device runs, what a person can have, and what another tool installs: plans, the explanation, the check-in page and
//! what is given at Apple say the same (A3, A13, P4).

use crate::{
    checkin::checked_in,
    shop::{REQUIRED, Shop},
    stand::{until, usual},
    users::{REQUIRED as USER_REQUIRED, School},
};
use contract::{
    AssetId, DeviceId,
    assignments::{
        AssignmentForm, Assignments, Change, DeviceSelection, GroupAssignments, Intent, LicenseKind,
        PlanRequest, Reason, Target, Verdict,
    },
    checkin::{AppState, CheckInView},
    devices::{DeviceForm, Devices, Platform},
};
use sandbox::Faults;
use store::{devices::Import, planning::Errand};

const RUNS_ELSEWHERE: Verdict = Verdict::Cannot {
    reason: Reason::RunsElsewhere,
};

/// A Mac, and iPads.
async fn shop_with_a_mac(platforms: &str) -> Shop {
    let mut shop = Shop::open(3, 3).await;
    let mac = shop.devices[0].id.clone();
    shop.run(format!(
        "UPDATE devices SET platform = 'ipados' WHERE id <> '{mac}';
         UPDATE devices SET platform = 'macos' WHERE id = '{mac}';
         UPDATE assets SET platforms = '{platforms}' WHERE id = {}",
        shop.app
    ))
    .await;
    let all = shop.ids(0..3);
    shop.group("all", 1, all).await;
    shop
}

async fn states(shop: &Shop, device: usize) -> Vec<AppState> {
    let phone = checked_in(&shop.stand, &shop.devices[device].id).await;
    let answer = phone.call("checkin/view", &[]).await;
    match answer.json().await.unwrap() {
        CheckInView::Device(page) => {
            let own = page.apps.into_iter().filter(|app| app.id == shop.app);
            own.map(|app| app.state).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_group_gives_an_app_to_the_devices_that_run_it_and_tells_the_others_why_not() {
    let mut shop = shop_with_a_mac("macOS").await;
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("all", REQUIRED),
    };
    let plan = shop.plan(change).await.unwrap();
    let (portal, owner) = (shop.stand.portal.clone(), shop.stand.owner.clone());
    let view = portal.change_view(&owner, &plan).await.unwrap();
    let counts = view.counts;
    assert_eq!((counts.gets, counts.waits, counts.cannot), (1, 0, 2));
    assert_eq!((counts.installs, view.used_after), (1, 1));
    assert_eq!(view.reasons, [(Reason::RunsElsewhere, 2)]);
    shop.apply(&plan).await;
    shop.holds("the Mac has it", shop.serials(0..1)).await;
    assert_eq!(shop.rows().await[0].waiting, 0);
    let explained = portal
        .explain(&owner, shop.app, shop.devices[1].serial.as_str())
        .await;
    assert_eq!(explained.unwrap().verdict, Some(RUNS_ELSEWHERE));
    let reason = Reason::RunsElsewhere;
    assert_eq!(states(&shop, 1).await, [AppState::Cannot { reason }]);

    // Somebody says what the device really is.
    let mac = shop.devices[1].clone();
    let form = DeviceForm {
        serial: mac.serial.as_str().to_owned(),
        platform: Platform::MacOs,
        ..DeviceForm::default()
    };
    let now = portal.clock.now();
    portal
        .db
        .import_devices(&[(mac.id, form)], now, Import::Write)
        .await
        .unwrap();
    shop.stand.portal.wake.ring();
    shop.holds("so has the other one", shop.serials(0..2)).await;
    shop.run(format!(
        "UPDATE assets SET platforms = 'iOS,macOS' WHERE id = {}",
        shop.app
    ))
    .await;
    shop.stand.portal.wake.ring();
    shop.holds("and it runs on all now", shop.serials(0..3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_by_hand_no_device_gets_what_it_does_not_run() {
    let shop = shop_with_a_mac("iOS").await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let mut serials: Vec<String> = shop.serials(0..3).into_iter().collect();
    serials.push("UNKNOWNHERE1".to_owned());
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Pasted {
            text: serials.join("\n"),
        },
    };
    let plan = portal.plan(owner, request).await.unwrap();
    let view = portal.view(owner, &plan).await.unwrap();
    assert_eq!((view.outcomes.gets, view.outcomes.waits), (2, 0));
    let mut reasons = view.reasons;
    reasons.sort();
    assert_eq!(
        reasons,
        [(Reason::UnknownSerial, 1), (Reason::RunsElsewhere, 1)],
        "of one that is not known nothing is said of its platform"
    );
    Assignments::apply(portal, owner, &plan).await.unwrap();
    shop.holds("the iPads have it", shop.serials(1..3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_what_a_person_may_have_is_not_offered_on_the_device_that_does_not_run_it() {
    let mut shop = shop_with_a_mac("iOS").await;
    let own: Vec<DeviceId> = shop.devices[0..2]
        .iter()
        .map(|device| device.id.clone())
        .collect();
    shop.person("berg", &own).await;
    shop.group("people", 0, ["berg".to_owned()]).await;
    let offer = Target::Include {
        intent: Intent::Available,
        kind: LicenseKind::User,
    };
    shop.assign("people", offer).await;
    let explained = shop
        .stand
        .portal
        .explain(&shop.stand.owner, shop.app, "berg")
        .await;
    assert_eq!(
        explained.unwrap().verdict,
        Some(Verdict::Offered),
        "one device runs it"
    );
    let reason = Reason::RunsElsewhere;
    assert_eq!(states(&shop, 0).await, [AppState::Cannot { reason }]);
    assert_eq!(states(&shop, 1).await, [AppState::Available { free: true }]);
    let take = async |device: usize| {
        let phone = checked_in(&shop.stand, &shop.devices[device].id).await;
        let asset = shop.app.to_string();
        let answer = phone.call("checkin/take", &[("asset", asset.as_str())]).await;
        answer.text().await.unwrap()
    };
    assert!(take(0).await.contains("app_runs_elsewhere"));
    assert_eq!(take(1).await, "null");
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_user_licence_is_neither_offered_nor_installed_on_a_device_that_cannot_use_it() {
    let mut shop = shop_with_a_mac("iOS").await;
    let own: Vec<DeviceId> = shop.devices[1..3]
        .iter()
        .map(|device| device.id.clone())
        .collect();
    shop.person("berg", &own).await;
    shop.run(format!(
        "UPDATE devices SET enrolment = 'user' WHERE id = '{}'",
        own[1]
    ))
    .await;
    shop.group("people", 0, ["berg".to_owned()]).await;
    let user = |intent| Target::Include {
        intent,
        kind: LicenseKind::User,
    };
    shop.assign("people", user(Intent::Available)).await;
    let reason = Reason::ManagedAccountNeeded;
    assert_eq!(states(&shop, 1).await, [AppState::Available { free: true }]);
    assert_eq!(states(&shop, 2).await, [AppState::Cannot { reason }]);
    let phone = checked_in(&shop.stand, &own[1]).await;
    let asset = shop.app.to_string();
    let answer = phone.call("checkin/take", &[("asset", asset.as_str())]).await;
    assert!(answer.text().await.unwrap().contains("not_offered"));
    shop.assign("people", user(Intent::Required)).await;
    let wanted = async |device: usize| {
        let serial = &shop.devices[device].serial;
        let errands = shop.stand.portal.db.device_errands(serial).await.unwrap();
        errands.iter().map(|errand| errand.errand).collect::<Vec<_>>()
    };
    until("it is wanted where it can be used", async || {
        wanted(1).await == [contract::licenses::Errand::Install]
    })
    .await;
    assert_eq!(wanted(2).await, []);
}

/// The only device of the person anna.
async fn device_of_anna(school: &School, store_blocked: bool) {
    let form = DeviceForm {
        name: "Pad".into(),
        serial: "ANNASPAD0001".into(),
        platform: Platform::IPadOs,
        user_name: "anna".into(),
        store_blocked,
        ..DeviceForm::default()
    };
    Devices::add(&school.stand.portal, &school.stand.owner, form)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_managed_account_gets_the_licence_that_the_plan_says_though_the_store_is_blocked() {
    let school = School::open(5).await;
    device_of_anna(&school, true).await;
    school.person("anna", "anna@managed.example").await;
    let plan = school.plan(school.app.id, USER_REQUIRED).await;
    let view = school.view(&plan).await;
    assert_eq!((view.counts.gets, view.counts.cannot), (1, 0));
    school.apply(&plan, false).await.unwrap();
    school.held("as the plan said", school.app.id, 1).await;
}

async fn errands(school: &School, asset: AssetId) -> Vec<Errand> {
    let groups = [school.group.clone(), "all_devices".into()];
    let db = &school.stand.portal.db;
    let data = db.planning_data(&[asset], &groups, None).await.unwrap();
    data.assets[0].errands.iter().map(|(_, errand)| *errand).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_a_licence_without_install_is_given_and_taken_back_and_no_device_is_to_do_anything() {
    let school = School::open(5).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    device_of_anna(&school, false).await;
    school.person("anna", "").await;
    let mut form = school.form(USER_REQUIRED);
    form.settings.license_only = true;
    let change = Change::Save {
        asset: school.app.id,
        form,
    };
    let plan = portal.plan_change(owner, change).await.unwrap();
    let counts = school.view(&plan).await.counts;
    assert_eq!((counts.gets, counts.installs), (1, 0));
    school.apply(&plan, false).await.unwrap();
    school.held("the licence", school.app.id, 1).await;
    assert_eq!(errands(&school, school.app.id).await, []);
    assert!(
        portal.rows(owner, school.app.id).await.unwrap()[0]
            .settings
            .license_only
    );
    let change = Change::Remove {
        asset: school.app.id,
        group: school.group.clone(),
    };
    let plan = portal.plan_change(owner, change).await.unwrap();
    let counts = school.view(&plan).await.counts;
    assert_eq!((counts.loses, counts.uninstalls), (1, 0));
    school.apply(&plan, false).await.unwrap();
    school.held("it is free", school.app.id, 0).await;
    assert_eq!(errands(&school, school.app.id).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a13_what_another_tool_installed_is_not_removed_from_the_devices_of_whoever_leaves() {
    let school = School::open(5).await;
    device_of_anna(&school, false).await;
    let anna = school.person("anna", "").await;
    let mut form = school.form(USER_REQUIRED);
    form.settings.license_only = true;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let change = Change::Save {
        asset: school.app.id,
        form,
    };
    let plan = portal.plan_change(owner, change).await.unwrap();
    school.apply(&plan, false).await.unwrap();
    school.held("the licence", school.app.id, 1).await;
    crate::users::leave(&school, &anna).await;
    until("it is free", async || {
        school.licenses(school.app.id).await.is_empty()
    })
    .await;
    assert_eq!(errands(&school, school.app.id).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_what_was_on_its_way_when_the_assignment_was_removed_is_taken_back_and_no_app_removed() {
    let school = School::open(5).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    device_of_anna(&school, false).await;
    school.person("anna", "").await;
    let asset = school.app.id;
    let save = async |form: AssignmentForm| {
        let plan = portal
            .plan_change(owner, Change::Save { asset, form })
            .await
            .unwrap();
        school.apply(&plan, false).await.unwrap();
    };
    let stays = AssignmentForm {
        group: "all_devices".into(),
        ..school.form(Target::Exclude)
    };
    save(stays).await;
    school.stand.sandbox.control().set_faults(Faults {
        event_latency_ms: 3000,
        ..usual()
    });
    let mut form = school.form(USER_REQUIRED);
    form.settings.license_only = true;
    save(form).await;
    until("Apple is at it", async || school.calls("/assets/associate") == 1).await;
    let group = school.group.clone();
    let plan = portal
        .plan_change(owner, Change::Remove { asset, group })
        .await
        .unwrap();
    let counts = school.view(&plan).await.counts;
    assert_eq!((counts.loses, counts.keeps, counts.uninstalls), (1, 0, 0));
    school.apply(&plan, false).await.unwrap();
    until("it came and went", async || {
        school.calls("/assets/disassociate") == 1 && school.licenses(asset).await.is_empty()
    })
    .await;
    assert_eq!(errands(&school, asset).await, []);
}
