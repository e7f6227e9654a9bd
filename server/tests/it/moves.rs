//! A10: user licences become licences of devices, person by person, while Apple confirms each step.

use crate::{
    stand::{apple_says, until},
    users::{REQUIRED, School},
    web::Visitor,
};
use contract::{
    Code, PersonId, Role, Serial,
    assignments::{
        AssignmentForm, Change, Explained, GroupAssignments, Intent, LicenseKind, Reason, Target, Verdict,
    },
    devices::{DeviceForm, Devices, Enrolment, Platform},
    groups::{GroupForm, GroupKind, Groups},
    licenses::{Act, Holder, LedgerQuery, Licenses, Revocation, RevocationForm},
    moves::{MoveForm, MoveOrder, MoveState, MoveView, MoveWait, Moves, Stay},
    reclaim::RuleKind,
    users::{AppleAccount, Users},
};
use reqwest::{StatusCode, header};

/// Two people with two devices and one, and one without any; all with the app.
async fn school(licences: u32) -> (School, Vec<PersonId>) {
    let school = School::open(licences).await;
    let mut people = Vec::new();
    for (name, devices) in [("anna", 2), ("bo", 1), ("cleo", 0)] {
        people.push(school.person(name, &format!("{name}@managed.example")).await);
        for number in 0..devices {
            let form = DeviceForm {
                serial: format!("F00{:X<8}{number}", name.to_uppercase()),
                name: format!("{name}'s {number}"),
                user_name: name.to_owned(),
                ..DeviceForm::default()
            };
            Devices::add(&school.stand.portal, &school.stand.owner, form)
                .await
                .unwrap();
        }
    }
    school.assign(school.app.id).await;
    school.held("all three have it", school.app.id, 3).await;
    (school, people)
}

fn form(school: &School, pace: i64) -> MoveForm {
    MoveForm {
        asset: school.app.id,
        order: MoveOrder::Fewest,
        pace,
        reason: String::new(),
    }
}

async fn last(school: &School) -> MoveView {
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let (_, last) = portal.cost(owner, form(school, 1)).await.unwrap();
    last.unwrap()
}

