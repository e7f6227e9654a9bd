//! What the check-in page says of apps: what it offers can be had, what cannot be had has its reason, what is withdrawn
//! stays in sight, and what will be asked is said (P2, P4, A5, A9).

use crate::{
    checkin::checked_in,
    shop::Shop,
    stand::until,
    users::{School, first},
    web::Visitor,
};
use contract::{
    AssetId, Code, DeviceId, Serial,
    assignments::{Change, GroupAssignments, Intent, LicenseKind, Reason, Target, Verdict},
    catalog::ProductType,
    checkin::{AppState, CheckInView, OwnApp, RequestQuery, Requests},
    devices::{DeviceForm, Devices, Enrolment, Platform},
    groups::Groups,
    licenses::{DeviceErrand, Errand, Licenses},
    search::HelpDesk,
    users::{AppleAccount, Users},
};
use reqwest::StatusCode;

fn include(intent: Intent, kind: LicenseKind) -> Target {
    Target::Include { intent, kind }
}

/// What the page shows of the app.
pub async fn seen(phone: &Visitor, asset: AssetId) -> Vec<OwnApp> {
    let answer = phone.call("checkin/view", &[]).await;
    match answer.json().await.unwrap() {
        CheckInView::Device(page) => page.apps.into_iter().filter(|app| app.id == asset).collect(),
        other => panic!("{other:?}"),
    }
}

async fn states(phone: &Visitor, asset: AssetId) -> Vec<AppState> {
    let seen = seen(phone, asset).await;
    seen.into_iter().map(|app| app.state).collect()
}

