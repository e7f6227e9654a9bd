//! Device licences given by hand beside assignments: whoever cannot have one, and what is kept for groups.

use crate::{
    checkin::checked_in,
    checkin_apps::seen,
    shop::{REQUIRED, Shop},
    stand::until,
    web::Visitor,
};
use contract::{
    DeviceId, Page, PageQuery, Role,
    assignments::{
        Assignments, Change, ChangeFilter, DeviceSelection, GroupAssignments, Intent, LicenseKind,
        OutcomeFilter, PlanRequest, PlanView, Prompts, Reason, Target,
    },
    checkin::AppState,
};

#[tokio::test(flavor = "multi_thread")]
async fn a3_a12_by_hand_nobody_gets_what_is_kept_for_a_group_or_what_a_device_cannot_have() {
    let mut shop = Shop::open(8, 6).await;
    let ids = shop.ids(0..8);
    shop.group("kept", 1, ids[..1].to_vec()).await;
    let mut reserving = shop.form("kept", REQUIRED);
    reserving.reserved = 3;
    shop.save(reserving).await;
    shop.holds("the only member has one", shop.serials(0..1)).await;
    shop.run(format!(
        "UPDATE devices SET enrolment = 'user' WHERE id = '{}'; UPDATE devices SET left_at = 1 WHERE id = '{}'",
        ids[1], ids[2]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let devices = ids.iter().map(|id| DeviceId::from(id.as_str())).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let plan = portal.plan(owner, request).await.unwrap();
    let view = portal.view(owner, &plan).await.unwrap();
    let counts = view.outcomes;
    // Of six licences one is given, two more are kept, three are left for five devices.
    assert_eq!(
        (counts.has, counts.gets, counts.waits, counts.cannot),
        (1, 3, 2, 2)
    );
    let mut reasons = view.reasons.clone();
    reasons.sort();
    assert_eq!(reasons, [(Reason::UserEnrolment, 1), (Reason::DeviceGone, 1)]);
    let operation = Assignments::apply(portal, owner, &plan).await.unwrap();
    let mut expected = shop.serials(3..6);
    expected.extend(shop.serials(0..1));
    shop.holds("the first three have one each", expected).await;
    // Whoever opens its link reads what it said, not what it would come to now.
    let applied = shop.stand.portal.view(&shop.stand.owner, &plan).await.unwrap();
    let said = PlanView {
        applied: Some(operation),
        ..view
    };
    assert_eq!(applied, said);
    let lines = Assignments::lines(
        &shop.stand.portal,
        &shop.stand.owner,
        &plan,
        OutcomeFilter::All,
        PageQuery::default(),
    );
    assert_eq!(lines.await.unwrap(), Page::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_a_plan_by_hand_says_what_each_user_will_be_asked() {
    let mut shop = Shop::open(4, 2).await;
    let ids = shop.ids(0..4);
    // Kiosk, supervised, personal; and one that cannot have it.
    shop.run(format!(
        "UPDATE devices SET supervised = true, kiosk = true WHERE id = '{}';
         UPDATE devices SET supervised = true, ownership = 'corporate' WHERE id = '{}';
         UPDATE devices SET supervised = false, ownership = 'personal' WHERE id = '{}';
         UPDATE devices SET left_at = 1 WHERE id = '{}'",
        ids[0], ids[1], ids[2], ids[3]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let devices = ids.iter().map(|id| DeviceId::from(id.as_str())).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let asked = |install| Prompts::Asked {
        invitation: false,
        install,
        apple_account: false,
    };
    let plan = portal.plan(owner, request).await.unwrap();
    // Whoever waits is asked later.
    let view = portal.view(owner, &plan).await.unwrap();
    assert_eq!(view.prompts, [(asked(false), 2), (asked(true), 1)]);
    let page = PageQuery::default();
    let lines = portal
        .lines(owner, &plan, OutcomeFilter::All, page)
        .await
        .unwrap();
    let prompts: Vec<_> = lines.rows.iter().map(|line| line.prompts).collect();
    let (silent, installs) = (Some(asked(false)), Some(asked(true)));
    assert_eq!(prompts, [silent, silent, installs, None]);

    // What was shown and is no longer so is not applied.
    shop.run(format!(
        "UPDATE devices SET ownership = 'personal', supervised = false WHERE id = '{}'",
        ids[1]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    assert!(portal.view(owner, &plan).await.unwrap().lapsed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_whoever_waits_by_hand_waits_in_the_order_of_the_plan() {
    let mut shop = Shop::open(6, 2).await;
    // The other way round than by serial number and by id.
    let mut chosen = shop.devices[0..5].to_vec();
    chosen.sort_by(|a, b| b.serial.cmp(&a.serial));
    let serials: Vec<String> = chosen.iter().map(|device| device.serial.to_string()).collect();
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let devices = chosen.iter().map(|device| device.id.clone()).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let plan = portal.plan(owner, request).await.unwrap();
    let page = PageQuery::default();
    let shown = portal
        .lines(owner, &plan, OutcomeFilter::Waits, page)
        .await
        .unwrap();
    let shown: Vec<String> = shown.rows.iter().map(|line| line.serial.to_string()).collect();
    assert_eq!(shown, serials[2..]);
    let operation = Assignments::apply(portal, owner, &plan).await.unwrap();
    shop.stand.done(&operation).await;
    assert_eq!(shop.waiting().await.1, shown, "the list keeps the plan's order");
    let phone = checked_in(&shop.stand, &chosen[3].id).await;
    let own = seen(&phone, shop.app).await.remove(0);
    assert_eq!(own.state, AppState::Waiting { place: 2, of: 3 });

    // So does whoever is given one, with a group of all of them waiting behind.
    let all = shop.ids(0..6);
    shop.group("all", 1, all).await;
    shop.assign("all", REQUIRED).await;
    shop.buy(1);
    let expected = serials[..3].iter().cloned().collect();
    shop.holds("the next of the plan has it", expected).await;
    let last = shop.devices[5].serial.to_string();
    assert_eq!(
        shop.waiting().await.1,
        [serials[3].clone(), serials[4].clone(), last]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a8_people_are_called_by_their_names_in_plans_and_on_waiting_lists() {
    let mut shop = Shop::open(2, 1).await;
    for person in ["w1", "w2"] {
        shop.person(person, &[]).await;
    }
    shop.run("UPDATE people SET name = 'Wilma Ek' WHERE id = 'w1'".to_owned())
        .await;
    shop.group("g", 0, ["w1".to_owned(), "w2".to_owned()]).await;
    let user = Target::Include {
        intent: Intent::Required,
        kind: LicenseKind::User,
    };
    let change = Change::Save {
        asset: shop.app,
        form: shop.form("g", user),
    };
    let plan = shop.plan(change).await.unwrap();
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let lines = portal
        .change_lines(owner, &plan, ChangeFilter::All, PageQuery::default())
        .await
        .unwrap();
    let named: Vec<_> = lines
        .rows
        .iter()
        .map(|line| (line.name.as_str(), line.key.as_str()))
        .collect();
    assert_eq!(named, [("Wilma Ek", "w1"), ("w2", "w2")]);
    let visitor = Visitor::signed_in_as(&shop.stand, Role::ReadOnly).await;
    let path = format!("/assignments/plans/{plan}");
    let page = visitor.get(&path).await.text().await.unwrap().replace("<!>", "");
    assert!(
        page.contains("<a href=\"/people/w1\">Wilma Ek</a><small>w1</small>"),
        "{page}"
    );
    assert!(
        !page.contains("<small>w2</small>"),
        "who has no name is not named twice"
    );

    shop.apply(&plan).await;
    until("one of them waits", async || shop.waiting().await.0 == Some(1)).await;
    shop.run("UPDATE licenses SET state = 0".to_owned()).await;
    let page = visitor
        .get(&format!("/assignments/waiting?asset={}", shop.app))
        .await
        .text()
        .await
        .unwrap()
        .replace("<!>", "");
    assert!(page.contains("<a href=\"/people/w1\">Wilma Ek</a>"), "{page}");
    assert!(page.contains("<a href=\"/people/w2\">w2</a>"));
    for id in shop.waiting().await.1 {
        assert!(
            !page.contains(&format!(">{id}")),
            "what Apple calls them is shown to nobody: {id}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a7_a_device_that_is_named_twice_counts_once() {
    let shop = Shop::open(2, 1).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let device = shop.devices[0].id.clone();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen {
            devices: vec![device.clone(), device],
        },
    };
    let plan = portal.plan(owner, request).await.unwrap();
    let view = portal.view(owner, &plan).await.unwrap();
    assert_eq!((view.outcomes.gets, view.outcomes.waits), (1, 0));
}