/// Kinds of the licences at Apple: devices, users.
fn kinds(school: &School) -> (usize, usize) {
    let pairs = apple_says(&school.stand.sandbox, &school.stand.uid());
    let of = |kind: &str| {
        pairs
            .iter()
            .filter(|(_, holder)| holder.starts_with(kind))
            .count()
    };
    (of("device "), of("user "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_user_licence_becomes_one_of_each_device_and_goes_last() {
    let (school, _) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let (cost, before) = portal.cost(owner, form(&school, 1)).await.unwrap();
    assert_eq!((cost.users, cost.people, cost.needed, cost.has), (3, 2, 3, 0));
    assert_eq!(cost.peak, 2, "one device, then two with nothing back yet");
    assert_eq!((cost.free, before), (Some(7), None));
    assert_eq!(cost.stays, [(Stay::NoDevices, 1)]);

    let visitor = Visitor::signed_in_as(&school.stand, Role::HelpDesk).await;
    let page = visitor
        .get(&format!("/licenses/move?asset={}&pace=1", school.app.id))
        .await;
    let text = page.text().await.unwrap();
    assert!(text.contains("Device licences for 2 user licences: 3"), "{text}");
    let asset = school.app.id.to_string();
    let start = [("asset", asset.as_str()), ("order", "fewest"), ("pace", "1")];
    let reader = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    assert_eq!(
        reader.call("moves/start", &start).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(visitor.call("moves/start", &start).await.status(), StatusCode::OK);
    until("two are through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    let done = last(&school).await;
    assert_eq!((done.done, done.under_way, done.to_come), (2, 0, 0));
    assert_eq!(
        kinds(&school),
        (3, 1),
        "whoever has no device keeps the user licence"
    );
    school.stand.comes_in_step().await;

    // In the ledger, each user's licence went after those of the devices were held.
    let query = LedgerQuery {
        asset: Some(school.app.id),
        ..LedgerQuery::default()
    };
    let lines = Licenses::ledger(portal, owner, query).await.unwrap().rows;
    let released = lines.iter().filter(|line| line.act == Act::Released);
    assert_eq!(released.count(), 2);
    let order: Vec<_> = lines
        .iter()
        .rev()
        .filter_map(|line| match (line.act, &line.holder) {
            (Act::Held, Holder::Device(_)) => Some('d'),
            (Act::Released, Holder::User(_)) => Some('u'),
            _ => None,
        })
        .collect();
    assert_eq!(order, ['d', 'u', 'd', 'd', 'u']);
    // It stays so: nothing is given again, and there is no way back.
    school.stand.portal.wake.ring();
    let back = Change::Save {
        asset: school.app.id,
        form: school.form(REQUIRED),
    };
    let plan = portal.plan_change(owner, back).await.unwrap();
    let counts = portal.change_view(owner, &plan).await.unwrap().counts;
    assert_eq!((counts.gets, counts.waits, counts.cannot), (0, 0, 0));
    assert_eq!(counts.has, 4, "three devices, and whoever has none");
    portal.apply_change(owner, &plan, false).await.unwrap();
    school.stand.comes_in_step().await;
    assert_eq!(kinds(&school), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_once_nobody_stays_the_assignment_gives_device_licences_from_then_on() {
    let (school, people) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let form_of_cleo = DeviceForm {
        serial: "F00CLEOXXXX0".to_owned(),
        user_name: "cleo".to_owned(),
        ..DeviceForm::default()
    };
    Devices::add(portal, owner, form_of_cleo).await.unwrap();
    portal.start(owner, form(&school, 25)).await.unwrap();
    let twice = portal.start(owner, form(&school, 25)).await;
    assert!(matches!(
        twice.unwrap_err().code,
        Code::MoveUnderWay | Code::NothingChosen
    ));
    until("all are through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    until("only devices have it", async || kinds(&school) == (4, 0)).await;
    let rows = portal.rows(owner, school.app.id).await.unwrap();
    assert_eq!(
        rows[0].target,
        Target::Include {
            intent: Intent::Required,
            kind: LicenseKind::Device
        }
    );
    assert_eq!(rows[0].licensed, 4, "what the devices got is the assignment's");
    let back = Change::Save {
        asset: school.app.id,
        form: school.form(REQUIRED),
    };
    let refused = portal.plan_change(owner, back).await.unwrap_err();
    assert!(matches!(refused.code, Code::DeviceToUser | Code::BothKinds));
    // Whoever leaves the group loses it, as with any licence that an assignment gave.
    contract::groups::Groups::remove_member(portal, owner, &school.group, people[0].as_str())
        .await
        .unwrap();
    until("two devices have lost it", async || kinds(&school) == (2, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_stop_begins_nobody_and_what_is_short_is_waited_for() {
    // Three users, one licence left: bo's device takes it, and what bo gives back is not enough for anna's two.
    let (school, _) = school(4).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let (cost, _) = portal.cost(owner, form(&school, 1)).await.unwrap();
    assert_eq!((cost.free, cost.peak), (Some(1), 2));
    let id = portal.start(owner, form(&school, 1)).await.unwrap();
    until("bo is through", async || last(&school).await.done == 1).await;
    assert_eq!(kinds(&school), (1, 2));
    let waits = || async { last(&school).await.waits };
    until("anna is waited for", async || waits().await.is_some()).await;
    let wait = MoveWait {
        name: "anna".to_owned(),
        missing: 1,
    };
    assert_eq!(waits().await, Some(wait));
    let reader = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let address = format!("/licenses/move?asset={}", school.app.id);
    let page = reader.get(&address).await.text().await.unwrap();
    assert!(page.contains("anna is next: 1 more licence is needed"), "{page}");
    portal.stop(owner, &id).await.unwrap();
    assert_eq!(
        (last(&school).await.state, waits().await),
        (MoveState::Stopped, None)
    );
    let detail = contract::catalog::Catalog::detail(portal, owner, school.app.id)
        .await
        .unwrap();
    let purchase = sandbox::Purchase::of(detail.adam_id, 1);
    school
        .stand
        .sandbox
        .control()
        .buy(&school.stand.uid(), &purchase)
        .unwrap();
    until("the purchase is known", async || {
        portal.cost(owner, form(&school, 1)).await.unwrap().0.free == Some(2)
    })
    .await;
    assert_eq!(
        (last(&school).await.to_come, kinds(&school)),
        (1, (1, 2)),
        "it is stopped"
    );
    portal.go_on(owner, &id).await.unwrap();
    until("anna is through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    assert_eq!(kinds(&school), (3, 1));
    let ended = portal.stop(owner, &id).await.unwrap_err();
    assert_eq!(ended.code, Code::ChangedMeanwhile);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_two_accounts_of_a_person_become_one_licence_of_each_device() {
    let (school, people) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let location = school.users(&people[1]).await.remove(0).location;
    Users::add(portal, owner, &people[1], &location, AppleAccount::Invited)
        .await
        .unwrap();
    school
        .held("bo has two accounts and two licences", school.app.id, 4)
        .await;
    let (cost, _) = portal.cost(owner, form(&school, 25)).await.unwrap();
    assert_eq!((cost.users, cost.people, cost.needed, cost.has), (4, 3, 3, 0));
    assert_eq!(cost.peak, 3);
    portal.start(owner, form(&school, 25)).await.unwrap();
    until("anna and bo are through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    assert_eq!(kinds(&school), (3, 1));
    let (cost, _) = portal.cost(owner, form(&school, 25)).await.unwrap();
    assert_eq!((cost.needed, cost.has), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_what_a_stopped_move_gave_belongs_to_the_users_assignment() {
    // Three users, one licence left: bo's device takes it, and anna waits for two.
    let (school, people) = school(4).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let id = portal.start(owner, form(&school, 1)).await.unwrap();
    until("bo is through", async || last(&school).await.done == 1).await;
    portal.stop(owner, &id).await.unwrap();
    school.stand.comes_in_step().await;
    let rows = portal.rows(owner, school.app.id).await.unwrap();
    assert_eq!((rows[0].members, rows[0].licensed), (3, 3));
    for holder in ["F00BOXXXXXX0", "bo"] {
        let why = portal.explain(owner, school.app.id, holder).await.unwrap();
        assert_eq!(why.verdict, Some(Verdict::Has), "{holder}");
        assert!(why.brought.iter().any(|one| one.counts), "{holder}");
        assert!(why.steps.contains(&Explained::Moved), "{holder}: {:?}", why.steps);
    }
    // Saved again as it is, nothing changes.
    school.assign(school.app.id).await;
    school.stand.comes_in_step().await;
    assert_eq!(kinds(&school), (1, 2));
    // Whoever leaves the group loses what the assignment gave.
    contract::groups::Groups::remove_member(portal, owner, &school.group, people[1].as_str())
        .await
        .unwrap();
    until("bo's device has lost it", async || kinds(&school) == (0, 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_stopped_migration_is_ended_and_another_one_started_with_another_pace() {
    let (school, _) = school(4).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let id = portal.start(owner, form(&school, 1)).await.unwrap();
    until("bo is through", async || last(&school).await.done == 1).await;
    let running = portal.end(owner, &id).await.unwrap_err();
    assert_eq!(running.code, Code::ChangedMeanwhile);
    portal.stop(owner, &id).await.unwrap();
    let visitor = Visitor::signed_in_as(&school.stand, Role::HelpDesk).await;
    let asset = school.app.id.to_string();
    let form_of = [("id", id.as_str()), ("asset", asset.as_str())];
    let reader = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    assert_eq!(
        reader.call("moves/end", &form_of).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(visitor.call("moves/end", &form_of).await.status(), StatusCode::OK);
    let ended = last(&school).await;
    assert_eq!((ended.state, ended.to_come), (MoveState::Done, 1));
    portal.start(owner, form(&school, 2)).await.unwrap();
    assert_eq!(last(&school).await.state, MoveState::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_what_a_rule_takes_from_the_device_of_somebody_migrated_is_free_and_leads_to_no_user_licence() {
    let (school, _) = school(4).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let id = portal.start(owner, form(&school, 1)).await.unwrap();
    until("bo is through", async || last(&school).await.done == 1).await;
    portal.stop(owner, &id).await.unwrap();
    school.stand.comes_in_step().await;
    assert_eq!(kinds(&school), (1, 2));
    let license = (
        school.app.id,
        Holder::Device(Serial::known("F00BOXXXXXX0".to_owned())),
    );
    let now = portal.clock.now() + 1;
    let queued = format!(
        "INSERT INTO reclaims (asset, holder, kind, rule, queued_at) VALUES ({}, 'F00BOXXXXXX0', 0, 0, 0)",
        license.0
    );
    school.stand.folder.raw().await.run(queued).await;
    let taken = [(license.clone(), RuleKind::Gone)];
    portal.db.reclaim(None, &[], &taken, now).await.unwrap();
    let what = Revocation::Licenses {
        licenses: vec![license],
    };
    Licenses::revoke(portal, owner, RevocationForm::of(what))
        .await
        .unwrap();
    until("the licence is free", async || kinds(&school) == (0, 2)).await;
    school.stand.comes_in_step().await;
    let reason = Reason::Reclaimed;
    for holder in ["F00BOXXXXXX0", "bo"] {
        let why = portal.explain(owner, school.app.id, holder).await.unwrap();
        assert_eq!(why.verdict, Some(Verdict::Cannot { reason }), "{holder}");
        assert_eq!(why.state, None, "{holder}");
    }
    assert_eq!(kinds(&school), (0, 2));
}

/// The page that leads on from the edit page's refusal of device licences.
async fn edit_refused(school: &School) -> String {
    let visitor = Visitor::signed_in_as(&school.stand, Role::HelpDesk).await;
    let asset = school.app.id.to_string();
    let edit = format!("/assignments/edit?asset={asset}&group={}", school.group);
    let form = [
        ("asset", asset.as_str()),
        ("group", school.group.as_str()),
        ("intent", "required"),
        ("kind", "device"),
    ];
    let url = format!("{}/api/assignments/plan-save", visitor.origin);
    let request = visitor.client.post(url).form(&form);
    let request = request
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, format!("{}{edit}", visitor.origin));
    let answer = request.send().await.unwrap();
    let to = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let to = to.strip_prefix(&visitor.origin).unwrap_or(&to);
    visitor.get(to).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_change_to_device_licences_leads_to_the_migration_while_users_hold_theirs() {
    let (school, people) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let devices = Target::Include {
        intent: Intent::Required,
        kind: LicenseKind::Device,
    };
    let change = || Change::Save {
        asset: school.app.id,
        form: school.form(devices),
    };
    let refused = async |count: &str| {
        let fault = portal.plan_change(owner, change()).await.unwrap_err();
        assert_eq!(fault.code, Code::UserToDevice);
        assert_eq!(fault.with["asset"], school.app.id.to_string());
        assert_eq!(fault.with["count"], count);
    };
    refused("3").await;
    let page = edit_refused(&school).await;
    assert!(
        page.contains(&format!("href=\"/licenses/move?asset={}\"", school.app.id)),
        "{page}"
    );
    portal.start(owner, form(&school, 25)).await.unwrap();
    until("anna and bo are through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    school.stand.comes_in_step().await;
    refused("1").await;
    // Without cleo nobody has a user licence any more: the change goes, and the devices keep what they have.
    contract::groups::Groups::remove_member(portal, owner, &school.group, people[2].as_str())
        .await
        .unwrap();
    until("cleo has lost it", async || kinds(&school) == (3, 0)).await;
    school.stand.comes_in_step().await;
    let plan = portal.plan_change(owner, change()).await.unwrap();
    let counts = portal.change_view(owner, &plan).await.unwrap().counts;
    assert_eq!(
        (counts.has, counts.gets, counts.loses, counts.cannot),
        (3, 0, 0, 0)
    );
    portal.apply_change(owner, &plan, false).await.unwrap();
    school.stand.comes_in_step().await;
    assert_eq!(kinds(&school), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_change_to_device_licences_is_refused_where_another_group_gives_user_licences() {
    let (school, _) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let second = GroupForm {
        name: "Second".into(),
        kind: GroupKind::People,
        ..GroupForm::default()
    };
    let (second, _) = Groups::add(portal, owner, second).await.unwrap();
    Groups::add_members(portal, owner, &second, "anna").await.unwrap();
    // The first group leads and gave her licence: of the second's, nobody holds any.
    let save = async |target| {
        let form = AssignmentForm {
            group: second.clone(),
            ..school.form(target)
        };
        let change = Change::Save {
            asset: school.app.id,
            form,
        };
        portal.plan_change(owner, change).await
    };
    let plan = save(REQUIRED).await.unwrap();
    portal.apply_change(owner, &plan, false).await.unwrap();
    school.stand.comes_in_step().await;
    let devices = Target::Include {
        intent: Intent::Required,
        kind: LicenseKind::Device,
    };
    assert_eq!(save(devices).await.unwrap_err().code, Code::BothKinds);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_device_that_does_not_run_the_app_needs_no_licence_and_keeps_nobody_from_moving() {
    let (school, _) = school(10).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    // Bo has a television beside the phone, in user enrolment at that; cleo has nothing else.
    for (user_name, enrolment) in [("bo", Enrolment::User), ("cleo", Enrolment::Device)] {
        let form = DeviceForm {
            serial: format!("F0TV{:X<8}", user_name.to_uppercase()),
            name: format!("{user_name}'s television"),
            platform: Platform::TvOs,
            enrolment,
            user_name: user_name.to_owned(),
            ..DeviceForm::default()
        };
        Devices::add(portal, owner, form).await.unwrap();
    }
    let stock = portal.db.assets(&[school.app.id]).await.unwrap();
    let suits = |platform| stock[0].platforms.suit(platform);
    assert!(suits(Platform::IOs) && !suits(Platform::TvOs));
    let (cost, _) = portal.cost(owner, form(&school, 25)).await.unwrap();
    assert_eq!((cost.users, cost.people, cost.needed, cost.has), (3, 2, 3, 0));
    assert_eq!(cost.stays, [(Stay::RunsElsewhere, 1)]);
    portal.start(owner, form(&school, 25)).await.unwrap();
    until("two are through", async || {
        last(&school).await.state == MoveState::Done
    })
    .await;
    assert_eq!(kinds(&school), (3, 1), "no television has a licence");
}