async fn take(phone: &Visitor, asset: AssetId) -> StatusCode {
    let asset = asset.to_string();
    phone.call("checkin/take", &[("asset", &asset)]).await.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn a5_the_page_offers_what_the_conflict_table_offers() {
    let mut shop = Shop::open(2, 2).await;
    let own = shop.devices[0].id.clone();
    shop.person("berg", std::slice::from_ref(&own)).await;
    for group in ["readers", "leavers"] {
        shop.group(group, 0, ["berg".to_owned()]).await;
    }
    shop.group("room", 1, [own.0.clone()]).await;
    let phone = checked_in(&shop.stand, &own).await;
    let app = shop.app;
    let available = include(Intent::Available, LicenseKind::Device);
    let uninstall = include(Intent::Uninstall, LicenseKind::Device);
    let serial = shop.devices[0].serial.to_string();
    shop.assign("readers", available).await;
    for (group, target, offered) in [
        ("leavers", uninstall, false),
        ("leavers", Target::Exclude, false),
        // Of the other kind of group: an exclusion there takes nothing away here.
        ("room", Target::Exclude, true),
        ("room", uninstall, true),
    ] {
        shop.assign(group, target).await;
        let explained = shop.stand.portal.explain(&shop.stand.owner, app, &serial).await;
        let says = explained.unwrap().verdict == Some(Verdict::Offered);
        assert_eq!(says, offered, "{group} {target:?}");
        let shown = states(&phone, app).await;
        let expected: &[AppState] = match offered {
            true => &[AppState::Available { free: true }],
            false => &[],
        };
        assert_eq!(shown, expected, "{group} {target:?}");
        if !offered {
            assert_eq!(take(&phone, app).await, StatusCode::CONFLICT);
        }
        let change = Change::Remove {
            asset: app,
            group: group.into(),
        };
        let plan = shop.plan(change).await.unwrap();
        shop.apply(&plan).await;
    }

    let enrolled = |as_what: &str| format!("UPDATE devices SET enrolment = '{as_what}' WHERE id = '{own}'");
    shop.run(enrolled("user")).await;
    let reason = Reason::UserEnrolment;
    assert_eq!(states(&phone, app).await, [AppState::Cannot { reason }]);
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("cannot have a licence of its own") && !page.contains("Get it"));
    assert_eq!(take(&phone, app).await, StatusCode::CONFLICT);

    shop.run(enrolled("device")).await;
    assert_eq!(take(&phone, app).await, StatusCode::OK);
    until("it is given", async || {
        states(&phone, app).await == [AppState::Licensed]
    })
    .await;
    shop.assign("leavers", uninstall).await;
    until("it is taken back", async || {
        matches!(states(&phone, app).await.as_slice(), [AppState::NotMeant { .. }])
    })
    .await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("It is no longer meant for this device.") && page.contains("It works until"));
    assert!(!page.contains("being removed"), "nothing removes it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_app_that_cannot_be_had_is_listed_with_the_reason() {
    let mut shop = Shop::open(2, 1).await;
    let own = shop.devices[0].id.clone();
    shop.run(format!(
        "UPDATE devices SET enrolment = 'user' WHERE id = '{own}'"
    ))
    .await;
    shop.group("room", 1, [own.0.clone()]).await;
    shop.assign("room", include(Intent::Required, LicenseKind::Device))
        .await;
    let phone = checked_in(&shop.stand, &own).await;
    let reason = Reason::UserEnrolment;
    assert_eq!(states(&phone, shop.app).await, [AppState::Cannot { reason }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_user_licence_says_what_will_be_asked_and_is_seen_when_it_is_withdrawn() {
    let school = School::open(5).await;
    school.person("anna", "").await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let pad = device(&school, "C02Y402HLCM6", Enrolment::Device, Platform::IPadOs).await;
    let book = first(&school.stand, ProductType::Book).await;
    let plan = school
        .plan(book.id, include(Intent::Available, LicenseKind::User))
        .await;
    school.apply(&plan, true).await.unwrap();
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    let phone = checked_in(&school.stand, &pad).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    let asked =
        "What you will be asked: an invitation to the programme, whether to install, the Apple Account";
    assert_eq!(page.matches(asked).count(), 2, "the app's and the book's: {page}");
    assert!(!page.contains("No Apple Account is asked for"));
    assert_eq!(
        seen(&phone, book.id).await[0].kind,
        LicenseKind::User,
        "before it is got, too"
    );

    let members = Groups::members(portal, owner, &school.group, contract::PageQuery::default()).await;
    let anna = members.unwrap().rows.remove(0).id;
    Groups::remove_member(portal, owner, &school.group, &anna)
        .await
        .unwrap();
    // R2: an iPad is to remove what was required of it.
    until("it is taken back, and seen to be", async || {
        matches!(
            states(&phone, school.app.id).await.as_slice(),
            [AppState::NotMeant { .. }]
        )
    })
    .await;
}

/// A device of a person's, of which nothing else is known.
pub async fn device(school: &School, serial: &str, enrolment: Enrolment, platform: Platform) -> DeviceId {
    let form = DeviceForm {
        name: serial.into(),
        serial: serial.into(),
        enrolment,
        platform,
        user_name: "anna".into(),
        ..DeviceForm::default()
    };
    Devices::add(&school.stand.portal, &school.stand.owner, form)
        .await
        .unwrap()
}

async fn refusal(phone: &Visitor, asset: AssetId) -> String {
    let asset = asset.to_string();
    let form = [("asset", asset.as_str()), ("reason", "please")];
    phone.call("checkin/ask", &form).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_a_device_shows_its_persons_licences_and_what_waits_for_an_mdm() {
    let school = School::open(5).await;
    school.person("anna", "anna@managed.example").await;
    let (portal, owner, app) = (&school.stand.portal, &school.stand.owner, school.app.id);
    let pad = device(&school, "C02Y402HLCM6", Enrolment::Device, Platform::IPadOs).await;
    school.assign(app).await;
    school.held("a licence", app, 1).await;
    let errand = DeviceErrand {
        asset: app,
        asset_name: school.app.name.clone(),
        errand: Errand::Install,
    };
    let serial = Serial::parse("C02Y402HLCM6").unwrap();
    let shown = portal.of_device(owner, &serial).await.unwrap();
    assert_eq!(shown.errands, std::slice::from_ref(&errand));
    let kinds: Vec<_> = shown.licenses.iter().map(|row| row.holder.kind()).collect();
    assert_eq!(kinds, [LicenseKind::User]);
    let found = HelpDesk::search(portal, owner, serial.as_str()).await.unwrap();
    let card = found.card.unwrap();
    assert_eq!(card.errands, [errand]);
    assert_eq!(card.licenses.len(), 1);
    assert_eq!(card.licenses[0].row.asset, app);

    let desk = Visitor::signed_in_as(&school.stand, contract::Role::Administrator).await;
    for path in [format!("/devices/{pad}"), format!("/search?q={serial}")] {
        let page = desk.get(&path).await.text().await.unwrap();
        assert!(page.contains("no MDM is attached"), "{path}");
        assert!(page.contains("user licence of anna"), "{path}");
        assert!(!page.contains("This device has no licences"), "{path}");
    }
    let phone = checked_in(&school.stand, &pad).await;
    let rows = seen(&phone, app).await;
    assert!(rows[0].state == AppState::Licensed && rows[0].to_install);
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("No MDM is attached to install it."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_only_what_the_device_can_have_is_asked_for() {
    let school = School::open(5).await;
    let app = school.app.id;
    let pad = device(&school, "C02Y402HLCM6", Enrolment::Device, Platform::IPadOs).await;
    let television = device(&school, "C02Y402HLCM7", Enrolment::Device, Platform::TvOs).await;
    let enrolled = device(&school, "C02Y402HLCM8", Enrolment::User, Platform::IPadOs).await;

    let phone = checked_in(&school.stand, &enrolled).await;
    assert!(refusal(&phone, app).await.contains("device_user_enrolled"));
    let found = phone.call("checkin/find", &[("text", "")]).await;
    assert!(found.text().await.unwrap().contains("device_user_enrolled"));
    for path in ["/checkin", "/checkin/ask?q=a"] {
        let page = phone.get(path).await.text().await.unwrap();
        assert!(page.contains("Apps cannot be asked for here"), "{path}");
        assert!(
            !page.contains("Name of the app") && !page.contains("href=\"/checkin/ask\""),
            "{path}"
        );
    }
    let phone = checked_in(&school.stand, &television).await;
    assert!(refusal(&phone, app).await.contains("app_runs_elsewhere"));

    let phone = checked_in(&school.stand, &pad).await;
    assert_eq!(refusal(&phone, app).await, "null");
    let open = Requests::list(&school.stand.portal, &school.stand.owner, RequestQuery::default()).await;
    let request = open.unwrap().rows.remove(0).id;
    Devices::set_gone(&school.stand.portal, &school.stand.owner, &pad, true)
        .await
        .unwrap();
    let refused = school.stand.portal.approve(&school.stand.owner, &request).await;
    assert_eq!(refused.unwrap_err().code, Code::DeviceGone);
    Devices::set_gone(&school.stand.portal, &school.stand.owner, &pad, false)
        .await
        .unwrap();
    let operation = school.stand.portal.approve(&school.stand.owner, &request).await;
    school.stand.done(&operation.unwrap().unwrap()).await;
    let phone = checked_in(&school.stand, &pad).await;
    assert!(refusal(&phone, app).await.contains("app_here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_used_link_opened_again_and_again_keeps_nobody_else_out() {
    let shop = Shop::open(2, 1).await;
    let [first, second] = [&shop.devices[0].id, &shop.devices[1].id];
    let used = Requests::enrolment_link(&shop.stand.portal, &shop.stand.owner, first)
        .await
        .unwrap();
    let secret = used.link.rsplit('/').next().unwrap();
    let phone = Visitor::new(&shop.stand);
    phone.call("checkin/open", &[("secret", secret)]).await;
    for _ in 0..15 {
        assert_eq!(phone.get(&used.link).await.status(), StatusCode::GONE);
    }
    let good = Requests::enrolment_link(&shop.stand.portal, &shop.stand.owner, second)
        .await
        .unwrap();
    until("guessing is slowed down", async || {
        let guess = phone.call("checkin/link", &[("secret", "guess")]).await;
        guess.status() == StatusCode::TOO_MANY_REQUESTS
    })
    .await;
    assert_eq!(phone.get(&good.link).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_devices_browsers_are_signed_out_by_a_button_when_it_is_gone_and_for_another_user() {
    let shop = Shop::open(1, 1).await;
    let own = &shop.devices[0];
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let desk = Visitor::signed_in_as(&shop.stand, contract::Role::Administrator).await;
    let is_in = async |phone: &Visitor| {
        let page = phone.get("/checkin").await.text().await.unwrap();
        page.contains(own.serial.as_str())
    };
    let phone = checked_in(&shop.stand, &own.id).await;
    assert!(is_in(&phone).await);
    let page = desk
        .get(&format!("/devices/{}", own.id))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Sign out its browsers"));
    let ended = desk.call("devices/sign-out", &[("id", own.id.as_str())]).await;
    assert_eq!(ended.status(), StatusCode::OK);
    assert!(!is_in(&phone).await, "by the button");

    let phone = checked_in(&shop.stand, &own.id).await;
    let link = Requests::enrolment_link(portal, owner, &own.id).await.unwrap();
    Devices::set_gone(portal, owner, &own.id, true).await.unwrap();
    assert!(!is_in(&phone).await, "while it is gone");
    assert_eq!(phone.get(&link.link).await.status(), StatusCode::GONE);
    Devices::set_gone(portal, owner, &own.id, false).await.unwrap();
    assert!(!is_in(&phone).await, "nor when it is back");

    let phone = checked_in(&shop.stand, &own.id).await;
    let lines = format!("serial,user_name\n{},berg\n", own.serial);
    Devices::import_csv(portal, owner, &lines).await.unwrap();
    assert!(!is_in(&phone).await, "it is somebody else's");
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_what_is_installed_from_the_check_in_page_opens_it() {
    let shop = Shop::open(1, 1).await;
    let phone = checked_in(&shop.stand, &shop.devices[0].id).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("/checkin.webmanifest") && page.contains("/apple-touch-icon.png"));
    let page = phone.get("/sign-in").await.text().await.unwrap();
    assert!(page.contains("/manifest.webmanifest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_what_two_accounts_of_a_person_have_is_one_row_that_says_how_each_stands() {
    let school = School::open(5).await;
    let anna = school.person("anna", "anna@managed.example").await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let pad = device(&school, "C02Y402HLCM6", Enrolment::Device, Platform::IPadOs).await;
    let book = first(&school.stand, ProductType::Book).await;
    school.assign(book.id).await;
    school.held("one account", book.id, 1).await;
    let phone = checked_in(&school.stand, &pad).await;
    assert!(
        seen(&phone, book.id).await[0].accounts.is_empty(),
        "one account says nothing more"
    );
    let location = school.user(&anna).await.location;
    Users::add(portal, owner, &anna, &location, AppleAccount::Invited)
        .await
        .unwrap();
    school.held("two accounts", book.id, 2).await;
    let rows = seen(&phone, book.id).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        rows[0].state,
        AppState::Licensed,
        "it can be read with one of them"
    );
    let accounts: Vec<_> = rows[0]
        .accounts
        .iter()
        .map(|account| (account.managed.as_str(), account.state))
        .collect();
    let mut expected = [
        ("", AppState::NotJoined),
        ("anna@managed.example", AppState::Licensed),
    ];
    if accounts[0].0 != expected[0].0 {
        expected.reverse();
    }
    assert_eq!(accounts, expected);
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("anna@managed.example: Licensed"), "{page}");
    assert!(page.contains("Your own Apple Account: Join first"));
}
