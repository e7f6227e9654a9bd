//! Every list leaves as a file, whole, with the filters and in the order of its page (interface.md).

use crate::{
    shop::{REQUIRED, Shop},
    stand::Stand,
    web::Visitor,
};
use contract::{
    Role,
    accounts::Accounts,
    assignments::{Assignments, Change, DeviceSelection, PlanRequest},
    devices::{DeviceForm, Devices, Platform},
    groups::{Attribute, Comparison, Condition, GroupForm, GroupKind, Groups, Join, Rule},
    people::{People, PersonForm},
};
use reqwest::{StatusCode, header};
use sandbox::Organisation;

/// More devices than a page of a list has.
const DEVICES: u32 = 110;

async fn stand() -> (Stand, Visitor) {
    let stand = Stand::start(Organisation {
        apps: 2,
        devices: DEVICES,
        assignments: 0,
        spare: Some(200),
        ..Organisation::default()
    })
    .await;
    let visitor = Visitor::signed_in_as(&stand, Role::ReadOnly).await;
    (stand, visitor)
}

/// Head and lines.
pub async fn export(visitor: &Visitor, path: &str) -> (String, Vec<String>) {
    let answer = visitor.get(&format!("/export/{path}")).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    let text = text.strip_prefix('\u{feff}').expect("Excel takes it for UTF-8");
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_exported_devices_and_people_can_be_uploaded_again_and_change_nothing() {
    let (stand, visitor) = stand().await;
    let (portal, owner) = (&stand.portal, &stand.owner);
    for (name, user_name) in [("Anna, A.", "anna"), ("-Bo", "bo")] {
        let form = PersonForm {
            name: name.into(),
            user_name: user_name.into(),
            email: format!("{user_name}@harbour.example"),
            department: "7A".into(),
            active: user_name == "anna",
            ..PersonForm::default()
        };
        People::add(portal, owner, form).await.unwrap();
    }
    let formula = DeviceForm {
        name: "=1+1".into(),
        serial: "C02Y402HLCM6".into(),
        platform: Platform::MacOs,
        model: "MacBook Air".into(),
        supervised: true,
        user_name: "anna".into(),
        ..DeviceForm::default()
    };
    Devices::add(portal, owner, formula).await.unwrap();
    let without_serial = "serial,name,enrolment,user_name\n,Phone of Anna,user,anna\n";
    Devices::import_csv(portal, owner, without_serial).await.unwrap();

    let all = visitor.get("/export/devices.csv").await.text().await.unwrap();
    assert!(all.contains("C02Y402HLCM6,'=1+1,macOS,MacBook Air"), "{all}");
    let again = Devices::preview_csv(portal, owner, &all).await.unwrap();
    assert_eq!(
        (again.added, again.changed, again.unchanged, again.bad.len()),
        (0, 0, i64::from(DEVICES) + 2, 0),
        "{again:?}"
    );
    assert!(again.ignored.is_empty(), "{:?}", again.ignored);
    let all = visitor.get("/export/people.csv").await.text().await.unwrap();
    let again = People::preview_csv(portal, owner, &all).await.unwrap();
    assert_eq!(
        (again.added, again.changed, again.unchanged, again.bad.len()),
        (0, 0, 2, 0),
        "{all}{again:?}"
    );

    let (_, macs) = export(&visitor, "devices.csv?platform=macos").await;
    assert_eq!(macs.len(), 1);
    let (_, here) = export(&visitor, "people.csv?active=true&search=harbour").await;
    assert_eq!(here.len(), 1);
    assert!(here[0].starts_with("anna,"), "{here:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_tokens_and_operations_leave_as_files_with_the_filters_and_the_order_of_their_lists() {
    let (stand, visitor) = stand().await;
    stand.create_token().await;
    let app = stand.apps().await.into_iter().find(|app| !app.unlimited).unwrap();
    let operation = stand.assign(vec![app.id], &stand.serials()).await;
    stand.done(&operation).await;

    let held = format!("licenses.csv?asset={}&state=held", app.id);
    let (head, licences) = export(&visitor, &held).await;
    assert!(
        head.starts_with("app,adam_id,location,kind,holder,holder_name,state,since,given_by"),
        "{head}"
    );
    assert_eq!(licences.len(), DEVICES as usize, "more than one page of the list");
    assert!(
        licences
            .iter()
            .all(|line| line.contains(",held,") && line.contains(",Ada,"))
    );
    let (_, down) = export(&visitor, &format!("{held}&sort=holder&dir=down&rows=7")).await;
    assert_eq!(down.len(), DEVICES as usize);
    let holder = |line: &String| line.split(',').nth(4).unwrap().to_owned();
    assert!(down.iter().map(holder).is_sorted_by(|one, next| one > next));
    let (_, none) = export(&visitor, "licenses.csv?holder=nobody").await;
    assert!(none.is_empty());

    let (head, tokens) = export(&visitor, "tokens.csv?state=valid").await;
    assert!(head.starts_with("name,state,apple_account,location"), "{head}");
    assert!(
        tokens[0].starts_with("Harbour,valid,it@harbour.example,"),
        "{tokens:?}"
    );
    assert!(export(&visitor, "tokens.csv?state=expired").await.1.is_empty());

    let (_, done) = export(&visitor, "activity.csv?state=done").await;
    assert_eq!(done.len(), 1);
    assert!(done[0].starts_with(&format!("{operation},assign,")), "{done:?}");
    assert!(export(&visitor, "activity.csv?state=stalled").await.1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_a_link_to_its_file_that_keeps_the_filters_and_nobody_else_has_it() {
    let (stand, visitor) = stand().await;
    stand.create_token().await;
    People::add(
        &stand.portal,
        &stand.owner,
        PersonForm {
            name: "Anna".into(),
            user_name: "anna".into(),
            ..PersonForm::default()
        },
    )
    .await
    .unwrap();
    let app = stand.apps().await.into_iter().find(|app| !app.unlimited).unwrap();
    let operation = stand.assign(vec![app.id], &stand.serials()).await;
    stand.done(&operation).await;
    for (page, file) in [
        ("/groups?kind=people", "/export/groups.csv?kind=people"),
        ("/licenses?state=held", "/export/licenses.csv?state=held"),
        ("/devices?platform=ios", "/export/devices.csv?platform=ios"),
        ("/people?active=true", "/export/people.csv?active=true"),
        ("/tokens?state=valid", "/export/tokens.csv?state=valid"),
        ("/activity?state=done", "/export/activity.csv?state=done"),
    ] {
        let text = visitor.get(page).await.text().await.unwrap();
        assert!(text.contains(&format!("href=\"{file}\"")), "{page}");
        let stranger = Visitor::new(&stand);
        assert_eq!(stranger.get(file).await.status(), StatusCode::SEE_OTHER, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_accounts_leave_as_files_for_whoever_may_see_them() {
    let (stand, visitor) = stand().await;
    let (portal, owner) = (&stand.portal, &stand.owner);
    for (name, rule) in [
        ("=cmd", None),
        (
            "Lund",
            Some(Rule {
                join: Join::Any,
                conditions: vec![Condition {
                    attribute: Attribute::Department,
                    comparison: Comparison::StartsWith,
                    value: "7".into(),
                }],
            }),
        ),
    ] {
        let form = GroupForm {
            name: name.into(),
            kind: GroupKind::People,
            rule,
            ..GroupForm::default()
        };
        Groups::add(portal, owner, form).await.unwrap();
    }
    let (head, groups) = export(&visitor, "groups.csv?kind=people&search=").await;
    assert_eq!(head, "name,kind,rule,source,members");
    assert_eq!(
        groups,
        [
            "'=cmd,people,,manual,0",
            "All people,people,everybody who is active,manual,0",
            "Lund,people,any: department starts_with 7,manual,0"
        ]
    );
    let (_, devices) = export(&visitor, "groups.csv?kind=devices").await;
    assert!(
        devices.len() == 1 && devices[0].starts_with("All devices,devices,every device,"),
        "{devices:?}"
    );

    // Who may sign in is not for everybody.
    let refused = visitor.get("/export/accounts.csv").await.status();
    assert_eq!(refused, StatusCode::FORBIDDEN);
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor.get("/settings/accounts").await.text().await.unwrap();
    assert!(page.contains("href=\"/export/accounts.csv\""));
    let (head, accounts) = export(&visitor, "accounts.csv").await;
    assert_eq!(head, "name,email,role,state,last_sign_in");
    let list = Accounts::list(portal, owner).await.unwrap();
    assert_eq!(accounts.len(), list.len());
    assert!(
        accounts.iter().any(|line| line.contains(",read_only,active,")),
        "{accounts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_who_is_in_a_group_and_what_an_operation_did_leave_as_files() {
    let mut shop = Shop::open(120, 105).await;
    let all = shop.ids(0..120);
    shop.group("all", 1, all).await;
    let plan = shop.assign("all", REQUIRED).await;
    let visitor = Visitor::signed_in_as(&shop.stand, Role::ReadOnly).await;
    let operation = plan.expect("an operation");
    shop.stand.done(&operation).await;
    for (page, file, head, lines) in [
        (
            format!("/assignments/waiting?asset={}", shop.app),
            format!("waiting.csv?asset={}", shop.app),
            "place,kind,holder,holder_name,user_name,since,priority,group",
            15,
        ),
        (
            "/groups/all".to_owned(),
            "members.csv?group=all".to_owned(),
            "name,key,put_in",
            120,
        ),
        (
            format!("/activity/{operation}"),
            format!("items.csv?operation={operation}"),
            "app,kind,holder,holder_name,state,apple_error,apple_message",
            120,
        ),
    ] {
        let (own, all) = export(&visitor, &file).await;
        assert_eq!((own.as_str(), all.len()), (head, lines), "{file}");
        let text = visitor.get(&page).await.text().await.unwrap();
        let text = text.replace("%2D", "-");
        assert!(text.contains(&format!("href=\"/export/{file}\"")), "{page}");
    }
    let failed = format!("items.csv?operation={operation}&state=failed");
    assert!(export(&visitor, &failed).await.1.is_empty());
    let (_, line) = export(&visitor, &format!("waiting.csv?asset={}", shop.app)).await;
    assert!(
        line[0].starts_with("1,device,") && line[0].ends_with(",normal,Group all"),
        "{line:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn h4_the_lines_of_a_plan_leave_as_a_file_with_the_filter_of_the_page() {
    let mut shop = Shop::open(120, 105).await;
    let all = shop.ids(0..120);
    shop.group("all", 1, all).await;
    let form = shop.form("all", REQUIRED);
    let change = shop
        .plan(Change::Save {
            asset: shop.app,
            form,
        })
        .await
        .unwrap();
    let serials: Vec<_> = shop.serials(0..120).into_iter().collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Pasted {
            text: format!("{} nonsense!", serials.join(" ")),
        },
    };
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let by_hand = Assignments::plan(portal, owner, request).await.unwrap();
    let visitor = Visitor::signed_in_as(&shop.stand, Role::ReadOnly).await;
    for (page, file, head, all, waits) in [
        (
            format!("/plans/{by_hand}"),
            format!("plan.csv?plan={by_hand}"),
            "app,serial_number,device_name,outcome,reason,prompts",
            121,
            15,
        ),
        (
            format!("/assignments/plans/{change}"),
            format!("plan-change.csv?plan={change}"),
            "kind,holder,holder_name,group,outcome,reason,waits_behind,prompts",
            120,
            15,
        ),
    ] {
        let (own, lines) = export(&visitor, &file).await;
        assert_eq!((own.as_str(), lines.len()), (head, all), "{file}");
        let text = visitor.get(&page).await.text().await.unwrap().replace("%2D", "-");
        assert!(text.contains(&format!("href=\"/export/{file}\"")), "{text}");
        let (_, lines) = export(&visitor, &format!("{file}&show=waits")).await;
        assert_eq!(lines.len(), waits, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains(",waits,,")), "{lines:?}");
    }
    let (_, cannot) = export(&visitor, &format!("plan.csv?plan={by_hand}&show=cannot")).await;
    assert_eq!(cannot.len(), 1);
    assert!(cannot[0].ends_with(",cannot,not_a_serial,"), "{cannot:?}");
    let unknown = visitor.get("/export/plan.csv?plan=nothing").await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_differences_and_macs_leave_as_files_with_the_filters_of_their_lists() {
    let mut shop = Shop::open(4, 4).await;
    let (ids, app) = (shop.ids(0..4), shop.app);
    let [first, second] = [0, 1].map(|at: usize| shop.devices[at].serial.to_string());
    let stock = shop.stand.portal.db.assets(&[app]).await.unwrap();
    let location = stock[0].location.clone();
    shop.run(format!(
        "INSERT INTO requests (id, device, asset, reason, made_at, state) VALUES
             ('r1', '{}', {app}, '+1 for maths', 1000, 'open'), ('r2', '{}', {app}, 'later', 2000, 'open');
         INSERT INTO graces (asset, holder, revoked_at, ends_at) VALUES ({app}, '{first}', 1000, 9000000000000);
         INSERT INTO licenses (asset, holder, kind, state, since) VALUES ({app}, '{second}', 0, 2, 3000);
         UPDATE assets SET found = 1 WHERE id = {app}",
        ids[0], ids[1]
    ))
    .await;
    let visitor = Visitor::signed_in_as(&shop.stand, Role::ReadOnly).await;
    let (head, open) = export(&visitor, "requests.csv?state=open").await;
    assert!(
        head.starts_with("app,location,device,serial,user_name,reason,made"),
        "{head}"
    );
    assert!(
        open.len() == 2 && open[0].contains(",'+1 for maths,1970-01-01T00:00:01Z,"),
        "oldest first, and no formula: {open:?}"
    );
    assert!(export(&visitor, "requests.csv?state=refused").await.1.is_empty());

    let (_, macs) = export(&visitor, &format!("macs.csv?asset={app}")).await;
    assert!(
        macs.len() == 1 && macs[0].contains(&format!(",{first},1970-01-01T00:00:01Z,")),
        "{macs:?}"
    );
    assert!(export(&visitor, "macs.csv?holder=nobody").await.1.is_empty());

    let of = format!("drift-licenses.csv?side=apple&asset={app}");
    let (_, found) = export(&visitor, &of).await;
    assert!(
        found.len() == 1 && found[0].contains(&format!(",device,{second},")),
        "{found:?}"
    );
    assert!(
        export(&visitor, &format!("{of}&holder=nobody"))
            .await
            .1
            .is_empty()
    );
    let (_, drift) = export(&visitor, &format!("drift.csv?location={location}")).await;
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert!(
        export(&visitor, "drift.csv?search=nothing+is+called+so")
            .await
            .1
            .is_empty()
    );
    for (page, file) in [
        (
            "/requests?state=open",
            "/export/requests.csv?state=open".to_owned(),
        ),
        ("/drift", "/export/drift.csv".to_owned()),
        ("/licenses/macs", "/export/macs.csv".to_owned()),
    ] {
        let text = visitor.get(page).await.text().await.unwrap();
        assert!(text.contains(&format!("href=\"{file}\"")), "{page}");
    }
    let stranger = Visitor::new(&shop.stand);
    for file in [
        "reclaim",
        "reclaim-kept",
        "orphans",
        "waiting",
        "items",
        "members",
        "requests",
        "macs",
        "drift",
        "drift-licenses",
        "groups",
        "accounts",
    ] {
        let path = format!("/export/{file}.csv");
        assert_eq!(
            stranger.get(&path).await.status(),
            StatusCode::SEE_OTHER,
            "{file}"
        );
    }
}
